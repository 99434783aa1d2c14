/**
 * Going on with what another process, or this one before it stopped, has left unfinished.
 */
import { format } from "@video-tasks/core/TaskHandle"
import type { TaskId } from "@video-tasks/core/TaskId"
import type * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { StoredTask, TaskStoreError } from "../TaskStore.ts"
import type { Resumed, ResumeOptions } from "../VideoTasks.ts"
import { fromStore, retryStore } from "./errors.ts"
import * as Submissions from "./submissions.ts"
import * as Traces from "./traces.ts"

/** For how long a create that is not found is looked up again, in ms. */
const looksAgainForMs = 900_000

/** How many times in a row nothing is taken over at most, because much has to be given back. */
const mostSkipped = 30

/** @internal */
export interface Resuming extends Submissions.Submissions {
  /** Follows the tasks, the first ones first; fails for one whose provider is not configured as it was. */
  readonly tracker: () => (stored: StoredTask) => Effect.Effect<void, VideoTaskError.VideoTaskError>
}

/** What one process knows of what it goes on with. */
interface State {
  readonly parts: Resuming
  /** Those of which it was said that they are left alone. */
  readonly told: Set<TaskId>
  isSweeping: boolean
  /** What is left alone is claimed and given back each time, which costs writes: the more there is of it, the rarer. */
  skipped: number
  toSkip: number
}

/** @internal */
export const make = (
  parts: Resuming
): (options?: ResumeOptions) => Effect.Effect<Omit<Resumed, "archiving">, VideoTaskError.VideoTaskError> => {
  const state: State = { parts, told: new Set(), isSweeping: false, skipped: 0, toSkip: 0 }
  return Effect.fn("VideoTasks.resume")(function*(options: ResumeOptions = {}) {
    const orFail = <A>(effect: Effect.Effect<A, TaskStoreError>) =>
      Effect.mapError(effect, (error) => fromStore(error, "store"))
    const first = yield* orFail(takeOver(state))
    const { ambiguous, found } = yield* orFail(look(parts, { lookUp: options.lookUp !== false, since: 0 }))
    if (!state.isSweeping && options.takeOver !== false) {
      state.isSweeping = true
      yield* parts.refs.journal.claims.every(sweep(state))
    }
    return { tracked: first.tracked + found.length, found, ambiguous, leftAlone: first.leftAlone }
  })
}

const takeOver = Effect.fnUntraced(function*(
  { parts, told }: State
): Effect.fn.Return<Pick<Resumed, "tracked" | "leftAlone">, TaskStoreError> {
  const track = parts.tracker()
  const traces: Array<string | undefined> = []
  const leftAlone: Array<VideoTaskError.VideoTaskError> = []
  let tracked = 0
  yield* parts.refs.journal.claims.takeAll((stored) =>
    track(stored).pipe(
      Effect.map(() => {
        tracked++
        traces.push(stored.snapshot.task.trace)
        return true
      }),
      Effect.catch((error) => {
        const { handle, id } = stored.snapshot.task
        leftAlone.push(error)
        if (told.has(id)) return Effect.succeed(false)
        told.add(id)
        const words = `task ${format(handle)} of ${handle.provider} is left alone: ${error.message}`
        return Effect.as(Effect.logWarning(words), false)
      })
    )
  )
  yield* Traces.linkCurrent(traces)
  return { tracked, leftAlone }
})

const look = Effect.fnUntraced(function*(
  parts: Resuming,
  options: { readonly lookUp: boolean; readonly since: number }
) {
  const { claims, store } = parts.refs.journal
  yield* Submissions.judgeAbandoned(parts)
  const looked = yield* Submissions.lookUp(parts, options)
  // What was found is held since it was made, and followed like the others.
  const track = parts.tracker()
  for (const handle of looked.found) {
    const stored = yield* retryStore(store.find(handle))
    const now = yield* Clock.currentTimeMillis
    if (stored !== undefined && !claims.isElsewhere(stored, now)) yield* Effect.ignore(track(stored))
  }
  return looked
})

/** Whoever dies from now on leaves what it held to us. */
const sweep = Effect.fnUntraced(
  function*(state: State) {
    const now = yield* Clock.currentTimeMillis
    const { found } = yield* look(state.parts, { lookUp: true, since: now - looksAgainForMs })
    let tracked = 0
    if (state.skipped >= state.toSkip) {
      const taken = yield* takeOver(state)
      tracked = taken.tracked
      state.skipped = 0
      state.toSkip = Math.min(mostSkipped, Math.floor(taken.leftAlone.length / 100))
    } else state.skipped++
    if (found.length + tracked > 0) {
      yield* Effect.logInfo("tasks were taken over", { found: found.length, tracked })
    }
  },
  Effect.catchCause((cause) => Effect.logWarning("what others left could not be looked at", cause))
)
