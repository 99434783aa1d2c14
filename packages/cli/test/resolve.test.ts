import { assert, describe, it } from "@effect/vitest"
import { Simulator, SimulatorServer } from "@video-tasks/simulator"
import { Effect } from "effect"
import * as Command from "./utils/command.ts"

const server = SimulatorServer.layerSimulator({ speed: 200, seed: 7, tickSeconds: 5 })

const command = Command.bundled()

/** Runs the bundled command against the simulator; tasks are kept in a folder of the test. */
const vt = Effect.fnUntraced(function*(data: string, args: ReadonlyArray<string>) {
  const { baseUrl } = yield* SimulatorServer.SimulatorServer
  const env = { GENERIC_API_KEY: "sk-secret-1234567890", GENERIC_BASE_URL: baseUrl }
  return yield* Effect.promise(() => Command.run(command.file, args, { data, env }))
})

const create = ["create", "--provider", "generic", "--model", "kling-v1", "--prompt"]

/** Reads as fast as the simulated minutes pass. */
const fast = ["--poll-floor", "40ms", "--poll-ceiling", "100ms"]

/** A create whose answer is lost; its id here and that of its task at the provider. */
const lost = Effect.fnUntraced(function*(data: string) {
  const simulator = yield* Simulator.Simulator
  yield* simulator.script([{ on: "create", fault: "reset-after-accept" }])
  assert.strictEqual((yield* vt(data, [...create, "A boat"])).code, 9)
  const [row] = Command.lines(yield* vt(data, ["list", "--status", "ambiguous", "--json"]))
  const { tasks } = yield* simulator.ledger
  return { id: String(row?.id), remoteId: String(tasks.at(-1)?.taskId) }
})

const live = (
  name: string,
  body: Effect.Effect<void, unknown, Simulator.Simulator | SimulatorServer.SimulatorServer>
) => it.live(name, () => Effect.provide(body, server, { local: true }), 120_000)

describe("resolve", { concurrent: true }, () => {
  live(
    "asks the provider for the id, and settles nothing with one that it does not know",
    Effect.gen(function*() {
      const data = Command.emptyFolder()
      const { id, remoteId } = yield* lost(data)
      const refused = yield* vt(data, ["resolve", id, "--remote", "typo"])
      assert.deepStrictEqual([refused.code, /typo, which the API does not know/.test(refused.stderr)], [2, true])
      const ambiguous = Command.lines(yield* vt(data, ["list", "--status", "ambiguous", "--json"]))
      assert.deepStrictEqual(ambiguous.map((row) => row.id), [id])
      assert.strictEqual((yield* vt(data, ["resolve", id, "--remote", remoteId])).code, 0)
      assert.strictEqual((yield* vt(data, ["wait", id, ...fast])).code, 0)
    })
  )

  live(
    "names the create whose task it is",
    Effect.gen(function*() {
      const data = Command.emptyFolder()
      assert.strictEqual((yield* vt(data, [...create, "A fox"])).code, 0)
      const [made] = Command.lines(yield* vt(data, ["list", "--json"]))
      const { id } = yield* lost(data)
      const refused = yield* vt(data, ["resolve", id, "--remote", String(made?.remoteId)])
      assert.strictEqual(refused.code, 2)
      assert.include(refused.stderr, `which is the task of the create ${made?.id}`)
    })
  )

  live(
    "takes an id as it is when it is told to, and only then settles without an answer",
    Effect.gen(function*() {
      const data = Command.emptyFolder()
      const { id } = yield* lost(data)
      const simulator = yield* Simulator.Simulator
      yield* simulator.script([{ on: "poll", fault: "401", times: "always" }])
      const unasked = yield* vt(data, ["resolve", id, "--remote", "typo"])
      assert.notStrictEqual(unasked.code, 0)
      assert.match(unasked.stderr, /could not be asked for that id, and nothing is settled[^]*--offline/)
      const offline = yield* vt(data, ["resolve", id, "--remote", "typo", "--offline"])
      assert.strictEqual(offline.code, 0, offline.stderr)
    })
  )
})
