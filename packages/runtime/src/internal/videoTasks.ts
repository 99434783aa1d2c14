import * as RequestRecord from "@video-tasks/core/RequestRecord"
import { type Ended, isEnded, successOf, type Task } from "@video-tasks/core/Task"
import * as TaskId from "@video-tasks/core/TaskId"
import * as TaskMachine from "@video-tasks/core/TaskMachine"
import { isTerminal } from "@video-tasks/core/TaskStatus"
import { VideoProviders } from "@video-tasks/core/VideoProviders"
import type * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { CostBudget } from "../CostBudget.ts"
import { longestLeaseMs } from "../Standing.ts"
import { type StoredTask, TaskStore } from "../TaskStore.ts"
import type { Options, TaskRef, VideoTasks, WaitOptions } from "../VideoTasks.ts"
import * as Announcer from "./announcer.ts"
import { Archive } from "./archiveService.ts"
import { archiving } from "./archiving.ts"
import * as Batch from "./batch.ts"
import { Claims } from "./claims.ts"
import { Durations } from "./durations.ts"
import type { Lane } from "./entry.ts"
import { fromStore, retryStore } from "./errors.ts"
import { instrument, type Instruments } from "./instrument.ts"
import type { Journal } from "./journal.ts"
import { accountsOf, Lanes, limitsOf, overridesOf } from "./lanes.ts"
import { notify } from "./notify.ts"
import { held } from "./outcomes.ts"
import { pollInfo } from "./pollInfo.ts"
import { prepare, target } from "./prepare.ts"
import * as Prices from "./prices.ts"
import * as Read from "./read.ts"
import { Recent } from "./recent.ts"
import * as Refs from "./refs.ts"
import * as Requests from "./requests.ts"
import * as Resolving from "./resolving.ts"
import * as Resume from "./resume.ts"
import * as Scheduler from "./scheduler.ts"
import { guarded } from "./spending.ts"
import * as Submissions from "./submissions.ts"
import { submit } from "./submit.ts"
import * as Tracking from "./tracking.ts"
import { follow } from "./waits.ts"

type Service = VideoTasks["Service"]

/** What slow consumers of `observe` may lag behind, in changes; the oldest are left out. */
const observeBuffer = 64

/** The parts that the operations are made of. */
interface Parts {
  readonly refs: Refs.Refs
  readonly prices: Prices.Prices
  readonly store: TaskStore["Service"]
  readonly scheduler: Scheduler.Scheduler
  readonly recent: Recent
  readonly reads: Read.ReadOptions
  readonly instruments: Instruments
  readonly scope: Scope.Scope
  readonly platform: Context.Context<SecureRandom.SecureRandom>
  readonly claims: Claims
  readonly keepsRequests: boolean
}

/** @internal */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Service, never, VideoProviders | TaskStore | Scope.Scope> {
  const providers = yield* VideoProviders
  const store = yield* TaskStore
  const platform = yield* Layer.build(SecureRandom.layerWebCrypto)
  const budget = yield* Effect.serviceOption(CostBudget)
  const book = Option.getOrUndefined(budget)?.book
  const announce = yield* Announcer.make
  // What is still being written when everything ends is waited for at the same time.
  const scope = yield* Scope.make("parallel")
  const claims = new Claims({
    store,
    owner: options.owner ?? (yield* Effect.provideContext(TaskId.make, platform)),
    leaseMs: Math.min(longestLeaseMs, Duration.toMillis(options.lease ?? "1 minute")),
    scope,
    until: options.followUntil,
    fork: (effect) => scheduler.fork(effect),
    isFollowed: (id) => scheduler.entries.has(id)
  })
  const steps = { store, announce: announce.step, book, claims, scope, cancelling: new Set<TaskId.TaskId>() }
  const archive = yield* Effect.serviceOption(Archive)
  const archiver = Option.isSome(archive) ? yield* archive.value.archiver(steps) : undefined
  const journal: Journal = { ...steps, succeeded: archiver?.begin }
  const durations = new Durations()
  const recent = new Recent()
  const instruments = yield* instrument(options.pollSpans ?? true)
  const reads: Read.ReadOptions = { journal, durations, ...instruments }
  const scheduler: Scheduler.Scheduler = yield* Scheduler.make({
    read: instruments.read(Read.make(reads)),
    readMany: instruments.readMany(Batch.make(reads)),
    durations,
    onPoll: announce.poll,
    until: options.followUntil,
    onDrop: (entry, hasEnded) => {
      recent.add(entry)
      claims.dropped(entry.id, hasEnded)
    }
  })
  yield* Effect.addFinalizer(() => claims.close)
  const lanes = new Lanes({
    providers,
    account: yield* accountsOf(scheduler),
    limits: limitsOf(options.budget),
    overrides: overridesOf(options.poll),
    scheduler
  })
  yield* Effect.addFinalizer(() => Effect.sync(() => lanes.close()))
  yield* Effect.addFinalizer((exit) => Scope.close(scope, exit))
  const parts: Parts = {
    claims,
    keepsRequests: options.keepRequests !== false,
    refs: { journal, lanes, providers },
    prices: yield* Prices.make(providers),
    store,
    scheduler,
    recent,
    reads,
    instruments,
    scope,
    platform
  }
  const resume = Resume.make({
    refs: parts.refs,
    tracker: Tracking.make({ ...parts, laneOf: (stored) => laneOf(parts, stored, "await") })
  })
  const waiting = waits(parts)
  return {
    ...commands(parts),
    ...waiting,
    ...questions(parts),
    ...archiving(archiver, parts.refs, waiting.await),
    ...submissions(parts),
    resume: (options) =>
      Effect.flatMap(
        resume(options),
        (resumed) => Effect.map(archiver?.catchUp ?? Effect.succeed([]), (archiving) => ({ ...resumed, archiving }))
      )
  }
})

