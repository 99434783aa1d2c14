/**
 * `video-tasks resume`: goes on with everything that is unfinished.
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { withStoreThere } from "../internal/backend.ts"
import { reported } from "../internal/reported.ts"
import { resumeAll } from "../internal/resumeAll.ts"

/** The command. */
export const resume = Command.make(
  "resume",
  {
    output: Flag.String("output").pipe(
      Flag.withAlias("o"),
      Flag.withMetavar("<folder>"),
      Flag.withDescription("Save the videos here, each under the id of its task"),
      Flag.optional
    )
  },
  Effect.fn("resume")(function*(input) {
    yield* withStoreThere(resumeAll(Option.getOrUndefined(input.output)))
  }, reported)
).pipe(
  Command.withShortDescription("Go on with everything that is unfinished"),
  Command.withDescription(
    "Follow every unfinished task of the store to its end, whatever became of the process that made it. What another process follows is left to it; what a dead one followed is taken over when its claim lapses, within a minute. The exit code is the one that all tasks share, else 14; creates whose answer is lost count as 9. With --archive the files are kept of all that succeeded in the last 7 days, whoever followed it."
  ),
  Command.withExamples([
    { command: "video-tasks resume", description: "After a crash, a reboot, a weekend" },
    { command: "video-tasks resume --output out", description: "And save the files" },
    { command: "video-tasks resume --archive s3://videos", description: "And keep them, with those that were left" }
  ])
)
