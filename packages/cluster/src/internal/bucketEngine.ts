/**
 * What a runner does for a bucket: takes it, and runs the in-process engine over it until it is lost or given up.
 */
import type { TaskId } from "@video-tasks/core/TaskId"
import type { VideoProvider } from "@video-tasks/core/VideoProvider"
import { VideoProviders } from "@video-tasks/core/VideoProviders"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import type { Bucket, Buckets } from "@video-tasks/runtime/SqlBuckets"
import { TaskStore, TaskStoreError } from "@video-tasks/runtime/TaskStore"
import * as VideoTasks from "@video-tasks/runtime/VideoTasks"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { type Engine, type Engines, Work } from "./engines.ts"

/** After how many ms a bucket is tried again that could not be taken. */
const againMs = 1000

/** How long a create is waited for whose bucket is somebody else's by now, in ms. */
const createMs = 180_000

/** A create is sent at most so many ms after the write or the look was begun that says whose bucket it is. */
const freshMs = 2000

/** @internal */
export interface BucketEngine {
  readonly buckets: Buckets
  readonly engines: Engines
  /** What this runner is called. */
  readonly runner: string
  readonly options: VideoTasks.Options
  /** How long commands may take that are being done when the bucket is given up. */
  readonly grace: Duration.Input
  /** Closes when the runner has given everything up. */
  readonly scope: Scope.Scope
  /**
   * After what time a bucket that was lost is taken again, in ms: until then the cluster has told a runner that was away
   * whether the bucket should be its own at all.
   */
  readonly lostMs: number
}

/**
 * Runs until it is interrupted.
 *
 * @internal
 */
export const run = (
  parts: BucketEngine,
  bucket: number
): Effect.Effect<never, TaskStoreError, VideoProviders> =>
  Effect.scoped(serve(parts, bucket)).pipe(
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.failCause(cause)
        : Effect.as(Effect.logWarning("a bucket could not be served", cause), againMs)
    ),
    Effect.flatMap((waitMs) => Effect.sleep(waitMs)),
    Effect.forever,
    Effect.annotateLogs({ bucket })
  )

/** Takes the bucket and serves it until somebody else has taken it; returns when to try again. */
const serve = Effect.fnUntraced(function*(
  parts: BucketEngine,
  bucket: number
): Effect.fn.Return<number, TaskStoreError, Scope.Scope | VideoProviders> {
  const taken = yield* parts.buckets.take(bucket, parts.runner)
  const { engine } = yield* Effect.acquireRelease(
    Effect.flatMap(Scope.fork(parts.scope), (life) => opened(parts, taken, life)),
    ({ engine, life }) => givenUp(parts, engine, life)
  )
  yield* Effect.raceFirst(resumed(engine.tasks), taken.lost)
  yield* taken.lost
  yield* Effect.logWarning(`bucket ${bucket} was taken over by another runner`)
  return parts.lostMs
})

/** An engine over the bucket, for as long as it lives: its commands end before it does. */
const opened = Effect.fnUntraced(function*(
  { engines, options }: BucketEngine,
  taken: Bucket,
  life: Scope.Closeable
) {
  const providers = yield* VideoProviders
  const closing = yield* Deferred.make<void>()
  const begun = new Set<TaskId>()
  const sure = new Sure(taken)
  const store = gated(taken.store, { closing, begun, sure })
  const services = yield* Layer.buildWithScope(
    VideoTasks.layer({ ...options, owner: taken.owner, followUntil: Deferred.await(closing) }).pipe(
      Layer.provide(Layer.succeed(TaskStore, store)),
      Layer.provide(Layer.succeed(VideoProviders, fenced(providers, sure))),
      // The options were checked before the runner became a member.
      Layer.orDie
    ),
    life
  )
  const engine: Engine = {
    bucket: taken.bucket,
    tasks: Context.get(services, VideoTasks.VideoTasks),
    store,
    scope: yield* Scope.fork(life),
    submits: new Map(),
    work: new Work(),
    begun,
    closing,
    isLost: taken.isLost
  }
  engines.opened(engine)
  return { engine, life }
})

/**
 * Frees the bucket within the grace. A create that is still out then goes on without it: what it is answered is stored by
 * whoever has the bucket.
 */
