/**
 * `list --watch`: the list, live. Where there is no terminal, a table of what changed, or a JSON line for each of it.
 */
import type { TaskStore } from "@video-tasks/runtime/TaskStore"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stdio from "effect/Stdio"
import * as Terminal from "effect/Terminal"
import * as JournalLines from "./journalLines.ts"
import type { Problem } from "./problem.ts"
import { Reporter } from "./reporter.ts"
import { Screen } from "./screen.ts"
import * as Board from "./watchBoard.ts"
import * as WatchStore from "./watchStore.ts"
import * as View from "./watchView.ts"

/** What to watch. */
export interface WatchOptions extends Board.Wanted, WatchStore.Scope {}

/** Watches until somebody ends it. */
export const watch = Effect.fnUntraced(function*(options: WatchOptions) {
  const reporter = yield* Reporter
  const screen = yield* Screen
  const looking = lookingAt(options)
  if (!reporter.json && screen.fills) return yield* filling(looking)
  return yield* telling(looking)
})

// internal

/** The time between two looks; a store that takes long is looked at less often. */
const pause = (tookMs: number): Duration.Duration => Duration.millis(Math.max(1000, 4 * tookMs))

interface Looking {
  readonly board: Board.Board
  /** Looks once, and returns what changed; for a store that does not answer for the moment, why. */
  readonly look: Effect.Effect<ReadonlyArray<Board.Row> | Problem, Problem, TaskStore>
  /** Waits for the next look. */
  readonly rest: Effect.Effect<void>
}

const lookingAt = (options: WatchOptions): Looking => {
  const board = Board.make(options)
  const store = WatchStore.make(options)
  let took = 0
  return {
    board,
    look: Effect.gen(function*() {
      const before = yield* Clock.currentTimeMillis
      const { gone, reads } = yield* store.look
      const now = yield* Clock.currentTimeMillis
      took = now - before
      board.remove(gone)
      return board.take(reads, now)
    }).pipe(Effect.catch((problem) => problem.retryable === true ? Effect.succeed(problem) : Effect.fail(problem))),
    rest: Effect.suspend(() => Effect.sleep(pause(took)))
  }
}

const silence = ({ message }: Problem): string => `${message} Looking again.`

const isTrouble = (self: ReadonlyArray<Board.Row> | Problem): self is Problem => !Array.isArray(self)

/** Writes the list, then what changes. */
const telling = Effect.fnUntraced(function*({ board, look, rest }: Looking) {
  const reporter = yield* Reporter
  const screen = yield* Screen
  const tell = Effect.fnUntraced(function*(rows: ReadonlyArray<Board.Row>) {
    if (reporter.json) {
      return yield* Effect.forEach(rows, ({ facts }) => reporter.result("", facts), { discard: true })
    }
    if (rows.length === 0) return
    const now = yield* Clock.currentTimeMillis
    const lines = View.table(screen.outStyle, rows, now, yield* screen.outColumns)
    yield* screen.out([screen.outStyle.dim(JournalLines.time(now)), ...lines, ""].join("\n"))
  })
  yield* reporter.note(`Looks at the store once a second, and asks no provider. Ctrl-C ends it.`)
  let [isFirst, told] = [true, false]
  return yield* Effect.forever(Effect.gen(function*() {
    const news = yield* look
    if (isTrouble(news)) {
      if (!told) yield* reporter.warn(silence(news))
      told = true
    } else {
      told = false
      yield* tell(isFirst ? board.rows(yield* Clock.currentTimeMillis) : news)
      isFirst = false
    }
    yield* rest
  }))
})

/** Fills the terminal with the list until a key ends it; the last list stays. */
const filling = Effect.fnUntraced(function*({ board, look, rest }: Looking) {
  const screen = yield* Screen
  const terminal = yield* Terminal.Terminal
  let note: string | undefined
  let last: ReadonlyArray<string> = []
  const noted = Effect.map(look, (news) => {
    note = isTrouble(news) ? silence(news) : undefined
  })
  const picture = Effect.fnUntraced(function*(hint: string | undefined) {
    const now = yield* Clock.currentTimeMillis
    const room = { columns: yield* terminal.columns, rows: yield* terminal.rows }
    return View.picture(screen.outStyle, board.rows(now), room, { now, note, hint })
  })
  yield* Effect.scoped(Effect.gen(function*() {
    // Before the terminal is filled: a store that cannot be read at all is a plain failure.
    yield* noted
    const fill = yield* screen.filled
    const draw = Effect.flatMap(picture(hint), fill)
    const sizes = yield* terminal.size
    const looks = Effect.gen(function*() {
      yield* rest
      yield* noted
      yield* draw
    })
    yield* Effect.raceAllFirst([
      Effect.forever(looks),
      Effect.forever(Effect.andThen(Queue.take(sizes), draw)).pipe(Effect.catch(() => Effect.never)),
      ended
    ]).pipe(Effect.onExit(() => Effect.map(picture(undefined), (lines) => void (last = lines))))
  })).pipe(Effect.ensuring(Effect.suspend(() => last.length === 0 ? Effect.void : screen.out(last.join("\n")))))
})

const hint = "q ends this. Looks at the store only; no provider is asked."

/** Waits for a key that ends it: q, Escape or Ctrl-D; Ctrl-C interrupts. */
const ended = Effect.gen(function*() {
  const stdio = yield* Stdio.Stdio
  const terminal = yield* Terminal.Terminal
  if (!(yield* stdio.stdinIsTerminal)) return yield* Effect.never
  const keys = yield* terminal.readInput
  const pressed = Effect.gen(function*() {
    const { key } = yield* Queue.take(keys)
    if (key.ctrl && key.name === "c") return yield* Effect.interrupt
    return key.name === "q" || key.name === "escape" || (key.ctrl && key.name === "d")
  })
  yield* Effect.repeat(pressed, { until: (isEnd) => isEnd })
}).pipe(Effect.scoped, Effect.catchTag("Done", () => Effect.never))
