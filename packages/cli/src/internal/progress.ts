/**
 * Follows tasks and shows them: live lines at the foot of a terminal, one plain line for each change elsewhere.
 */
import { type Ended, isEnded, type Task } from "@video-tasks/core/Task"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import { VideoTasks, type WaitOptions } from "@video-tasks/runtime/VideoTasks"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Format from "./duration.ts"
import type { Moment } from "./render.ts"
import * as Render from "./render.ts"
import { Reporter } from "./reporter.ts"
import { Screen } from "./screen.ts"

/** How a task that was followed ended, or why following it did. */
export type Ending =
  | { readonly _tag: "ended"; readonly handle: TaskHandle; readonly task: Ended }
  | { readonly _tag: "failed"; readonly handle: TaskHandle; readonly error: VideoTaskError.VideoTaskError }

/** How to follow. */
export interface FollowOptions {
  readonly wait?: WaitOptions | undefined
  /** What to do with each change of a task. */
  readonly onChange?: ((task: Task) => Effect.Effect<void>) | undefined
  /** What to do with each task as soon as it is over. */
  readonly onEnding?: ((ending: Ending) => Effect.Effect<void>) | undefined
  /** Where the file of the one task shall go: an interruption names the command that still brings it there. */
  readonly output?: string | undefined
  /** What to say of an interruption instead. */
  readonly onInterrupt?: Effect.Effect<void> | undefined
  /** Keeps the live lines of ended tasks until all are over. */
  readonly keepLines?: boolean | undefined
}

/**
 * Follows tasks until all are over. An interruption tells how to go on with those that are not.
 */
export const follow = Effect.fn("progress.follow")(
  function*(handles: ReadonlyArray<TaskHandle>, options: FollowOptions = {}) {
    const tasks = yield* VideoTasks
    const reporter = yield* Reporter
    const board = yield* makeBoard(options.keepLines === true)
    const open = new Set(handles)
    const one = Effect.fnUntraced(function*(handle: TaskHandle) {
      const ending = yield* tasks.observe(handle, options.wait).pipe(
        Stream.tap((task) => board.changed(handle, task)),
        Stream.tap((task) => options.onChange === undefined ? Effect.void : options.onChange(task)),
        Stream.runLast,
        Effect.flatMap((last) =>
          last._tag === "Some" && isEnded(last.value)
            ? Effect.succeed<Ending>({ _tag: "ended", handle, task: last.value })
            : Effect.die(new Error("a task that was followed has not ended"))
        ),
        Effect.catch((error) => Effect.succeed<Ending>({ _tag: "failed", handle, error }))
      )
      open.delete(handle)
      yield* board.ended(handle)
      if (options.onEnding !== undefined) yield* options.onEnding(ending)
      return ending
    })
    return yield* Effect.forEach(handles, one, { concurrency: "unbounded" }).pipe(
      Effect.raceFirst(board.tick),
      Effect.ensuring(board.clear),
      Effect.onInterrupt(() => options.onInterrupt ?? reporter.interrupted([...open], options.output))
    )
  }
)

/** Shows on a terminal that something is under way, once it takes a moment. */
export const underWay = <A, E, R>(
  what: string,
  self: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R | Reporter | Screen> =>
  Effect.scoped(Effect.gen(function*() {
    const reporter = yield* Reporter
    const screen = yield* Screen
    if (!screen.animated || reporter.quiet) return yield* self
    const startedAt = yield* Clock.currentTimeMillis
    const draw = Effect.flatMap(
      Clock.currentTimeMillis,
      (now) => screen.live([`${what}  ${screen.errStyle.dim(Format.format(now - startedAt))}`])
    )
    yield* Effect.addFinalizer(() => screen.live([]))
    yield* Effect.forkScoped(Effect.delay(Effect.forever(Effect.andThen(draw, Effect.sleep(frame))), unnoticed))
    return yield* self
  }))

// internal

/** What is over sooner is not worth a line. */
const unnoticed = Duration.millis(300)

/** The time between two pictures. */
const frame = Duration.millis(100)

/** How many tasks have a live line; a terminal has no room for thousands. */
const mostLines = 20

/** What is on the screen: the last moment of each task. */
const makeBoard = Effect.fnUntraced(function*(keepLines: boolean) {
  const tasks = yield* VideoTasks
  const reporter = yield* Reporter
  const screen = yield* Screen
  const shown = new Map<TaskHandle, { readonly task: Task; readonly failures: number }>()
  const moment = (handle: TaskHandle, task: Task): Effect.Effect<Moment> =>
    Effect.zipWith(tasks.pollInfo(handle), Clock.currentTimeMillis, (info, now) => ({ task, info, now }))
  const draw = Effect.gen(function*() {
    if (!screen.animated || reporter.quiet) return
    const first = [...shown].slice(0, mostLines)
    const moments = yield* Effect.forEach(first, ([handle, { task }]) => moment(handle, task))
    const more = shown.size - first.length
    yield* screen.live([
      ...Render.liveLines(screen.errStyle, moments, yield* screen.columns),
      ...(more === 0 ? [] : [screen.errStyle.dim(`… and ${more} more`)])
    ])
  })
  /** Where there are no live lines, a read that fails is worth a line of its own. */
  const tellTrouble = Effect.fnUntraced(function*() {
    if (screen.animated || reporter.json) return
    for (const [handle, { failures, task }] of shown) {
      const now = yield* moment(handle, task)
      const current = now.info?.failures ?? 0
      if (current === failures || isEnded(task)) continue
      shown.set(handle, { task, failures: current })
      if (current > failures) yield* reporter.changed(now)
    }
  })
  return {
    changed: Effect.fnUntraced(function*(handle: TaskHandle, task: Task) {
      const now = yield* moment(handle, task)
      shown.set(handle, { task, failures: now.info?.failures ?? 0 })
      if (!isEnded(task) || (keepLines && !reporter.json)) yield* reporter.changed(now)
      yield* draw
    }),
    ended: (handle: TaskHandle) =>
      Effect.suspend(() => {
        if (!keepLines) shown.delete(handle)
        return draw
      }),
    tick: Effect.sleep(frame).pipe(Effect.andThen(tellTrouble()), Effect.andThen(draw), Effect.forever),
    clear: screen.live([])
  }
})
