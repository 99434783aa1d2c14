/**
 * `video-tasks show ID`: a task of the store with its journal.
 */
import { TaskStore } from "@video-tasks/runtime/TaskStore"
import * as Command from "effect/cli/Command"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { withStoreThere } from "../internal/backend.ts"
import * as Facts from "../internal/facts.ts"
import { handle, oneOf } from "../internal/handles.ts"
import * as JournalLines from "../internal/journalLines.ts"
import * as Render from "../internal/render.ts"
import { reported } from "../internal/reported.ts"
import { Reporter } from "../internal/reporter.ts"
import { Screen } from "../internal/screen.ts"
import * as StoreReads from "../internal/storeReads.ts"
import * as Style from "../internal/style.ts"

/** The command. */
export const show = Command.make(
  "show",
  { handle },
  Effect.fn("show")(function*(input) {
    yield* withStoreThere(Effect.gen(function*() {
      const store = yield* TaskStore
      const found = typeof input.handle === "string"
        ? yield* oneOf(input.handle)
        : yield* StoreReads.ofHandle(input.handle)
      if (found._tag === "submission") {
        return yield* tellCreate(Facts.ofCreate(yield* StoreReads.standing(found.submission)))
      }
      const { id } = found.stored.snapshot.task
      const events = yield* StoreReads.reading(store.events(id))
      const submission = yield* StoreReads.reading(store.submission(id))
      const request = submission && Facts.requestOf(submission)
      const reporter = yield* Reporter
      const { outStyle } = yield* Screen
      const task = StoreReads.toTask(found.stored)
      const text = [
        `${outStyle.dim("id      ")}${id}`,
        Render.block(outStyle, task, { now: yield* Clock.currentTimeMillis }),
        ...asked(request).map(([label, text]) => `${outStyle.dim(label.padEnd(8))}${text}`),
        "",
        ...JournalLines.lines(outStyle, events)
      ].join("\n")
      yield* reporter.result(text, {
        ...Facts.ofTask(task),
        request,
        events: events.map(JournalLines.json)
      })
    }))
  }, reported)
).pipe(
  Command.withShortDescription("Show a task of the store with its journal"),
  Command.withDescription(
    "Show a task as the store has it, with what was asked for and everything that happened to it: when, in words, what it costs, and where its files are kept. Nothing is asked of a provider."
  ),
  Command.withExamples([
    { command: "video-tasks show 01890a5d-ac96-774b-bcce-b302099a8057", description: "What happened to it?" },
    { command: "video-tasks show vt1_… --json", description: "The same for a script" }
  ])
)

// internal

const asked = (request: Facts.Request | undefined): ReadonlyArray<readonly [string, string]> => {
  if (request === undefined) return []
  const { files = 0, imageUrls = [], options, prompt, resolution, seconds, size } = request
  const said = [
    ...(seconds === undefined ? [] : [`${seconds} s`]),
    ...(size === undefined ? [] : [size]),
    ...(resolution === undefined ? [] : [resolution]),
    ...imageUrls,
    ...(files === 0 ? [] : [files === 1 ? "1 file" : `${files} files`]),
    ...(options === undefined ? [] : [options])
  ].join("  ")
  return [
    ["prompt", Style.harmless(prompt)],
    ...(said === "" ? [] : [["asked", Style.harmless(said)] as const])
  ]
}

const tellCreate = Effect.fnUntraced(function*(facts: Facts.Facts) {
  const reporter = yield* Reporter
  const { outStyle } = yield* Screen
  const rows: ReadonlyArray<readonly [string, string]> = [
    ["id", facts.id],
    ["status", Facts.painted(outStyle, facts.status)],
    ["model", `${facts.provider} · ${facts.model ?? "unknown"}`],
    ["began", JournalLines.time(facts.createdAt)],
    ...asked(facts.request),
    ["known", facts.detail ?? "nothing"],
    ["cost", Facts.costOf(facts)]
  ]
  yield* reporter.result(rows.map(([label, text]) => `${outStyle.dim(label.padEnd(8))}${text}`).join("\n"), facts)
})
