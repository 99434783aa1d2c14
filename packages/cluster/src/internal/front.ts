/**
 * `VideoTasks` in front of a cluster: what only reads the store is done here, the rest by the owner of the task's bucket.
 */
import { type Ended, isEnded, successOf, type Task } from "@video-tasks/core/Task"
import * as TaskId from "@video-tasks/core/TaskId"
import { VideoProviders } from "@video-tasks/core/VideoProviders"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import type { Buckets } from "@video-tasks/runtime/SqlBuckets"
import { TaskStore } from "@video-tasks/runtime/TaskStore"
import * as VideoTasks from "@video-tasks/runtime/VideoTasks"
import * as Context from "effect/Context"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { submit } from "./frontSubmit.ts"
import { follow, type Wanted } from "./frontWaits.ts"
import * as Router from "./router.ts"

type Service = VideoTasks.VideoTasks["Service"]

/** What slow consumers of `observe` may lag behind, in changes; the oldest are left out. */
const observeBuffer = 64

/** @internal */
export interface Front {
  readonly router: Router.Router
  readonly buckets: Buckets
  readonly options: VideoTasks.Options
}

interface Parts {
  readonly router: Router.Router
  readonly store: TaskStore["Service"]
  /** Reads the store and knows the providers, and follows nothing. */
  readonly reader: Service
  /** The name under which the reader claims what it adopts. */
  readonly name: string
  readonly providers: VideoProviders["Service"]
  readonly platform: Context.Context<SecureRandom.SecureRandom>
}

/** @internal */
export const make = Effect.fnUntraced(function*(
  { buckets, options, router }: Front
): Effect.fn.Return<Service, never, VideoProviders | Scope.Scope> {
  const platform = yield* Layer.build(SecureRandom.layerWebCrypto)
  const name = `front:${yield* Effect.provideContext(TaskId.make, platform)}`
  const built = yield* Layer.build(
    VideoTasks.layer({ ...options, owner: name }).pipe(
      Layer.provide(Layer.succeed(TaskStore, buckets.store)),
      // The options were checked before the cluster was joined.
      Layer.orDie
    )
  )
  const reader = Context.get(built, VideoTasks.VideoTasks)
  const parts: Parts = { router, store: buckets.store, reader, name, providers: yield* VideoProviders, platform }
  const waiting = waits(parts)
  return {
    estimate: reader.estimate,
    get: reader.get,
    list: reader.list,
    submissions: reader.submissions,
    ...commands(parts),
    ...waiting,
    ...questions(parts)
  }
})

/** The id of a task; a handle that the store does not know is adopted. */
const idOf = Effect.fnUntraced(function*(
  { name, reader, store }: Parts,
  ref: VideoTasks.TaskRef
): Effect.fn.Return<TaskId.TaskId, VideoTaskError> {
  if (typeof ref === "string") return ref
  const known = yield* Effect.option(reader.get(ref))
  if (known._tag === "Some") return known.value.id
  yield* reader.attach(ref)
  const { id } = yield* reader.get(ref)
  // It is for the owner of its bucket to follow.
  yield* Effect.ignore(store.release(name, [id]))
  return id
})

const commands = (
  parts: Parts
): Pick<Service, "submit" | "attach" | "cancel" | "track" | "untrack" | "notify" | "lookUp" | "resolve" | "resume"> => {
  const { platform, reader, router, store } = parts
  return {
    submit: Effect.fn("VideoTasks.submit")(function*(request, options = {}) {
      const newId = Effect.provideContext(TaskId.make, platform)
      const id = options.id ?? (yield* newId)
      return yield* submit({ router, store }, { id, attempt: yield* newId, request, options })
    }),
    attach: Effect.fn("VideoTasks.attach")(function*(task) {
      const handle = yield* reader.attach(task)
      const { id } = yield* reader.get(handle)
      yield* Effect.ignore(store.release(parts.name, [id]))
      return handle
    }),
    cancel: Effect.fn("VideoTasks.cancel")(function*(ref) {
      const id = yield* idOf(parts, ref)
      return yield* Router.ask(router, id, (door) => door.cancel({ id }))
    }),
    track: Effect.fn("VideoTasks.track")(function*(ref) {
      const id = yield* idOf(parts, ref)
      yield* Router.ask(router, id, (door) => door.track({ id }))
    }),
    // A cluster follows whatever has not ended.
    untrack: () => Effect.void,
    notify: Effect.fn("VideoTasks.notify")(function*(ref, observation) {
      const { id } = yield* reader.get(ref)
      return yield* Router.ask(
        router,
        id,
        (door) => door.notify(observation === undefined ? { id } : { id, observation })
      )
    }),
    lookUp: Effect.fn("VideoTasks.lookUp")((id) => Router.ask(router, id, (door) => door.lookUp({ id }))),
    resolve: Effect.fn("VideoTasks.resolve")((id, resolution) =>
      Router.ask(
        router,
        id,
        (door) => door.resolve({ id, resolution: resolution === "discard" ? resolution : routed(resolution) })
      )
    ),
    resume: resume(router)
  }
}

