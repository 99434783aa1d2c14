/**
 * `video-tasks download HANDLE --output FILE`: the file of a task.
 */
import { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import { overwrite } from "../internal/flags.ts"
import { followAndSave } from "../internal/followAndSave.ts"
import { handle } from "../internal/handles.ts"
import { reported } from "../internal/reported.ts"
import * as Target from "../internal/target.ts"
import { withHandles } from "../internal/withHandles.ts"

/** The command. */
export const download = Command.make(
  "download",
  {
    handle,
    output: Flag.String("output").pipe(
      Flag.withAlias("o"),
      Flag.withMetavar("<file>"),
      Flag.withDescription("Where to save the video")
    ),
    overwrite
  },
  Effect.fn("download")(function*(input) {
    yield* Target.check(input.output, input)
    yield* withHandles([input.handle], ([one]) =>
      Effect.gen(function*() {
        // Looked at at once: whoever wants the file has reason to think that it is there.
        yield* Effect.ignore((yield* VideoTasks).refresh(one))
        yield* followAndSave(one, input.output, input)
      }), { archives: true })
  }, reported)
).pipe(
  Command.withShortDescription("Save the video of a task"),
  Command.withDescription(
    "Save the video of a task, and say its size and SHA-256. A task that still runs is followed first. The file appears when it is whole; a connection that breaks is taken up where it broke, and a link that has expired is replaced by a fresh one."
  ),
  Command.withExamples([
    { command: "video-tasks download vt1_… --output boat.mp4", description: "The file" },
    { command: "video-tasks download vt1_… -o boat.mp4 --overwrite --json", description: "Again, for a script" }
  ])
)
