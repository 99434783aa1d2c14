/**
 * The summary of the demo.
 */
import type { Success } from "@video-tasks/core/Task"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { Ledger } from "@video-tasks/simulator/Ledger"
import * as Effect from "effect/Effect"
import type { Saved } from "./download.ts"
import * as Duration from "./duration.ts"
import { program } from "./program.ts"
import * as Render from "./render.ts"
import { Reporter } from "./reporter.ts"
import { Screen } from "./screen.ts"
import * as Story from "./story.ts"
import * as Style from "./style.ts"

/** One task of the demo, with what the summary tells of it. */
export interface Act {
  readonly handle: TaskHandle
  readonly file: string
  readonly states: Array<string>
}

/** A task that has ended well, and its file. */
export interface Shown extends Act {
  readonly task: Success
  readonly saved: Saved
}

/** Tells what was done, what went wrong on the way, and what to try next. */
export const tellSummary = Effect.fnUntraced(function*(shown: ReadonlyArray<Shown>, ledger: Ledger) {
  const reporter = yield* Reporter
  const screen = yield* Screen
  const survived = Story.survived(ledger, shown.reduce((sum, { saved }) => sum + saved.resumed, 0))
  const rows = shown.map((one) => ({
    provider: one.handle.provider,
    states: one.states,
    polls: ledger.tasks.find(({ taskId }) => taskId === one.handle.remoteId)?.polls ?? 0,
    elapsedMs: one.task.completedAt - Render.since(one.task),
    file: one.saved.path,
    bytes: one.saved.bytes,
    sha256: one.saved.sha256
  }))
  const columns = screen.animated ? yield* screen.columns : Infinity
  const told = [...survived, Story.paid(ledger)].flatMap((line) => {
    const [first = "", ...others] = Style.wrap(line, Math.min(columns, 120) - 5)
    return [`  ${screen.outStyle.green("✓")} ${first}`, ...others.map((other) => `    ${other}`)]
  })
  const text = [
    ...table(screen.outStyle, rows, columns),
    "",
    screen.outStyle.bold("What went wrong on the way, and did no harm"),
    ...told
  ].join("\n")
  yield* reporter.result(text, { type: "summary", tasks: rows, survived, creates: ledger.posts, bills: ledger.bills })
  yield* reporter.note(next(screen.errStyle))
})

// internal

interface Row {
  readonly provider: string
  readonly states: ReadonlyArray<string>
  readonly polls: number
  readonly elapsedMs: number
  readonly file: string
  readonly bytes: number
  readonly sha256: string
}

/** The summary: where it does not fit into the terminal, the files stand below. */
const table = (style: Style.Style, rows: ReadonlyArray<Row>, columns: number): ReadonlyArray<string> => {
  const digest = (row: Row) => columns < 160 ? `${row.sha256.slice(0, 12)}…` : row.sha256
  const task = (row: Row) => [
    row.provider,
    row.states.join(" → "),
    String(row.polls),
    Duration.format(row.elapsedMs)
  ]
  const file = (row: Row) => [row.file, Render.bytes(row.bytes), digest(row)]
  const head = ["PROVIDER", "STATES", "READS", "TIME"]
  const fileHead = ["FILE", "SIZE", "SHA-256"]
  const drawn = (lines: ReadonlyArray<string>) => lines.map((line, index) => index === 0 ? style.bold(line) : line)
  return columns >= 112
    ? drawn(Style.table([[...head, ...fileHead], ...rows.map((row) => [...task(row), ...file(row)])], [2, 3, 5]))
    : [
      ...drawn(Style.table([head, ...rows.map(task)], [2, 3])),
      "",
      ...drawn(Style.table([fileHead, ...rows.map(file)], [1]))
    ]
}

const next = (style: Style.Style): string =>
  [
    "",
    style.bold("Try next"),
    ...[
      ["the same APIs on a port, for programs of your own", "simulate --speed 20"],
      [
        "a real video, with COMETAPI_KEY set",
        "create --provider cometapi --model doubao-seedance-2-0-fast --prompt \"A paper boat\" --output boat.mp4"
      ],
      ["tasks of all kinds on a page in your browser, live", "dashboard --demo"],
      ["the machine that every task lives by", "diagram"]
    ].flatMap(([what, command]) => [style.dim(`  # ${what}`), `  ${program} ${command}`])
  ].join("\n")
