/**
 * What can be done with one task. An action goes on in its scope although whoever asked for it hangs up.
 */
import type { Submission } from "@video-tasks/core/Submission"
import * as TaskId from "@video-tasks/core/TaskId"
import type { TaskStore } from "@video-tasks/runtime/TaskStore"
import type { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { Detail, Done } from "../Contract.ts"
import type { DashboardHub } from "../DashboardHub.ts"
import * as Abilities from "./abilities.ts"
import { notNow, ofError, Refusal, storeFailed, unknown } from "./refusal.ts"
import * as Retry from "./retry.ts"
import * as Words from "./words.ts"

/** What actions stand on. */
export interface Ground extends Abilities.Ground {
  readonly scope: Scope.Scope
  readonly hub: DashboardHub["Service"]
  readonly store: TaskStore["Service"]
  readonly tasks: VideoTasks["Service"]
}

/** Does something with a task. */
export type Act = (id: string, action: string, again?: string) => Effect.Effect<Done, Refusal>

/** Makes it. */
export const make = (ground: Ground): Act => {
  const parts: Parts = { ...ground, busy: new Set() }
  const underWay = new Map<string, Fiber.Fiber<Done, Refusal>>()
  return Effect.fnUntraced(function*(text, action, given) {
    if (given !== undefined && !TaskId.is(given)) return yield* noId
    // Who asks for the same new task again hears what becomes of the first one.
    const key = `${text} ${given}`
    const before = given === undefined ? undefined : underWay.get(key)
    const fiber = before ?? (yield* Effect.forkIn(act(parts, text, action, given), parts.scope))
    if (before === undefined && given !== undefined) {
      underWay.set(key, fiber)
      fiber.addObserver(() => underWay.delete(key))
    }
    return yield* Effect.timeoutOrElse(Fiber.join(fiber), {
      duration: patience,
      orElse: () => Effect.succeed(given === undefined ? late : { ...late, id: given })
    })
  })
}

// internal

interface Parts extends Ground {
  /** The actions that are under way. */
  readonly busy: Set<string>
}

/** How long the page waits for what comes of an action; the action itself goes on. */
const patience = "50 seconds"

const late: Done = { message: "It takes longer than usual. It goes on, and the list will show what comes of it." }

const noId = new Refusal({
  status: 422,
  reason: "BadRequest",
  message: "The id of a new task is a UUIDv7 in lower case."
})

const act = Effect.fnUntraced(function*(
  parts: Parts,
  id: string,
  action: string,
  given: TaskId.TaskId | undefined
): Effect.fn.Return<Done, Refusal> {
  if (!TaskId.is(id)) return yield* unknown
  const { busy, hub, store } = parts
  const submission = yield* Effect.mapError(store.submission(id), storeFailed)
  const stored = yield* Effect.mapError(store.load(id), storeFailed)
  if (stored === undefined && submission === undefined) return yield* unknown
  if (action !== "poll" && action !== "cancel" && action !== "retry") return yield* unknown
  const done = action === "retry" && submission !== undefined && given !== undefined
    ? yield* Retry.made(store, submission, given)
    : undefined
  if (done !== undefined) return done
  const may = (yield* Abilities.of(parts, stored, submission))[action]
  if (may !== true) return yield* notNow(may)
  const key = `${action} ${id}`
  if (busy.has(key)) return yield* notNow("That is under way already.")
  busy.add(key)
  const did = yield* Effect.ensuring(
    acted(parts, id, action, submission, given),
    Effect.sync(() => busy.delete(key))
  )
  yield* hub.look(id)
  if (did.id !== undefined) yield* hub.look(did.id)
  return did
})

const acted = Effect.fnUntraced(function*(
  { store, tasks }: Parts,
  id: TaskId.TaskId,
  action: keyof Detail["can"],
  submission: Submission | undefined,
  given: TaskId.TaskId | undefined
): Effect.fn.Return<Done, Refusal> {
  switch (action) {
    case "poll": {
      const task = yield* Effect.mapError(tasks.refresh(id), ofError)
      const progress = "progress" in task && task.progress !== undefined ? `, ${task.progress} %` : ""
      return { message: `It was read: ${Words.ofStatus[task.status]}${progress}.` }
    }
    case "cancel":
      return { message: cancelled[yield* Effect.mapError(tasks.cancel(id), ofError)] }
    case "retry": {
      if (submission === undefined) return yield* unknown
      const again = given ?? (yield* Effect.provide(TaskId.make, SecureRandom.layerWebCrypto))
      return yield* Retry.make(tasks, store, submission, again)
    }
  }
})

const cancelled = {
  confirmed: "The provider confirmed that it is cancelled.",
  unsupported: "The API has no way to cancel: the task goes on.",
  failed: "It could not be cancelled: the task goes on, or had ended before."
}
