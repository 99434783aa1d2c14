import { assert, describe, it } from "@effect/vitest"
import { Simulator, SimulatorServer } from "@video-tasks/simulator"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Sockets from "../../node/test/support/sockets.ts"
import * as Command from "./utils/command.ts"

const server = SimulatorServer.layerSimulator({ speed: 200, seed: 7, tickSeconds: 5 })

const command = Command.bundled()

const vt = Effect.fnUntraced(function*(args: ReadonlyArray<string>, options: Command.RunOptions = {}) {
  const { baseUrl } = yield* SimulatorServer.SimulatorServer
  const env = {
    KLING_API_KEY: "sk-secret-1234567890",
    KLING_BASE_URL: `${baseUrl}/kling`,
    GENERIC_API_KEY: "sk-secret-1234567890",
    GENERIC_BASE_URL: baseUrl
  }
  return yield* Effect.promise(() => Command.run(command.file, args, { ...options, env }))
})

const create = (provider: "kling" | "generic", ...more: ReadonlyArray<string>) =>
  vt(["create", "-p", provider, "-m", provider === "kling" ? "kling-v2-6" : "kling-v1", "--prompt", "A fox", ...more])

/** Somebody who is called, and the paths that were asked for. */
const called = Effect.gen(function*() {
  const paths: Array<string> = []
  const origin = yield* Sockets.http((request, response) => {
    paths.push(request.url ?? "")
    request.resume().on("end", () => response.writeHead(204).end())
  })
  return { origin, paths }
})

const posts = Effect.map(Effect.flatMap(Simulator.Simulator, ({ ledger }) => ledger), (ledger) => ledger.posts)

/** Each test has a simulator of its own, so that they can run side by side. */
const live = (
  name: string,
  body: Effect.Effect<void, unknown, Simulator.Simulator | SimulatorServer.SimulatorServer>
) => it.live(name, () => Effect.provide(body, server, { local: true }), 120_000)

describe("create --callback-url", { concurrent: true }, () => {
  for (const flag of ["--callback-url", "--option"] as const) {
    live(
      `has the provider call, whether it is given as ${flag} or not, and never shows the query (0)`,
      Effect.gen(function*() {
        const { origin, paths } = yield* called
        const url = `${origin}/hooks/kling?guess=me-if-you-can`
        const ran = yield* create(
          "kling",
          flag,
          flag === "--option" ? `callback_url=${url}` : url,
          "--log-level",
          "trace"
        )
        assert.strictEqual(ran.code, 0, ran.stderr)
        yield* Sockets.eventually(() => paths.length > 0)
        assert.strictEqual(paths[0], "/hooks/kling?guess=me-if-you-can")
        assert.notInclude(ran.stdout + ran.stderr, "me-if-you-can")
      }).pipe(Effect.scoped)
    )
  }

  live(
    "is refused where the API takes none, where there is another one, and where it is no URL; nothing is sent (2)",
    Effect.gen(function*() {
      const url = "https://me.example/hooks?guess=me-if-you-can"
      const cases = [
        [yield* create("generic", "--callback-url", url, "--json"), "takes no callback URL"],
        [yield* create("generic", "--callback-url", url, "--json", "--max-cost", "1"), "takes no callback URL"],
        [
          yield* create("kling", "--callback-url", url, "--option", "callback_url=https://b.example", "--json"),
          "one URL"
        ],
        [yield* create("kling", "--callback-url", "me.example?guess=me-if-you-can", "--json"), "an http(s) URL"],
        [yield* create("kling", "--callback-url", "ftp://me.example?guess=me-if-you-can", "--json"), "an http(s) URL"]
      ] as const
      for (const [ran, words] of cases) {
        assert.strictEqual(ran.code, 2, ran.stderr)
        assert.include(Command.lines(ran).at(-1)?.error.message, words)
        assert.notInclude(ran.stdout + ran.stderr, "me-if-you-can")
      }
      assert.deepStrictEqual(
        cases.map(([ran]) => Command.lines(ran).at(-1)?.error.reason),
        ["InvalidRequest", "InvalidRequest", "InvalidRequest", "Usage", "Usage"]
      )
      assert.strictEqual(yield* posts, 0)
    })
  )

  live(
    "is said in a line of a batch as well, which is refused as a whole where one API takes none",
    Effect.gen(function*() {
      const { origin, paths } = yield* called
      const callbackUrl = `${origin}/hooks/kling?guess=me-if-you-can`
      const cwd = Command.emptyFolder()
      const batch = (...lines: ReadonlyArray<Readonly<Record<string, unknown>>>) => {
        fs.writeFileSync(
          path.join(cwd, "b.jsonl"),
          lines.map((line) => JSON.stringify({ prompt: "A fox", ...line })).join("\n")
        )
        return vt(["batch", "b.jsonl", "--json", "--deadline", "1s"], { cwd })
      }
      const kling = { provider: "kling", model: "kling-v2-6" }
      const refused = yield* batch(
        { ...kling, callbackUrl },
        { provider: "generic", model: "kling-v1", callbackUrl },
        { ...kling, prompt: "A boat", callbackUrl: "me.example?guess=me-if-you-can" }
      )
      assert.strictEqual(refused.code, 2, refused.stderr)
      assert.include(refused.stderr, `line 2: callbackUrl is ${origin}; allowed: none: `)
      assert.include(refused.stderr, "line 3: callbackUrl is \"me.example\"; allowed: an http(s) URL")
      assert.strictEqual(yield* posts, 0)
      const ran = yield* batch({ ...kling, callbackUrl })
      assert.strictEqual(yield* posts, 1)
      yield* Sockets.eventually(() => paths.length > 0)
      assert.strictEqual(paths[0], "/hooks/kling?guess=me-if-you-can")
      assert.notInclude([refused, ran].map(({ stderr, stdout }) => stdout + stderr).join(), "me-if-you-can")
    }).pipe(Effect.scoped)
  )
})
