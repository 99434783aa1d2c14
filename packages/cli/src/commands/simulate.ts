/**
 * `video-tasks simulate`: the video APIs on a port of this machine.
 */
import * as Script from "@video-tasks/simulator/Script"
import * as Simulator from "@video-tasks/simulator/Simulator"
import * as SimulatorServer from "@video-tasks/simulator/SimulatorServer"
import * as CliError from "effect/cli/CliError"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import { type Problem, usage } from "../internal/problem.ts"
import { program } from "../internal/program.ts"
import { reported } from "../internal/reported.ts"
import { Reporter } from "../internal/reporter.ts"
import { Screen } from "../internal/screen.ts"
import type * as Style from "../internal/style.ts"

const inRange = (name: string, low: number, high: number) => (value: number) =>
  value >= low && value <= high
    ? Effect.succeed(value)
    : Effect.fail(
      new CliError.InvalidValue({ option: name, value: String(value), expected: `${low} to ${high}`, kind: "flag" })
    )

const flags = {
  port: Flag.Int("port").pipe(
    Flag.mapEffect(inRange("port", 0, 65_535)),
    Flag.withDescription("Where to listen; 0 takes any free port"),
    Flag.withDefault(4010)
  ),
  speed: Flag.Finite("speed").pipe(
    Flag.mapEffect(inRange("speed", 0.01, 10_000)),
    Flag.withDescription("How much faster than real time the jobs run; 60 makes minutes seconds"),
    Flag.withDefault(1)
  ),
  script: Flag.String("script").pipe(
    Flag.withMetavar("<file>"),
    Flag.withDescription("Faults to play, as JSON lines: {\"on\":\"poll\",\"nth\":2,\"fault\":\"503-html\"}"),
    Flag.optional
  ),
  seed: Flag.Int("seed").pipe(
    Flag.withDescription("Decides ids, lengths of jobs and chance; the same seed gives the same run"),
    Flag.withDefault(1)
  )
}

/** The command. */
export const simulate = Command.make(
  "simulate",
  flags,
  Effect.fn("simulate")(function*(input) {
    const reporter = yield* Reporter
    const screen = yield* Screen
    const script = yield* readScript(input.script)
    return yield* Effect.gen(function*() {
      const simulator = yield* Simulator.Simulator
      const { baseUrl, port } = yield* SimulatorServer.SimulatorServer
      yield* Effect.orDie(simulator.script(script))
      yield* reporter.result(introduction(screen.outStyle, baseUrl, input.speed), {
        type: "simulator",
        port,
        baseUrl,
        speed: input.speed,
        seed: input.seed,
        environment: environment(baseUrl)
      })
      yield* reporter.note("Listening. Ctrl-C stops it.")
      return yield* Effect.never
    }).pipe(Effect.provide(SimulatorServer.layerSimulator(input)), Effect.catchTag("ListenError", cannotListen))
  }, reported)
).pipe(
  Command.withShortDescription("Serve simulated video APIs on a port of this machine"),
  Command.withDescription(
    "Serve CometAPI, SeeAny and the generic endpoint on a port of this machine: tasks that live, fail and end, files behind signed links, and faults on demand. Nothing is paid, no key is needed."
  ),
  Command.withExamples([
    { command: "video-tasks simulate --speed 20", description: "A job of a minute takes three seconds" },
    {
      command: "video-tasks simulate --script faults.jsonl --seed 7",
      description: "The same faults at the same places, every time"
    }
  ])
)

/** The variables that lead the command to a simulator. */
export const environment = (baseUrl: string): Readonly<Record<string, string>> => ({
  COMETAPI_KEY: "sk-simulated",
  COMETAPI_BASE_URL: baseUrl,
  SEEANY_API_KEY: "sk-simulated",
  SEEANY_BASE_URL: baseUrl,
  GENERIC_API_KEY: "sk-simulated",
  GENERIC_BASE_URL: baseUrl
})

// internal

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
  Effect.fail(usage(`Port ${port} of ${host} cannot be had; something else may listen there.`, [
    "Take another with --port, or any free one with --port 0."
  ]))

const introduction = (style: Style.Style, baseUrl: string, speed: number): string =>
  [
    `${style.bold("Simulated video APIs")} at ${style.cyan(baseUrl)}${speed === 1 ? "" : ` (${speed} times faster)`}`,
    "",
    "  CometAPI          POST /v1/videos              GET /v1/videos/{id}",
    "  SeeAny                                         GET /v1/tasks/{id}",
    "  generic endpoint  POST /v1/video/generations   GET /v1/video/generations/{id}",
    "  behind it         GET /_simulator/ledger       POST /_simulator/script",
    "",
    style.dim("# In another terminal, lead the command here:"),
    ...Object.entries(environment(baseUrl)).map(([name, value]) => `export ${name}=${value}`),
    "",
    style.dim("# and try it:"),
    `${program} create --provider cometapi --model doubao-seedance-2-0-fast \\`,
    `  --prompt "A paper boat on a river" --output boat.mp4${speed > 1 ? " --poll-ceiling 2s" : ""}`,
    `${program} create --provider generic --model kling-v1 --prompt "A fox in the snow [fail]" --wait`,
    `${program} models --provider cometapi`
  ].join("\n")
