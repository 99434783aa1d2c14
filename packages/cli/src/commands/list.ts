/**
 * `video-tasks list`: what the store has.
 */
import { isTerminal, running, type TaskStatus, terminal } from "@video-tasks/core/TaskStatus"
import * as CliError from "effect/cli/CliError"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { withStoreThere } from "../internal/backend.ts"
import * as Facts from "../internal/facts.ts"
import { reported } from "../internal/reported.ts"
import { Reporter } from "../internal/reporter.ts"
import { Screen } from "../internal/screen.ts"
import * as StoreReads from "../internal/storeReads.ts"

const states: ReadonlyArray<TaskStatus> = [...running, ...terminal]

const status = Flag.String("status").pipe(
  Flag.withMetavar("<status>"),
  Flag.withDescription(
    "Only these: ambiguous (creates whose answer is lost), sending, unfinished, or a state such as SUCCESS. Can be repeated"
  ),
  Flag.mapEffect((text) => {
    const found = wordOf(text)
    return found === undefined
      ? Effect.fail(
        new CliError.InvalidValue({
          option: "status",
          value: text,
          expected: [...words, ...states].join(", "),
          kind: "flag"
        })
      )
      : Effect.succeed(found)
  }),
  Flag.atLeast(0),
  Flag.withDefault([])
)

const flags = {
  status,
  provider: Flag.String("provider").pipe(
    Flag.withAlias("p"),
    Flag.withDescription("Only tasks of this provider"),
    Flag.optional
  ),
  limit: Flag.Int("limit").pipe(
    Flag.withAlias("n"),
    Flag.withDescription("Only the newest so many"),
    Flag.filter((count) => count > 0, () => "a number above 0"),
    Flag.optional
  ),
  watch: Flag.Boolean("watch").pipe(
    Flag.withAlias("w"),
    Flag.withDescription("Keep the list on the screen and up to date; q ends it"),
    Flag.withDefault(false)
  )
}

/** The command. */
export const list = Command.make(
  "list",
  flags,
  Effect.fn("list")(function*(input) {
    yield* withStoreThere(Effect.gen(function*() {
      const reporter = yield* Reporter
      const screen = yield* Screen
      if (input.watch) return yield* watched(input)
      const rows = yield* rowsOf(input)
      if (reporter.json) {
        return yield* Effect.forEach(rows, (row) => reporter.result("", row), { discard: true })
      }
      if (rows.length === 0) return yield* reporter.note(none(input))
      const now = yield* Clock.currentTimeMillis
      yield* reporter.result(Facts.table(screen.outStyle, rows, now), { type: "tasks" })
    }))
  }, reported)
).pipe(
  Command.withShortDescription("List the tasks of the store"),
  Command.withDescription(
    "List the tasks of the store, oldest first, and the creates whose answer is awaited (status sending) or lost (ambiguous). Nothing is asked of a provider; `status ID` and `resume` do that. With --watch the list stays up to date: what changed is read from the store about once a second. That only looks, it follows no task: leave `resume` running for that. In a terminal it ends with q or Ctrl-C, and the last list stays. Elsewhere it writes a table of what changed, or with --json a line for each task that changed."
  ),
  Command.withExamples([
    { command: "video-tasks list --limit 20", description: "The newest twenty" },
    { command: "video-tasks list --status unfinished --json", description: "What still runs, for a script" },
    { command: "video-tasks list --watch", description: "See what becomes of them" },
    { command: "video-tasks list --status ambiguous", description: "What may have been paid without a task to show" }
  ])
)

// internal

const words = ["ambiguous", "sending", "unfinished"] as const

type Word = TaskStatus | typeof words[number]

const wordOf = (text: string): Word | undefined => {
  const said = text.trim()
  return words.find((word) => word === said.toLowerCase()) ??
    states.find((state) => state === said.toUpperCase().replaceAll("-", "_"))
}

/** That nothing matches, in words. */
const none = ({ provider, status }: Input): string => {
  if (status.length === 1 && status[0] === "ambiguous") return "No create has lost its answer."
  return status.length === 0 && Option.isNone(provider)
    ? "The store holds no task yet."
    : "No task in the store matches."
}

interface Input {
  readonly status: ReadonlyArray<Word>
  readonly provider: Option.Option<string>
  readonly limit: Option.Option<number>
}

const watched = Effect.fnUntraced(function*(input: Input) {
  const { watch } = yield* Effect.promise(() => import("../internal/watch.ts"))
  const { creates, newest, provider, wanted } = chosen(input)
  yield* watch({
    provider,
    newest,
    creates: creates.size > 0,
    ended: wanted?.filter(isTerminal),
    matches: (status) =>
      status === "ambiguous" || status === "sending"
        ? creates.has(status)
        : wanted === undefined || wanted.includes(status)
  })
})

/** What the flags ask for; `wanted` is absent when every state is. */
const chosen = ({ limit, provider, status }: Input) => ({
  provider: Option.getOrUndefined(provider),
  newest: Option.getOrElse(limit, () => Infinity),
  creates: new Set(
    (["ambiguous", "sending"] as const).filter((one) => status.length === 0 || status.includes(one))
  ),
  wanted: status.length === 0 ? undefined : status.flatMap((word): ReadonlyArray<TaskStatus> => {
    if (word === "ambiguous" || word === "sending") return []
    return word === "unfinished" ? running : [word]
  })
})

const rowsOf = Effect.fnUntraced(function*(input: Input) {
  const { creates, newest, provider, wanted } = chosen(input)
  const rows: Array<Facts.Facts> = []
  const add = (row: Facts.Facts) => {
    rows.push(row)
    if (rows.length >= 2 * newest) rows.splice(0, rows.length - newest)
  }
  if (wanted === undefined || wanted.length > 0) {
    yield* Stream.runForEach(
      StoreReads.tasks({ provider, ...(wanted === undefined ? {} : { status: wanted }) }),
      (stored) => Effect.sync(() => add(Facts.ofTask(StoreReads.toTask(stored))))
    )
  }
  const open = (creates.size > 0 ? yield* StoreReads.openCreates : []).filter(({ status, submission }) =>
    creates.has(status) && (provider === undefined || submission.provider === provider)
  )
  return [...rows, ...open.map(Facts.ofCreate)]
    .sort((a, b) => a.createdAt - b.createdAt)
    .slice(newest === Infinity ? 0 : -newest)
})
