import { assert, describe, it } from "@effect/vitest"
import { SqliteTaskStore } from "@video-tasks/node"
import { TaskStore } from "@video-tasks/runtime"
import { type Script, Simulator, SimulatorServer } from "@video-tasks/simulator"
import { Effect, Schedule } from "effect"
import { spawn, spawnSync } from "node:child_process"
import * as path from "node:path"
import { ignoresHangup } from "../src/internal/signals.ts"
import * as Command from "./utils/command.ts"

const server = SimulatorServer.layerSimulator({ speed: 200, seed: 7, tickSeconds: 5 })

const command = Command.bundled()

const create = ["create", "-p", "generic", "-m", "kling-v1", "--prompt", "A fox"]

const late: ReadonlyArray<Script.Line> = [{ on: "create", fault: "late", seconds: 1.5 }]

const environment = Effect.gen(function*() {
  const { baseUrl } = yield* SimulatorServer.SimulatorServer
  yield* (yield* Simulator.Simulator).script(late)
  return { GENERIC_API_KEY: "sk-secret-1234567890", GENERIC_BASE_URL: baseUrl }
})

/** Waits until the create is out. */
const posted = Effect.gen(function*() {
  const simulator = yield* Simulator.Simulator
  yield* Effect.repeat(simulator.ledger, { until: ({ posts }) => posts > 0, schedule: Schedule.spaced("20 millis") })
})

/** What became of the creates of a store. */
const outcomes = (data: string) =>
  TaskStore.TaskStore.use((store) => store.submissions({})).pipe(
    Effect.map(({ items }) => items.map(({ outcome }) => outcome._tag)),
    Effect.provide(SqliteTaskStore.layer({ filename: path.join(data, "video-tasks", "tasks.db") }), { local: true })
  )

const live = (
  name: string,
  body: Effect.Effect<void, unknown, Simulator.Simulator | SimulatorServer.SimulatorServer>
) => it.live(name, () => Effect.provide(body, server, { local: true }), 120_000)

const has = (program: string) => spawnSync(program, ["--version"]).status === 0

const programs = process.env["PATH"] ?? ""

const script = "/usr/bin/script"

const nohup = "/usr/bin/nohup"

describe("a terminal that closes", { concurrent: true }, () => {
  live(
    "stops a command as SIGTERM does: the answer to a create is waited for, and told (130)",
    Effect.gen(function*() {
      const [data, env] = [Command.emptyFolder(), yield* environment]
      const services = yield* Effect.context<Simulator.Simulator>()
      const ran = yield* Effect.promise(() =>
        Command.run(command.file, create, {
          env,
          data,
          interrupt: { when: () => Effect.runPromiseWith(services)(posted), signal: "SIGHUP" }
        })
      )
      assert.deepStrictEqual([ran.code, ran.signal], [130, null], ran.stderr)
      const [handle = ""] = ran.stdout.split("\n")
      assert.match(handle, /^vt1_/)
      assert.include(ran.stderr, `warning: a task was created after its submit was interrupted: ${handle}\n`)
      assert.include(ran.stderr, `video-tasks wait ${handle}`)
      assert.deepStrictEqual(yield* outcomes(data), ["created"])
    })
  )

  it.skipIf(!has(script))("loses nothing that was paid, whoever is left to read", () =>
    Effect.gen(function*() {
      const [data, env] = [Command.emptyFolder(), yield* environment]
      const line = [process.execPath, command.file, ...create].map((word) => `'${word}'`).join(" ")
      const terminal = spawn(script, ["-qefc", line, "/dev/null"], {
        cwd: data,
        env: { PATH: programs, HOME: data, XDG_DATA_HOME: data, TERM: "xterm-256color", ...env }
      })
      yield* posted
      terminal.kill("SIGKILL")
      const made = Effect.repeat(outcomes(data), {
        until: ([outcome]) => outcome === "created",
        schedule: Schedule.spaced("50 millis")
      })
      assert.deepStrictEqual(yield* made, ["created"])
    }).pipe(Effect.provide(server, { local: true }), Effect.runPromise), 30_000)

  it.skipIf(!has(nohup))("does not end what was started with nohup (0)", () =>
    Effect.gen(function*() {
      const [data, env] = [Command.emptyFolder(), yield* environment]
      const services = yield* Effect.context<Simulator.Simulator>()
      const ran = yield* Effect.promise(() =>
        // As a shell does when it starts it.
        Command.started(nohup, [process.execPath, command.file, ...create], {
          env: { ...env, _: nohup },
          data,
          interrupt: { when: () => Effect.runPromiseWith(services)(posted), signal: "SIGHUP" }
        })
      )
      assert.deepStrictEqual([ran.code, ran.signal], [0, null], ran.stderr)
      assert.match(ran.stdout, /^vt1_/)
      assert.notInclude(ran.stderr, "Interrupted")
    }).pipe(Effect.provide(server, { local: true }), Effect.runPromise), 30_000)
})

describe("ignoresHangup", () => {
  it("knows nohup by its name", () => {
    for (const name of ["nohup", "/usr/bin/nohup"]) assert.isTrue(ignoresHangup(name, "self"))
    for (const name of ["", "/usr/bin/node", "/usr/bin/nohup-like", "/home/me/nohup/x"]) {
      assert.isFalse(ignoresHangup(name, "none"))
    }
  })

  it.skipIf(process.platform !== "linux")("knows a shell that ignores it", async () => {
    for (const [trap, expected] of [["trap '' HUP;", true], ["trap '' USR1;", false]] as const) {
      const shell = spawn("/bin/sh", ["-c", `${trap} echo ready; read line; true`])
      await new Promise((resolve) => shell.stdout.once("data", resolve))
      assert.strictEqual(ignoresHangup("", shell.pid ?? ""), expected)
      shell.stdin.end("\n")
    }
  })
})
