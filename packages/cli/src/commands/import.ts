/**
 * `video-tasks import FILE`: tasks of another store.
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import { withStore } from "../internal/backend.ts"
import { reported } from "../internal/reported.ts"

/** The command. */
export const importTasks = Command.make(
  "import",
  {
    file: Argument.String("file").pipe(Argument.withDescription("A file that `export` has written")),
    incomplete: Flag.Boolean("incomplete").pipe(
      Flag.withDescription("Take what there is of a file that is cut off, or that an older version has written"),
      Flag.withDefault(false)
    )
  },
  Effect.fn("import")(function*({ file, incomplete }) {
    const { importFrom } = yield* Effect.promise(() => import("../internal/importing.ts"))
    yield* withStore(importFrom(file, { incomplete }))
  }, reported)
).pipe(
  Command.withShortDescription("Take over tasks that were exported"),
  Command.withDescription(
    "Take tasks and creates from a file that `export` has written. What the store has already stays as it is, so that the same file can be imported again. A file that a newer version has written, that has a broken line or that is cut off is refused as a whole; --incomplete takes what there is of one that is cut off."
  ),
  Command.withExamples([{ command: "video-tasks import tasks.jsonl", description: "On the new machine" }])
)
