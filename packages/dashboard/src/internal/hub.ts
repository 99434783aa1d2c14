/**
 * The hub: a board of lines, the observer that writes on it, and the watch over the store.
 */
import { noop, type ObservedPoll, type ObservedStep, type Observer } from "@video-tasks/runtime/TaskObserver"
import { TaskStore } from "@video-tasks/runtime/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { DashboardHub, Options } from "../DashboardHub.ts"
import { Board } from "./board.ts"
import { PollLogs } from "./pollLogs.ts"
import * as Rows from "./rows.ts"
import { Watch } from "./watch.ts"
import * as Words from "./words.ts"

/** Makes the hub, and begins to watch the store. */
export const make = Effect.fnUntraced(function*(
  options: Options,
  beside: Observer
): Effect.fn.Return<
  { readonly hub: DashboardHub["Service"]; readonly observer: Observer },
  never,
  Scope.Scope | TaskStore
> {
  const store = yield* TaskStore
  const now = yield* Clock.currentTimeMillis
  const { lookEveryMs = 1000, maxTasks = 10_000, owner, showPrompts = true } = options
  const polls = new PollLogs()
  const board: Board = new Board({
    maxTasks,
    gone: (id) => {
      polls.remove(id)
      watch.gone(id)
    }
  })
  const watch = new Watch({ board, store, owner, showPrompts, lookEveryMs })
  yield* Effect.forkScoped(watch.run)
  const hub: DashboardHub["Service"] = {
    epoch: `${now.toString(36)}${Math.floor(Math.random() * 0x7fff_ffff).toString(36)}`,
    maxTasks: board.maxTasks,
    showPrompts,
    everything: Effect.sync(() => ({ seq: board.seq, rows: board.rows })),
    news: (seq) => Effect.sync(() => board.since(seq)),
    summary: Effect.sync(() => ({
      version: board.version,
      providers: board.providers.all,
      isTruncated: board.leftOut !== undefined,
      leftOut: board.leftOut,
      problem: board.problem,
      steps: board.steps
    })),
    changed: (seq, version) =>
      Effect.callback<void>((resume) => {
        if (board.seq !== seq || board.version !== version) return resume(Effect.void)
        const forget = board.listen(() => resume(Effect.void))
        return Effect.sync(forget)
      }),
    row: (id) => Effect.sync(() => board.get(id)),
    polls: (id) => Effect.sync(() => ({ moments: polls.of(id), failure: polls.failureOf(id) })),
    look: (id, looked) => watch.look(id, looked)
  }
  return { hub, observer: observerOf(board, polls, watch, beside) }
})

// internal

const observerOf = (board: Board, polls: PollLogs, watch: Watch, beside: Observer): Observer => ({
  step: (step) => {
    stepped(board, watch, step)
    return beside === noop ? Effect.void : beside.step(step)
  },
  poll: (poll) => {
    polled(board, polls, poll)
    return beside.poll === undefined ? Effect.void : beside.poll(poll)
  }
})

const stepped = (board: Board, watch: Watch, { at, event, id, seq, snapshot }: ObservedStep): void => {
  const before = board.get(id)
  if (!watch.isNews(id, seq + 1)) return
  board.steps++
  board.put(Rows.ofSnapshot(snapshot, { text: Words.ofEvent(event, snapshot), at }, before))
  watch.heard(id, before === undefined || before.prompt === undefined)
}

const polled = (board: Board, polls: PollLogs, poll: ObservedPoll): void => {
  if (poll.failure?.reason === "Unauthorized") board.keyRejected(poll.provider, true)
  else if (poll.outcome !== "failed") board.keyRejected(poll.provider, false)
  const before = board.get(poll.id)
  if (before === undefined) return
  polls.add(poll)
  board.put(Rows.afterPoll(before, poll))
}
