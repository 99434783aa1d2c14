import { assert, describe, it } from "@effect/vitest"
import { Simulator, SimulatorServer } from "@video-tasks/simulator"
import { Effect } from "effect"
import * as Command from "./utils/command.ts"

const command = Command.bundled()

describe("prune", () => {
  it.live(
    "forgets what was asked for with what it removes, and with creates that were refused",
    () =>
      Effect.gen(function*() {
        const { baseUrl } = yield* SimulatorServer.SimulatorServer
        const data = Command.emptyFolder()
        const env = { GENERIC_API_KEY: "sk-secret-1234567890", GENERIC_BASE_URL: baseUrl }
        const vt = (...args: ReadonlyArray<string>) =>
          Effect.promise(() => Command.run(command.file, args, { data, env }))
        const create = ["create", "--provider", "generic", "--model", "kling-v1", "--prompt"]
        const fast = ["--wait", "--poll-floor", "40ms", "--poll-ceiling", "100ms"]
        assert.strictEqual((yield* vt(...create, "A red boat", ...fast)).code, 0)
        assert.strictEqual((yield* vt(...create, "A fox")).code, 0)
        yield* (yield* Simulator.Simulator).script([{ on: "create", fault: "401" }])
        assert.notStrictEqual((yield* vt(...create, "A green goat")).code, 0)
        const prompts = Effect.map(
          vt("export"),
          ({ stdout }) => ["A red boat", "A fox", "A green goat"].filter((prompt) => stdout.includes(prompt))
        )
        assert.deepStrictEqual(yield* prompts, ["A red boat", "A fox", "A green goat"])
        assert.strictEqual((yield* vt("prune", "--older-than", "0ms")).stdout, "1 task removed\n")
        assert.deepStrictEqual(yield* prompts, ["A fox"])
      }).pipe(Effect.provide(SimulatorServer.layerSimulator({ speed: 200, seed: 7, tickSeconds: 5 }))),
    60_000
  )
})
