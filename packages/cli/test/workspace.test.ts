import { assert, describe, it } from "@effect/vitest"
import { SimulatorServer } from "@video-tasks/simulator"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { isNewEnough } from "../src/internal/nodeVersion.ts"
import { version } from "../src/internal/version.ts"
import * as Command from "./utils/command.ts"

const run = (args: ReadonlyArray<string>, options?: Command.RunOptions) =>
  Effect.promise(() => Command.run(Command.sources, args, options))

/** The line of `simulate`. */
interface SimulatorLine {
  readonly baseUrl: string
  readonly port: number
  readonly environment: Readonly<Record<string, string>>
}

/** The last line of `demo`. */
interface SummaryLine {
  readonly type: string
  readonly tasks: ReadonlyArray<{
    readonly provider: string
    readonly states: ReadonlyArray<string>
    readonly file: string
    readonly bytes: number
    readonly sha256: string
  }>
  readonly survived: ReadonlyArray<string>
  readonly creates: number
  readonly bills: number
}

const live = (name: string, body: Effect.Effect<void, unknown>) => it.live(name, () => body, 60_000)

const server = SimulatorServer.layerSimulator({ speed: 200 })

describe("the command from its sources", { concurrent: true }, () => {
  live(
    "tells its version",
    Effect.gen(function*() {
      const ran = yield* run(["--version"])
      assert.deepStrictEqual({ code: ran.code, stdout: ran.stdout, stderr: ran.stderr }, {
        code: 0,
        stdout: `video-tasks ${version}\n`,
        stderr: ""
      })
    })
  )

  live(
    "shows help on stdout when it is asked for, with the exit codes and the variables",
    Effect.gen(function*() {
      const ran = yield* run(["--help"])
      assert.strictEqual(ran.code, 0)
      assert.strictEqual(ran.stderr, "")
      for (const text of ["create", "COMETAPI_KEY", "EXIT CODES", "130  interrupted"]) assert.include(ran.stdout, text)
    })
  )

  live(
    "writes completions for a shell",
    Effect.gen(function*() {
      const ran = yield* run(["--completions", "bash"])
      assert.strictEqual(ran.code, 0, ran.stderr)
      assert.include(ran.stdout, "video-tasks")
      assert.include(ran.stdout, "download")
    })
  )

  live(
    "draws the machine in each format",
    Effect.gen(function*() {
      assert.match((yield* run(["diagram"])).stdout, /^stateDiagram-v2\n/)
      assert.match((yield* run(["diagram", "--format", "dot"])).stdout, /^digraph /)
      assert.match((yield* run(["diagram", "--format", "svg"])).stdout, /^<svg [^]*<\/svg>\n$/)
      assert.strictEqual(JSON.parse((yield* run(["diagram", "--format", "json"])).stdout).id, "videoTask")
    })
  )

  live(
    "tells wrong use as a JSON line too, where JSON is asked for",
    Effect.gen(function*() {
      const ran = yield* run(["wait", "--json"])
      assert.strictEqual(ran.code, 2)
      assert.strictEqual(
        ran.stdout,
        "{\"type\":\"error\",\"error\":{\"reason\":\"Usage\",\"message\":\"Missing required argument: handle\",\"retryable\":false}}\n"
      )
      assert.match(
        ran.stderr,
        /^error: Missing required argument: handle\n {2}How it is used: {2}npx pnpm@12 video-tasks wait --help\n$/
      )
    })
  )

  live(
    "uses key and base URL of .env, and no base URL of it with a key from elsewhere",
    Effect.gen(function*() {
      const { baseUrl } = yield* SimulatorServer.SimulatorServer
      const cwd = Command.emptyFolder()
      fs.writeFileSync(path.join(cwd, ".env"), `COMETAPI_KEY=sk-file\nCOMETAPI_BASE_URL=${baseUrl}\n`)
      const attach = ["attach", "--provider", "cometapi", "task_1"]
      const own = yield* run([...attach, "--json"], { cwd })
      assert.strictEqual(own.code, 0, own.stderr)
      const handle = Command.lines(own)[0]?.handle ?? ""
      const status = yield* run(["status", handle], { cwd })
      // The simulator does not know the task: it was asked.
      assert.strictEqual(status.code, 4, status.stderr)
      const foreign = yield* run(["status", handle], { cwd, env: { COMETAPI_KEY: "sk-env" } })
      assert.strictEqual(foreign.code, 2, foreign.stderr)
      assert.include(foreign.stderr, "COMETAPI_BASE_URL in .env is not used")
      assert.include(foreign.stderr, "https://api.cometapi.com is configured")
    }).pipe(Effect.provide(server, { local: true }))
  )

  live(
    "serves the simulated APIs until Ctrl-C, and tells where",
    Effect.gen(function*() {
      const ran = yield* run(["simulate", "--port", "0", "--json"], {
        interrupt: { when: "\"type\":\"simulator\"", signal: "SIGINT" }
      })
      assert.strictEqual(ran.code, 130)
      const line: SimulatorLine = JSON.parse(ran.stdout)
      assert.strictEqual(line.baseUrl, `http://127.0.0.1:${line.port}`)
      assert.strictEqual(line.environment["COMETAPI_BASE_URL"], line.baseUrl)
    })
  )

  live(
    "names the line of a script that cannot be read",
    Effect.gen(function*() {
      const cwd = Command.emptyFolder()
      fs.writeFileSync(
        path.join(cwd, "faults.jsonl"),
        "{\"on\":\"poll\",\"fault\":\"500\"}\n{\"on\":\"poll\",\"fault\":\"5OO\"}\n"
      )
      const ran = yield* run(["simulate", "--port", "0", "--script", "faults.jsonl"], { cwd })
      assert.strictEqual(ran.code, 2)
      assert.include(ran.stderr, "faults.jsonl: script line 2")
    })
  )

  live(
    "plays the demo: three files, every fault survived, every create sent once",
    Effect.gen(function*() {
      const cwd = Command.emptyFolder()
      const ran = yield* run(["demo", "--json"], { cwd })
      assert.strictEqual(ran.code, 0, ran.stderr)
      const summary: SummaryLine = JSON.parse(ran.stdout.trimEnd().split("\n").at(-1) ?? "")
      assert.strictEqual(summary.type, "summary")
      assert.deepStrictEqual(
        summary.tasks.map(({ provider, states }) => [provider, states]),
        ["cometapi", "generic", "seeany"].map((provider) => [provider, ["SUBMITTED", "IN_PROGRESS", "SUCCESS"]])
      )
      for (const { bytes, file, sha256 } of summary.tasks) {
        const content = fs.readFileSync(path.join(cwd, file))
        assert.deepStrictEqual(
          { bytes, sha256 },
          { bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") }
        )
      }
      assert.strictEqual(summary.survived.length, 3)
      assert.deepStrictEqual({ creates: summary.creates, bills: summary.bills }, { creates: 2, bills: 2 })
    })
  )

  it.each([
    ["18.20.8", false],
    ["20.20.2", false],
    ["22.18.0", false],
    ["22.19.0", true],
    ["24.0.0", true],
    ["26.1.0-nightly", true]
  ])("takes Node %s: %s", (text, expected) => {
    assert.strictEqual(isNewEnough(text), expected)
  })

  it("takes the oldest Node that package.json names, and nothing below it", () => {
    const { engines }: { readonly engines: { readonly node: string } } = JSON.parse(
      fs.readFileSync(path.join(import.meta.dirname, "../package.json"), "utf8")
    )
    const oldest = engines.node.replace(">=", "")
    const [major = 0, minor = 0] = oldest.split(".").map(Number)
    assert.isTrue(isNewEnough(oldest))
    assert.isFalse(isNewEnough(`${major}.${minor - 1}.99`))
    assert.isFalse(isNewEnough(`${major - 1}.99.0`))
  })
})
