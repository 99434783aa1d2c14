/**
 * `video-tasks simulate`: the video APIs on a port of this machine.
 */
import * as CliError from "effect/cli/CliError"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import { reported } from "../internal/reported.ts"

const inRange = (name: string, low: number, high: number) => (value: number) =>
  value >= low && value <= high
    ? Effect.succeed(value)
    : Effect.fail(
      new CliError.InvalidValue({ option: name, value: String(value), expected: `${low} to ${high}`, kind: "flag" })
    )

const flags = {
  port: Flag.Int("port").pipe(
    Flag.mapEffect(inRange("port", 0, 65_535)),
    Flag.withDescription("Where to listen (4010); 0 takes any free port"),
    Flag.withDefault(4010)
  ),
  speed: Flag.Finite("speed").pipe(
    Flag.mapEffect(inRange("speed", 0.01, 10_000)),
    Flag.withDescription("How much faster than real time the jobs run (1); 60 makes minutes seconds"),
    Flag.withDefault(1)
  ),
  script: Flag.String("script").pipe(
    Flag.withMetavar("<file>"),
    Flag.withDescription("Faults to play, as JSON lines: {\"on\":\"poll\",\"nth\":2,\"fault\":\"503-html\"}"),
    Flag.optional
  ),
  seed: Flag.Int("seed").pipe(
    Flag.withDescription(
      "Decides ids, lengths of jobs and chance; the same seed gives the same run. Random by default"
    ),
    Flag.optional
  )
}

/** The command. */
export const simulate = Command.make(
  "simulate",
  flags,
  Effect.fn("simulate")(function*(input) {
    const { serve } = yield* Effect.promise(() => import("../internal/serve.ts"))
    return yield* serve(input)
  }, reported)
).pipe(
  Command.withShortDescription("Serve simulated video APIs on a port of this machine"),
  Command.withDescription(
    "Serve the APIs of all providers on a port of this machine: tasks that live, fail and end, files behind signed links, and faults on demand. Nothing is paid, and any key works. What a prompt can ask for and every fault are in docs/simulator.md."
  ),
  Command.withExamples([
    { command: "video-tasks simulate --speed 20", description: "A job of a minute takes three seconds" },
    {
      command: "video-tasks simulate --script faults.jsonl --seed 7",
      description: "The same faults at the same places, every time"
    }
  ])
)