/** Every owner resumes its buckets, and what they say is put together. */
const resume = (router: Router.Router): Service["resume"] =>
  Effect.fn("VideoTasks.resume")(function*({ lookUp = true } = {}) {
    const all = yield* Effect.forEach(
      Array.from({ length: router.count }, (_, bucket) => bucket),
      (bucket) => Router.askBucket(router, bucket, (door) => door.resume({ lookUp })),
      { concurrency: 8 }
    )
    return {
      tracked: all.reduce((sum, { tracked }) => sum + tracked, 0),
      found: all.flatMap(({ found }) => found),
      ambiguous: all.flatMap(({ ambiguous }) => ambiguous).toSorted((a, b) => a.startedAt - b.startedAt),
      leftAlone: all.flatMap(({ leftAlone }) => leftAlone),
      archiving: all.flatMap(({ archiving }) => archiving)
    }
  })

const routed = ({ check, remoteId, route }: Exclude<VideoTasks.Resolution, "discard">) => ({
  remoteId,
  ...(check === undefined ? {} : { check }),
  ...(route === undefined ? {} : { route })
})

const waits = (
  parts: Parts
): Pick<Service, "observe" | "await" | "awaitEnd" | "awaitArchived"> => {
  const { providers, reader, router } = parts
  const wanted = Effect.fnUntraced(function*(
    ref: VideoTasks.TaskRef,
    { deadline }: VideoTasks.WaitOptions = {}
  ): Effect.fn.Return<Wanted, VideoTaskError> {
    const id = yield* idOf(parts, ref)
    const { handle } = yield* reader.get(id)
    const { family } = yield* providers.forHandle(handle, "await")
    return { id, handle, deadlineMs: Duration.toMillis(deadline ?? family.poll.deadlineMs) }
  })
  const waitsFor = { router, get: reader.get }
  const awaitEnd = Effect.fnUntraced(function*(
    ref: VideoTasks.TaskRef,
    options: VideoTasks.WaitOptions = {}
  ): Effect.fn.Return<Ended, VideoTaskError> {
    let ended: Ended | undefined = undefined as Ended | undefined
    yield* follow(waitsFor, yield* wanted(ref, options), (task: Task) => {
      if (isEnded(task)) ended = task
    })
    return ended ?? (yield* Effect.die(new Error("a wait ended before its task")))
  })
  return {
    awaitEnd: Effect.fn("VideoTasks.awaitEnd")(awaitEnd),
    await: Effect.fn("VideoTasks.await")((ref, options) => Effect.flatMap(awaitEnd(ref, options), successOf)),
    observe: (ref, options) =>
      Stream.callback<Task, VideoTaskError>(
        (queue) =>
          Effect.flatMap(wanted(ref, options), (one) => follow(waitsFor, one, (task) => Queue.offerUnsafe(queue, task)))
            .pipe(
              Effect.andThen(Queue.end(queue)),
              Effect.catchCause((cause) => Queue.failCause(queue, cause))
            ),
        { bufferSize: observeBuffer, strategy: "sliding" }
      ),
    awaitArchived: Effect.fn("VideoTasks.awaitArchived")(function*(ref, options) {
      const { archived, id } = yield* Effect.flatMap(awaitEnd(ref, options), successOf)
      return archived ?? (yield* Router.ask(router, id, (door) => door.awaitArchived({ id })))
    })
  }
}

const questions = (parts: Parts): Pick<Service, "refresh" | "freshVideos" | "archiveInfo" | "pollInfo"> => {
  const { router } = parts
  return {
    refresh: Effect.fn("VideoTasks.refresh")(function*(ref) {
      const id = yield* idOf(parts, ref)
      return yield* Router.ask(router, id, (door) => door.refresh({ id }))
    }),
    freshVideos: Effect.fn("VideoTasks.freshVideos")(function*(ref) {
      const id = yield* idOf(parts, ref)
      return yield* Router.ask(router, id, (door) => door.freshVideos({ id }))
    }),
    archiveInfo: Effect.fnUntraced(function*(ref) {
      const { id } = yield* parts.reader.get(ref)
      return (yield* Router.ask(router, id, (door) => door.archiveInfo({ id }))) ?? undefined
    }),
    pollInfo: (ref) =>
      Effect.flatMap(idOf(parts, ref), (id) => Router.ask(router, id, (door) => door.pollInfo({ id }))).pipe(
        Effect.orElseSucceed(() => ({ polls: 0, failures: 0 }))
      )
  }
}
