/**
 * The simulator on a port, for as long as the command runs.
 */
import * as Script from "@video-tasks/simulator/Script"
import * as Simulator from "@video-tasks/simulator/Simulator"
import * as SimulatorServer from "@video-tasks/simulator/SimulatorServer"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import { type Problem, usage } from "./problem.ts"
import { program } from "./program.ts"
import { Reporter } from "./reporter.ts"
import { Screen } from "./screen.ts"
import * as Settings from "./settings.ts"
import type * as Style from "./style.ts"

/** How to serve. */
export interface ServeInput {
  readonly port: number
  readonly speed: number
  readonly seed: Option.Option<number>
  /** A file of faults. */
  readonly script: Option.Option<string>
}

/** Serves until it is interrupted. */
export const serve = Effect.fnUntraced(function*(input: ServeInput) {
  const reporter = yield* Reporter
  const screen = yield* Screen
  const script = yield* readScript(input.script)
  // A new one each time: the handle of a task of yesterday must not name a task of today.
  const now = yield* Clock.currentTimeMillis
  const seed = Option.getOrElse(input.seed, () => now % 1_000_000_007)
  return yield* Effect.gen(function*() {
    const simulator = yield* Simulator.Simulator
    const { baseUrl, port } = yield* SimulatorServer.SimulatorServer
    yield* Effect.orDie(simulator.script(script))
    yield* reporter.result(introduction(screen.outStyle, baseUrl, input.speed), {
      type: "simulator",
      port,
      baseUrl,
      speed: input.speed,
      seed,
      environment: environment(baseUrl)
    })
    yield* reporter.note("Listening. Ctrl-C stops it.")
    return yield* Effect.never
  }).pipe(
    Effect.provide(SimulatorServer.layerSimulator({ ...input, seed })),
    Effect.catchTag("ListenError", cannotListen)
  )
})

// internal

/** Where the simulator serves each provider of the command. */
const mounts: { readonly [Id in Settings.ProviderId]: string } = {
  cometapi: "",
  seeany: "",
  generic: "",
  openai: "/openai",
  runway: "/runway",
  kling: "/kling",
  xai: "/xai",
  ark: "/ark/api/v3"
}

/** The variables that lead the command to a simulator. */
const environment = (baseUrl: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Settings.providerIds.flatMap((id) => [
      [Settings.providers[id].key, "sk-simulated"],
      [Settings.providers[id].baseUrl, `${baseUrl}${mounts[id]}`]
    ])
  )

const readScript = Effect.fnUntraced(function*(
  file: Option.Option<string>
): Effect.fn.Return<ReadonlyArray<Script.Line>, Problem, FileSystem.FileSystem> {
  if (Option.isNone(file)) return []
  const fs = yield* FileSystem.FileSystem
  const text = yield* fs.readFileString(file.value).pipe(
    Effect.mapError(() => usage(`The script ${file.value} cannot be read.`))
  )
  return yield* Script.parse(text).pipe(Effect.mapError((error) => usage(`${file.value}: ${error.message}.`)))
})

const cannotListen = ({ host, port }: SimulatorServer.ListenError): Effect.Effect<never, Problem> =>
  Effect.fail(usage(`Port ${port} of ${host} is not free; another program may use it.`, [
    "Take another with --port, or any free one with --port 0."
  ]))

const introduction = (style: Style.Style, baseUrl: string, speed: number): string =>
  [
    `${style.bold("Simulated video APIs")} at ${style.cyan(baseUrl)}${speed === 1 ? "" : ` (${speed} times faster)`}`,
    "",
    "  CometAPI          POST /v1/videos              GET /v1/videos/{id}",
    "  SeeAny                                         GET /v1/tasks/{id}",
    "  generic endpoint  POST /v1/video/generations   GET /v1/video/generations/{id}",
    "  the vendors       under /openai, /runway, /kling, /xai and /ark, and where CometAPI serves them",
    "  behind it         GET /_simulator/ledger       POST /_simulator/script",
    "",
    style.dim("# In another terminal, lead the command here:"),
    ...Object.entries(environment(baseUrl)).map(([name, value]) => `export ${name}=${value}`),
    "",
    style.dim("# and try it:"),
    `${program} create --provider cometapi --model doubao-seedance-2-0-fast \\`,
    `  --prompt "A paper boat on a river" --output boat.mp4${speed > 1 ? " --poll-ceiling 2s" : ""}`,
    `${program} create --provider generic --model kling-v1 --prompt "A fox in the snow [fail]" --wait${
      speed > 1 ? " --poll-ceiling 2s" : ""
    }`,
    `${program} models --provider cometapi`
  ].join("\n")
