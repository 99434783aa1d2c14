/**
 * `video-tasks prune`: removes old tasks that have ended.
 */
import { type TaskStatus, terminal } from "@video-tasks/core/TaskStatus"
import { type StoredTask, TaskStore } from "@video-tasks/runtime/TaskStore"
import * as CliError from "effect/cli/CliError"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { withStoreThere } from "../internal/backend.ts"
import * as Durations from "../internal/duration.ts"
import { reported } from "../internal/reported.ts"
import { Reporter } from "../internal/reporter.ts"
import * as StoreReads from "../internal/storeReads.ts"

const invalid = (option: string, value: string, expected: string) =>
  Effect.fail(new CliError.InvalidValue({ option, value, expected, kind: "flag" }))

const flags = {
  olderThan: Flag.String("older-than").pipe(
    Flag.withMetavar("<duration>"),
    Flag.withDescription("How long ago they must have ended, for example 30d"),
    Flag.mapEffect((text) => {
      const parsed = Durations.parse(text)
      return parsed === undefined
        ? invalid("older-than", text, "a duration such as 30d or 12h")
        : Effect.succeed(parsed)
    })
  ),
  status: Flag.String("status").pipe(
    Flag.withMetavar("<status>"),
    Flag.withDescription("Only tasks that ended like this. Can be repeated"),
    Flag.mapEffect((text): Effect.Effect<TaskStatus, CliError.InvalidValue> => {
      const found = terminal.find((word) => word === text.trim().toUpperCase())
      return found === undefined ? invalid("status", text, terminal.join(", ")) : Effect.succeed(found)
    }),
    Flag.atLeast(0),
    Flag.withDefault([])
  ),
  dryRun: Flag.Boolean("dry-run").pipe(
    Flag.withDescription("Say how many, and remove nothing"),
    Flag.withDefault(false)
  )
}

/** The command. */
export const prune = Command.make(
  "prune",
  flags,
  Effect.fn("prune")(function*(input) {
    yield* withStoreThere(Effect.gen(function*() {
      const reporter = yield* Reporter
      const store = yield* TaskStore
      const before = (yield* Clock.currentTimeMillis) - Duration.toMillis(input.olderThan)
      const old = yield* Stream.runCollect(
        Stream.filter(
          StoreReads.tasks({ status: input.status.length === 0 ? terminal : input.status }),
          (stored) => endOf(stored) < before
        )
      )
      const ids = old.map(({ snapshot }) => snapshot.task.id)
      const bare = input.dryRun || input.status.length > 0 ? [] : yield* withoutTask(before)
      const removed = input.dryRun ? 0 : yield* StoreReads.reading(store.remove([...ids, ...bare]))
      const count = input.dryRun ? ids.length : removed
      const words = `${count} ${count === 1 ? "task" : "tasks"} ${input.dryRun ? "would be removed" : "removed"}`
      yield* reporter.result(words, { type: "pruned", removed, found: ids.length })
    }))
  }, reported)
).pipe(
  Command.withShortDescription("Remove old tasks that have ended"),
  Command.withDescription(
    "Remove tasks that ended long ago, with their journals, from the store. What was asked for (the prompt and the fields of the request) goes with them, and with creates of that age that were refused, unless --status is given. What is unfinished or ambiguous is never removed, and that something was submitted is not forgotten. Nothing is asked of a provider, and no file is touched."
  ),
  Command.withExamples([
    { command: "video-tasks prune --older-than 30d", description: "What ended more than thirty days ago" },
    { command: "video-tasks prune --older-than 12h --status FAILED --dry-run", description: "How many failed ones?" }
  ])
)

// internal

const endOf = ({ snapshot: { task } }: StoredTask): number => task.completedAt ?? task.updatedAt

/** The creates of which nothing is left but what was asked for: refused ones, and those whose task was removed. */
const withoutTask = Effect.fnUntraced(function*(before: number) {
  const store = yield* TaskStore
  const settled = Stream.concat(StoreReads.submissions("rejected"), StoreReads.submissions("created"))
  const old = yield* Stream.runCollect(
    Stream.filter(settled, ({ request, startedAt }) => request !== undefined && startedAt < before)
  )
  const left = yield* Effect.forEach(
    old,
    ({ id }) => Effect.map(StoreReads.reading(store.load(id)), (task) => task === undefined ? [id] : [])
  )
  return left.flat()
})
