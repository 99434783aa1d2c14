/**
 * The door to the buckets of this runner: hands what is asked to their engines.
 */
import type { TaskId } from "@video-tasks/core/TaskId"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import type * as VideoTasks from "@video-tasks/runtime/VideoTasks"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import type { Engine, Engines } from "./engines.ts"
import { look } from "./rescue.ts"
import { isOfStore, storeError } from "./storeError.ts"
import { Begun, bucketIn, Door, fromWire, NotHere, type Request, type SubmitOptions } from "./wire.ts"

/**
 * Takes care of a task whose runner may not store it any more.
 *
 * @internal
 */
export type Rescue = (id: TaskId, error: VideoTaskError.VideoTaskError) => Effect.Effect<void>

interface Order {
  readonly id: TaskId
  /** The same each time that one submit is sent. */
  readonly attempt: string
  readonly request: typeof Request.Type
  readonly options: SubmitOptions
}

/** @internal */
export const handlers = (engines: Engines, rescue: Rescue) => {
  const ask = <A, E>(
    { address }: { readonly address: { readonly entityId: string } },
    command: (tasks: VideoTasks.VideoTasks["Service"]) => Effect.Effect<A, E>
  ): Effect.Effect<A, E | NotHere> =>
    engines.use(bucketIn(address.entityId), (engine) => orElsewhere(engine, command(engine.tasks)))

  return Door.of({
    ping: ({ address }) => Effect.asVoid(engines.find(bucketIn(address.entityId))),
    submit: ({ address, payload }) =>
      Effect.flatMap(engines.find(bucketIn(address.entityId)), (engine) => submit(engine, payload, rescue)),
    abandon: ({ address, payload }) =>
      Effect.map(engines.find(bucketIn(address.entityId)), (engine) => abandon(engine, payload)),
    cancel: (envelope) => ask(envelope, (tasks) => tasks.cancel(envelope.payload.id)),
    refresh: (envelope) => ask(envelope, (tasks) => tasks.refresh(envelope.payload.id)),
    freshVideos: (envelope) => ask(envelope, (tasks) => tasks.freshVideos(envelope.payload.id)),
    notify: (envelope) => {
      const { id, observation } = envelope.payload
      return ask(envelope, (tasks) => observation === undefined ? tasks.notify(id) : tasks.notify(id, observation))
    },
    track: (envelope) => ask(envelope, (tasks) => tasks.track(envelope.payload.id)),
    observe: ({ address, payload: { deadlineMs, id } }) => {
      const bucket = bucketIn(address.entityId)
      return Stream.unwrap(
        Effect.map(engines.find(bucket), ({ tasks }) => tasks.observe(id, { deadline: deadlineMs ?? Infinity }))
      ).pipe(
        // The engine has ended, not the task.
        Stream.catchCause((cause) =>
          Cause.hasInterruptsOnly(cause) ? Stream.fail(new NotHere({ bucket })) : Stream.failCause(cause)
        )
      )
    },
    lookUp: (envelope) => ask(envelope, (tasks) => tasks.lookUp(envelope.payload.id)),
    resolve: (envelope) => {
      const { id, resolution } = envelope.payload
      return ask(envelope, (tasks) => tasks.resolve(id, resolution))
    },
    resume: (envelope) => ask(envelope, (tasks) => tasks.resume({ lookUp: envelope.payload.lookUp, takeOver: false })),
    awaitArchived: (envelope) => ask(envelope, (tasks) => tasks.awaitArchived(envelope.payload.id)),
    archiveInfo: (envelope) =>
      ask(
        envelope,
        (tasks) =>
          Effect.map(tasks.archiveInfo(envelope.payload.id), (info) => info === undefined ? null : present(info))
      ),
    pollInfo: (envelope) => ask(envelope, (tasks) => Effect.map(tasks.pollInfo(envelope.payload.id), present))
  })
}

/** What the store refuses an owner who has lost the bucket, the next owner does. */
const orElsewhere = <A, E>({ bucket, isLost }: Engine, command: Effect.Effect<A, E>): Effect.Effect<A, E | NotHere> =>
  Effect.tapError(command, (error) =>
    error instanceof VideoTaskError.VideoTaskError && isOfStore(error)
      ? Effect.flatMap(isLost, (isLost) => isLost ? Effect.fail(new NotHere({ bucket })) : Effect.void)
      : Effect.void)

/** Leaves out what is `undefined`: what goes over the wire has it or has it not. */
const present = <A extends object>(fields: A): { readonly [K in keyof A]: Exclude<A[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    readonly [K in keyof A]: Exclude<A[K], undefined>
  }

/**
 * Submits once, however often it is asked to: the same attempt gets the same answer. It goes on when who asked can't hear the
 * answer any more, be it that their link is cut or that the bucket moves: it may be paid for already.
 */
const submit = (engine: Engine, order: Order, rescue: Rescue) =>
  Effect.uninterruptibleMask(Effect.fnUntraced(function*(restore) {
    const { attempt, id } = order
    const known = engine.submits.get(id)
    if (known !== undefined && known.attempt !== attempt) {
      return yield* Effect.fail(storeError(`submission ${id} is being made for somebody else`, true))
    }
    const whole = Effect.interruptible(engine.work.run(begin(engine, order, rescue)))
    const fiber = known?.fiber ?? (yield* Effect.forkIn(whole, engine.scope, { startImmediately: true }))
    if (known === undefined && fiber.pollUnsafe() === undefined) engine.submits.set(id, { attempt, fiber })
    return yield* restore(Fiber.join(fiber))
  }))

const abandon = ({ submits }: Engine, { attempt, id }: Pick<Order, "attempt" | "id">): void => {
  const known = submits.get(id)
  if (known?.attempt === attempt) known.fiber.interruptUnsafe()
}

const begin = (engine: Engine, { id, options, request }: Order, rescue: Rescue) => {
  const made = Effect.gen(function*() {
    const known = yield* look(engine, id)
    if (known !== undefined) return yield* Effect.fail(new Begun({ id }))
    const handle = yield* Effect.raceFirst(
      engine.tasks.submit(fromWire(request), optionsOf(id, options)),
      Deferred.await(engine.closing).pipe(Effect.andThen(handedOn(engine, id)), Effect.andThen(Effect.never))
    ).pipe(
      Effect.tapError(() => Deferred.isDoneUnsafe(engine.closing) ? handedOn(engine, id) : Effect.void)
    )
    // A cluster follows what it makes, whoever waits for it.
    yield* Effect.ignore(engine.tasks.track(id))
    return handle
  })
  return orElsewhere(engine, made).pipe(
    Effect.tapError((error) => error._tag === "VideoTaskError" ? rescue(id, error) : Effect.void),
    Effect.ensuring(Effect.sync(() => {
      engine.submits.delete(id)
      engine.begun.delete(id)
    }))
  )
}

/** A create that stands in line when its bucket is given up is for the next owner to send. */
const handedOn = ({ begun, bucket }: Engine, id: TaskId): Effect.Effect<void, NotHere> =>
  Effect.suspend(() => begun.has(id) ? Effect.void : Effect.fail(new NotHere({ bucket })))

const optionsOf = (id: TaskId, options: SubmitOptions): VideoTasks.SubmitOptions => ({
  id,
  resubmit: options.resubmit,
  force: options.force,
  maxCost: options.maxCost,
  ...(options.callbackUrl === undefined ? {} : { callbackUrl: new URL(options.callbackUrl) }),
  ...(options.patienceMs === undefined ? {} : { interrupted: { patience: options.patienceMs } })
})