const adopted = ({ platform, refs }: Parts, ref: TaskRef) => Effect.provideContext(Refs.getOrAdopt(refs, ref), platform)

const laneOf = ({ refs }: Parts, stored: StoredTask, operation: VideoTaskError.Operation) =>
  refs.lanes.find(stored.snapshot.task.handle, operation)

const toTask = (stored: StoredTask): Task => TaskMachine.toTask(TaskMachine.restore(stored.snapshot))

const commands = (parts: Parts): Pick<Service, "submit" | "attach" | "cancel" | "track" | "untrack" | "notify"> => ({
  submit: Effect.fn("VideoTasks.submit")(function*(request, options = {}) {
    const { instruments, platform, refs, scope } = parts
    const prepared = yield* Effect.provideContext(prepare(refs, instruments, request, options), platform)
    const order = parts.keepsRequests ? { ...prepared, record: RequestRecord.from(request) } : prepared
    yield* Effect.annotateCurrentSpan(spanAttributes(order.lane.provider.id, order.lane.family.id, order.id))
    return yield* Effect.onExit(
      guarded(
        { prices: parts.prices, book: refs.journal.book },
        order,
        options.maxCost,
        (priced) => submit(refs.journal, priced, scope)
      ),
      (exit) => Effect.sync(() => instruments.onCreate(order.lane, outcomeOf(exit)))
    )
  }),
  attach: Effect.fn("VideoTasks.attach")(function*(task) {
    const handle = "baseUrl" in task ? task : yield* Refs.handleOf(parts.refs, task)
    const stored = yield* Effect.provideContext(Refs.adopt(parts.refs, handle), parts.platform)
    return stored.snapshot.task.handle
  }),
  cancel: Effect.fn("VideoTasks.cancel")(function*(ref) {
    const stored = yield* adopted(parts, ref)
    const lane = yield* laneOf(parts, stored, "cancel")
    const { outcome, stepped } = yield* Requests.cancel(parts.refs.journal, lane, stored)
    if (stepped !== undefined) parts.scheduler.publish(stepped)
    return outcome
  }),
  notify: Effect.fn("VideoTasks.notify")(function*(ref, observation) {
    const stored = yield* Refs.get(parts.refs, ref)
    const lane = yield* laneOf(parts, stored, "observe")
    return yield* notify({ ...parts.reads, scheduler: parts.scheduler }, lane, stored, observation)
  }),
  track: Effect.fn("VideoTasks.track")(function*(ref) {
    const stored = yield* adopted(parts, ref)
    const lane = yield* laneOf(parts, stored, "await")
    yield* parts.claims.take(stored.snapshot.task.id)
    Tracking.track(parts.scheduler, stored, lane)
  }),
  untrack: (ref) =>
    Refs.find(parts.refs, ref).pipe(
      Effect.map((stored) => {
        const entry = stored && parts.scheduler.entries.get(stored.snapshot.task.id)
        // Somebody else may follow it then.
        if (entry !== undefined) parts.scheduler.leave(entry, "track")
      }),
      Effect.ignore
    )
})

const submissions = (parts: Parts): Pick<Service, "submissions" | "lookUp" | "resolve"> => ({
  submissions: (filter = {}) =>
    Stream.mapError(Submissions.all(parts.store, filter), (error) => fromStore(error, "store")),
  lookUp: Effect.fn("VideoTasks.lookUp")((id) => Submissions.lookUpById(parts, id)),
  resolve: Effect.fn("VideoTasks.resolve")((id, resolution) => Resolving.resolve(parts, id, resolution))
})

