/**
 * `video-tasks export`: the tasks of the store as JSON lines.
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { withStoreThere } from "../internal/backend.ts"
import { overwrite } from "../internal/flags.ts"
import { reported } from "../internal/reported.ts"
import * as Target from "../internal/target.ts"

/** The command. */
export const exportTasks = Command.make(
  "export",
  {
    output: Flag.String("output").pipe(
      Flag.withAlias("o"),
      Flag.withMetavar("<file>"),
      Flag.withDescription("Write here instead of to stdout"),
      Flag.optional
    ),
    overwrite,
    withOptions: Flag.Boolean("with-options").pipe(
      Flag.withDescription("Also write the further fields of requests (--option), whatever they hold"),
      Flag.withDefault(false)
    )
  },
  Effect.fn("export")(function*(input) {
    const output = Option.getOrUndefined(input.output)
    if (output !== undefined) yield* Target.check(output, input)
    const { checkOutput, exportTo } = yield* Effect.promise(() => import("../internal/exporting.ts"))
    if (output !== undefined) yield* checkOutput(output)
    yield* withStoreThere(exportTo(output, input))
  }, reported)
).pipe(
  Command.withShortDescription("Write the tasks of the store as JSON lines"),
  Command.withDescription(
    "Write all tasks with their journals, and all creates, as JSON lines; the last line proves that none is missing. Secrets are left out: links lose their query, and the providers' raw answers and the further fields of requests are not written. Prompts are, as they are. A download asks for a fresh link by itself."
  ),
  Command.withExamples([{ command: "video-tasks export --output tasks.jsonl", description: "Keep a copy" }])
)
