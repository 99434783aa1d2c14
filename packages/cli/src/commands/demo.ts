/**
 * `video-tasks demo`: three tasks at three simulated APIs, side by side, from the prompt to the file.
 */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { reported } from "../internal/reported.ts"

/** The command. */
export const demo = Command.make(
  "demo",
  {},
  Effect.fn("demo")(function*() {
    const { play } = yield* Effect.promise(() => import("../internal/play.ts"))
    yield* play
  }, reported)
).pipe(
  Command.withShortDescription("See everything work, without a key and without a network"),
  Command.withDescription(
    "See everything work in about fifteen seconds, without a key and without a network: three tasks at three simulated APIs on this machine, followed side by side over real HTTP, with faults on the way, and their files saved under out/."
  ),
  Command.withExamples([{ command: "video-tasks demo", description: "Watch it" }])
)
