/**
 * `video-tasks batch FILE.jsonl`: thousands of requests, each submitted once.
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import { maxCost } from "../internal/createRequest.ts"
import { overwrite } from "../internal/flags.ts"
import { reported } from "../internal/reported.ts"

/** The command. */
export const batch = Command.make(
  "batch",
  {
    file: Argument.String("file").pipe(
      Argument.withDescription(
        "One JSON object a line: provider, model, prompt; family, seconds, size, resolution, images, options, callbackUrl, output, key"
      )
    ),
    concurrency: Flag.Int("concurrency").pipe(
      Flag.withAlias("c"),
      Flag.withDescription("How many are under way at once (16); each account's rate is held all the same"),
      Flag.filter((count) => count > 0, () => "a number above 0"),
      Flag.withDefault(16)
    ),
    output: Flag.String("output").pipe(
      Flag.withAlias("o"),
      Flag.withMetavar("<folder>"),
      Flag.withDescription("Save the videos here, under the line's output, its key or the id of its task"),
      Flag.optional
    ),
    overwrite,
    "max-cost": maxCost(
      "Send nothing once all lines together cost more, earlier runs included: 20 or \"20 EUR\". Others with a limit on the same lines wait"
    ),
    report: Flag.String("report").pipe(
      Flag.withMetavar("<file>"),
      Flag.withDescription("Write what became of each line here, as JSON lines"),
      Flag.optional
    ),
    run: Flag.String("run").pipe(
      Flag.withMetavar("<name>"),
      Flag.withDescription("A name of your own makes everything anew, and can be gone on with by the same name"),
      Flag.withDefault("")
    )
  },
  Effect.fn("batch")(function*(input) {
    const { runBatch } = yield* Effect.promise(() => import("../internal/runBatch.ts"))
    yield* runBatch(input)
  }, reported)
).pipe(
  Command.withShortDescription("Create many videos from a file of requests"),
  Command.withDescription(
    "Create a video for each line of a file. All lines are looked at before anything is sent. It can be stopped at any time, also with kill -9: the same command goes on, and what was submitted is never submitted again. A line is known by its key, else by its request (the n-th of equal ones is the n-th). A create whose answer is lost is looked up where the API can be asked, else reported, never repeated. A file that is there counts as a line's video only when that is proven by the earlier report or its content. The exit code is the one that all lines share, else 14."
  ),
  Command.withExamples([
    { command: "video-tasks batch films.jsonl --output out --report report.jsonl", description: "All of them" },
    { command: "video-tasks batch films.jsonl --max-cost 20 --concurrency 50", description: "For at most 20 USD" }
  ])
)