const waits = (parts: Parts): Pick<Service, "observe" | "await" | "awaitEnd" | "refresh"> => {
  const awaitEnd = Effect.fnUntraced(function*(ref: TaskRef, options: WaitOptions = {}) {
    const stored = yield* adopted(parts, ref)
    const lane = yield* laneOf(parts, stored, "await")
    const { handle, id } = stored.snapshot.task
    yield* Effect.annotateCurrentSpan(spanAttributes(handle.provider, handle.family, id))
    const task = toTask(stored)
    if (isEnded(task)) return task
    return yield* Effect.scoped(Effect.gen(function*() {
      const deferred = yield* Deferred.make<Ended, VideoTaskError.VideoTaskError>()
      yield* follow(parts, lane, stored.snapshot, options, {
        next: (task) => isEnded(task) && Deferred.doneUnsafe(deferred, Effect.succeed(task)),
        fail: (error) => Deferred.doneUnsafe(deferred, Effect.fail(error)),
        close: () => Deferred.doneUnsafe(deferred, Effect.interrupt)
      })
      return yield* Deferred.await(deferred)
    }))
  })
  return {
    awaitEnd: Effect.fn("VideoTasks.awaitEnd")(awaitEnd),
    await: Effect.fn("VideoTasks.await")((ref, options) => Effect.flatMap(awaitEnd(ref, options), successOf)),
    observe: (ref, options = {}) => observe(parts, ref, options),
    refresh: Effect.fn("VideoTasks.refresh")(function*(ref) {
      const stored = yield* adopted(parts, ref)
      const lane = yield* laneOf(parts, stored, "observe")
      return isTerminal(stored.snapshot.value) ? toTask(stored) : yield* readOnce(parts, lane, stored)
    })
  }
}

const observe = (
  parts: Parts,
  ref: TaskRef,
  options: WaitOptions
): Stream.Stream<Task, VideoTaskError.VideoTaskError> =>
  Stream.callback<Task, VideoTaskError.VideoTaskError>(
    Effect.fnUntraced(function*(queue) {
      const stored = yield* adopted(parts, ref)
      const lane = yield* laneOf(parts, stored, "await")
      yield* follow(parts, lane, stored.snapshot, options, {
        next: (task) => {
          Queue.offerUnsafe(queue, task)
          if (isEnded(task)) Queue.endUnsafe(queue)
        },
        fail: (error) => Queue.failCauseUnsafe(queue, Cause.fail(error)),
        close: () => Queue.failCauseUnsafe(queue, Cause.interrupt())
      })
    }),
    { bufferSize: observeBuffer, strategy: "sliding" }
  )

/** One read, now; when one is under way, that one. */
const readOnce = (parts: Parts, lane: Lane, { snapshot }: StoredTask) =>
  Effect.scoped(Effect.gen(function*() {
    const { handle } = snapshot.task
    const heldMs = lane.account.pausedUntil - parts.scheduler.now()
    if (heldMs > 0 && !isTerminal(snapshot.value)) return yield* Effect.fail(held(handle, heldMs))
    const deferred = yield* Deferred.make<Task, VideoTaskError.VideoTaskError>()
    let latest = TaskMachine.toTask(TaskMachine.restore(snapshot))
    const entry = yield* follow(parts, lane, snapshot, { deadline: Duration.infinity }, {
      next: (task) => {
        latest = task
        if (isEnded(task)) Deferred.doneUnsafe(deferred, Effect.succeed(task))
      },
      read: (failure) =>
        Deferred.doneUnsafe(deferred, failure === undefined ? Effect.succeed(latest) : Effect.fail(failure)),
      fail: (error) => Deferred.doneUnsafe(deferred, Effect.fail(error)),
      close: () => Deferred.doneUnsafe(deferred, Effect.interrupt)
    })
    parts.scheduler.hurry(entry)
    return yield* Deferred.await(deferred)
  }))

const questions = (parts: Parts): Pick<Service, "estimate" | "get" | "list" | "freshVideos" | "pollInfo"> => ({
  estimate: Effect.fn("VideoTasks.estimate")(function*(request) {
    const { family, provider } = yield* target(parts.refs, request)
    return yield* parts.prices.estimate(provider, family, request)
  }),
  get: (ref) => Effect.map(Refs.get(parts.refs, ref), toTask),
  list: (filter = {}) =>
    Stream.paginate<string | undefined, Task, VideoTaskError.VideoTaskError>(
      undefined,
      (cursor) =>
        retryStore(parts.store.list(filter, cursor)).pipe(
          Effect.mapError((error) => fromStore(error, "store")),
          Effect.map((page) => [page.items.map(toTask), Option.fromUndefinedOr(page.cursor)] as const)
        )
    ),
  freshVideos: Effect.fn("VideoTasks.freshVideos")(function*(ref) {
    const stored = yield* adopted(parts, ref)
    return yield* Requests.freshVideos(yield* laneOf(parts, stored, "observe"), stored)
  }),
  pollInfo: (ref) => pollInfo(parts, ref)
})

const spanAttributes = (provider: string, family: string, id: string) => ({
  "video_task.id": id,
  "video_task.provider": provider,
  "video_task.family": family
})

const outcomeOf = (exit: Exit.Exit<unknown, VideoTaskError.VideoTaskError>): string => {
  if (Exit.isSuccess(exit)) return "created"
  return Option.match(Cause.findErrorOption(exit.cause), {
    onNone: () => "interrupted",
    onSome: (error) => error.reason._tag
  })
}