const givenUp = Effect.fnUntraced(function*(
  { engines, grace, scope }: BucketEngine,
  engine: Engine,
  life: Scope.Closeable
) {
  engines.closing(engine.bucket)
  yield* engines.done(engine, grace)
  engines.closed(engine.bucket)
  const close = Scope.close(life, Exit.void)
  const creates = [...engine.submits.values()]
  if (creates.length === 0 || engines.hasStopped) return yield* close
  const answers = Effect.forEach(creates, ({ fiber }) => Fiber.await(fiber), { concurrency: "unbounded" })
  yield* Effect.forkIn(Effect.andThen(Effect.timeoutOption(answers, createMs), close), scope)
})

/** Goes on with what is in the bucket, and with what comes into it by other ways. */
const resumed = (tasks: VideoTasks.VideoTasks["Service"]) =>
  tasks.resume().pipe(
    Effect.tapError((error) => Effect.logWarning("a bucket could not be resumed", error.message)),
    Effect.retry(Schedule.spaced(againMs)),
    Effect.orDie
  )

/** Since when it is known that a bucket was ours. */
class Sure {
  readonly #taken: Bucket
  #since = -Infinity

  constructor(taken: Bucket) {
    this.#taken = taken
  }

  /** A write of the owner, which is refused when it is not ours any more, or a look. */
  by<A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.flatMap(Clock.currentTimeMillis, (now) =>
      Effect.tap(effect, () =>
        Effect.sync(() => {
          this.#since = Math.max(this.#since, now)
        })))
  }

  readonly isFresh: Effect.Effect<boolean> = Effect.map(
    Clock.currentTimeMillis,
    (now) => now - this.#since <= freshMs
  )

  /** Looks, where it is not known well enough. */
  get confirmed(): Effect.Effect<void, TaskStoreError> {
    return Effect.flatMap(this.isFresh, (isFresh) => isFresh ? Effect.void : this.by(this.#taken.confirm))
  }
}

/** A store in which no create is begun any more when its bucket is being given up. */
const gated = (
  store: TaskStore["Service"],
  { begun, closing, sure }: Pick<Engine, "begun" | "closing"> & { readonly sure: Sure }
): TaskStore["Service"] => ({
  ...store,
  begin: (submission, lease) =>
    Effect.suspend(() => {
      if (Deferred.isDoneUnsafe(closing)) {
        return Effect.fail(new TaskStoreError({ detail: "the bucket is being given up", retryable: false }))
      }
      begun.add(submission.id)
      return sure.by(store.begin(submission, lease))
    })
})

/** Providers that send a create only while the bucket is ours: the intent stands in the store before. */
const fenced = (providers: VideoProviders["Service"], sure: Sure): VideoProviders["Service"] => {
  const all = providers.all.map((provider): VideoProvider => ({
    ...provider,
    create: (request, options) => Effect.andThen(confirmed(provider, sure), provider.create(request, options))
  }))
  const byId = new Map(all.map((provider) => [provider.id, provider]))
  const of = ({ id }: VideoProvider) => Effect.fromNullishOr(byId.get(id)).pipe(Effect.orDie)
  return VideoProviders.of({
    all,
    get: (id, operation) => Effect.flatMap(providers.get(id, operation), of),
    forHandle: (handle, operation) =>
      Effect.flatMap(
        providers.forHandle(handle, operation),
        ({ family, provider }) => Effect.map(of(provider), (provider) => ({ family, provider }))
      )
  })
}

const confirmed = Effect.fnUntraced(function*(provider: VideoProvider, sure: Sure) {
  const unsent = (detail: string) =>
    Effect.fail(VideoTaskError.make({
      provider: provider.id,
      operation: "create",
      reason: new VideoTaskError.NotSent({ detail })
    }))
  yield* Effect.catch(
    Effect.timeoutOrElse(sure.confirmed, {
      duration: freshMs,
      orElse: () => unsent("the store did not say whose task it is")
    }),
    (error) => error._tag === "TaskStoreError" ? unsent(error.message) : Effect.fail(error)
  )
  // A process that was asleep in between can't know whose it is by now.
  if (!(yield* sure.isFresh)) return yield* unsent("this process was away for too long")
})
