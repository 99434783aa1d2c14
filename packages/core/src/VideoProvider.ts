/**
 * The contract between this library and an API that makes videos.
 *
 * A provider declares what it is and answers single questions; it never waits, never polls, never repeats a create.
 * Each provider module has a service of its own of this type, so that several can live in one program.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { ModelSpec } from "./ModelSpec.ts"
import { Observation } from "./Observation.ts"
import * as PollPolicy from "./PollPolicy.ts"
import { TaskHandle } from "./TaskHandle.ts"
import * as TaskStatus from "./TaskStatus.ts"
import type { Video } from "./Video.ts"
import type { VideoRequest } from "./VideoRequest.ts"
import type { VideoTaskError, Violation } from "./VideoTaskError.ts"
import { WireProblem } from "./WireProblem.ts"

/**
 * A family: one kind of task of a provider, with its own routes and words.
 *
 * @category models
 * @since 0.1.0
 */
export interface Family {
  /** For example `seedance`. */
  readonly id: string
  /** What a person calls it. */
  readonly title: string
  /** What its known models accept. */
  readonly models: ReadonlyArray<ModelSpec>
  /** Whether it is for any model, so that one without a spec is no surprise. */
  readonly takesAnyModel?: boolean | undefined
  /** The states that its documentation knows. */
  readonly statuses: ReadonlyArray<TaskStatus.TaskStatus>
  /** When to read a task again. */
  readonly poll: PollPolicy.PollPolicy
  /** For how long after our own create "unknown task" is not believed, in ms. */
  readonly graceMs: number
  readonly canCreate: boolean
  readonly canCancel: boolean
  /** Whether the API serves the finished file itself when the answer has no link. */
  readonly hasContentRoute: boolean
  /** Whether `list` works. */
  readonly canList?: boolean | undefined
  /** Whether `remove` works. */
  readonly canRemove?: boolean | undefined
  /** Whether a create whose answer was lost can be looked up by our reference: then `findCreated` works. */
  readonly canFindCreated?: boolean | undefined
  /**
   * The routes that make its tasks, best first, where there are several: the only words that a handle's `route` may be.
   * Absent where a handle has none.
   */
  readonly routes?: ReadonlyArray<string> | undefined
  /**
   * How many tasks `observeMany` can read at once, with one request for each of the `routes`; absent where every task takes
   * a request of its own.
   */
  readonly batchSize?: number | undefined
  /**
   * Whether the API tells a URL of the caller's when a task changes: `signed` where it can sign what it says as Standard
   * Webhooks has it, `unsigned` where anybody could have said it. Absent where none is documented. Then `readCallback` works.
   */
  readonly callbacks?: "signed" | "unsigned" | undefined
  /** Whether a create takes the URL: `CreateOptions.callbackUrl`. */
  readonly takesCallbackUrl?: boolean | undefined
}

/**
 * The good answer to a create.
 *
 * @category models
 * @since 0.1.0
 */
export interface Created {
  readonly handle: TaskHandle
  /** What the answer already says about the task. */
  readonly observation: Observation
  /** The provider's id of the request. */
  readonly requestId?: string | undefined
}

/**
 * What became of a cancellation: `unsupported` means that the API has none and the task goes on, `failed` that the task is
 * not in a state in which the API cancels.
 *
 * @category models
 * @since 0.1.0
 */
export type CancelOutcome = "confirmed" | "unsupported" | "failed"

/**
 * One model of a provider's catalogue.
 *
 * @category models
 * @since 0.1.0
 */
export interface CatalogueModel {
  /** What a request names. */
  readonly id: string
  /** The same in the provider's other spelling. */
  readonly code?: string | undefined
  readonly name?: string | undefined
  /** Who makes it. */
  readonly vendor?: string | undefined
  /** The short name of who makes it. */
  readonly vendorCode?: string | undefined
  /** For example `video`. */
  readonly type?: string | undefined
  readonly features: ReadonlyArray<string>
  /** Where it is created, for example `POST /v1/videos`. */
  readonly routes: ReadonlyArray<string>
  /** Announced, and not served yet. */
  readonly upcoming?: boolean | undefined
  /** When it was listed, in ms since the epoch. */
  readonly createdAt?: number | undefined
  /** What the prices are in, for example `USD / M Tokens`. */
  readonly currency?: string | undefined
  /** The price of input, in `currency`. */
  readonly input?: number | undefined
  /** The price of output, in `currency`. */
  readonly output?: number | undefined
  readonly perSecond?: number | undefined
  readonly perRequest?: number | undefined
  /** What it accepts, where we know it. */
  readonly spec?: ModelSpec | undefined
}

/**
 * What the runtime says about a create besides the request.
 *
 * @category models
 * @since 0.1.0
 */
export interface CreateOptions {
  /** A fingerprint of the request, to be kept in the handle. */
  readonly requestHash?: string | undefined
  /** Our own name for the task, sent along where the API keeps one: a create whose answer is lost can be found by it. */
  readonly reference?: string | undefined
  /** Told when the task changes, where the family says `takesCallbackUrl`; elsewhere the create fails with `InvalidRequest`. */
  readonly callbackUrl?: URL | undefined
}

/**
 * By what the task of a create can be found whose answer was lost. It is kept with the submission, before anything is sent.
 *
 * @category models
 * @since 0.1.0
 */
export interface Trace {
  /** The name that the create goes out with: the caller's own, or ours. */
  readonly reference: string
  /** The route that it goes to, where the family has several. */
  readonly route?: string | undefined
}

/**
 * What of a finished task the content route is asked for.
 *
 * @category models
 * @since 0.1.0
 */
export type ContentVariant = "video" | "thumbnail" | "spritesheet"

/**
 * Which tasks to list.
 *
 * @category options
 * @since 0.1.0
 */
export interface ListOptions {
  /** The `cursor` of the page before. */
  readonly cursor?: string | undefined
  /** How many tasks at most, within what the API allows. */
  readonly limit?: number | undefined
}

/**
 * One page of the tasks of a family, newest first.
 *
 * @category models
 * @since 0.1.0
 */
export interface TaskPage {
  /** Every one has a `remoteId`. */
  readonly tasks: ReadonlyArray<Observation>
  /** Where the next page begins; absent at the end. */
  readonly cursor?: string | undefined
}

/**
 * A provider.
 *
 * @category models
 * @since 0.1.0
 */
export interface VideoProvider {
  /** For example `cometapi`; unique in a program. */
  readonly id: string
  /** The label of the account; tasks of one account share one request budget. */
  readonly account: string
  /** Origin and path of the API, normalised. */
  readonly baseUrl: string
  readonly families: ReadonlyArray<Family>
  /** Everything that is wrong with a request; asked before anything is sent. */
  readonly validate: (request: VideoRequest) => ReadonlyArray<Violation>
  /**
   * The length that a request pays for, in seconds; `undefined` when nobody knows it before. Where this is absent it is what
   * the request says, else its model's default.
   */
  readonly billedSeconds?: ((request: VideoRequest) => number | undefined) | undefined
  /**
   * Sends one create, once.
   *
   * Fails with `InvalidRequest`, `Unsupported`, `PayloadTooLarge` before anything is sent; with `NotSent` when no byte
   * left; with `Unauthorized`, `QuotaExceeded`, `ModelUnavailable`, `InvalidRequest`, … when the API refused; with
   * `RateLimited` when it asks to wait; with `SubmissionAmbiguous` in every other case.
   */
  readonly create: (request: VideoRequest, options?: CreateOptions) => Effect.Effect<Created, VideoTaskError>
  /** Reads a task once. */
  readonly observe: (handle: TaskHandle) => Effect.Effect<Observation, VideoTaskError>
  /**
   * Reads many tasks of one family at once, at most its `batchSize`: one request, or one for each route of theirs. A task
   * that the answers do not hold is absent: ask for it by itself. Fails with `Unsupported` where the family has no
   * `batchSize`, and when any of the requests fails.
   */
  readonly observeMany: (
    handles: ReadonlyArray<TaskHandle>
  ) => Effect.Effect<ReadonlyMap<TaskHandle, Observation>, VideoTaskError>
  /**
   * Looks for the task of a create whose answer was lost, by the `reference` that it was sent with; `undefined` when there
   * is none (yet). Fails with `Unsupported` unless the family says `canFindCreated`.
   */
  readonly findCreated: (
    request: VideoRequest,
    options: CreateOptions
  ) => Effect.Effect<Created | undefined, VideoTaskError>
  /** By what the task of this create could be found; `undefined` where it could not. Sends nothing. */
  readonly trace?: ((request: VideoRequest, options: CreateOptions) => Trace | undefined) | undefined
  /**
   * Looks for the task of a create whose request is gone, by the trace that was kept of it; `undefined` when there is none
   * (yet). Fails with `Unsupported` unless the family says `canFindCreated`.
   */
  readonly findByTrace?:
    | ((
      family: string,
      trace: Trace,
      options?: Pick<CreateOptions, "requestHash">
    ) => Effect.Effect<Created | undefined, VideoTaskError>)
    | undefined
  /** Lists the tasks of a family; fails with `Unsupported` unless it says `canList`. */
  readonly list: (family: string, options?: ListOptions) => Effect.Effect<TaskPage, VideoTaskError>
  /** Cancels a task at the provider, where the API can. Fails with `Unsupported` and its words when the API refuses. */
  readonly cancel: (handle: TaskHandle) => Effect.Effect<CancelOutcome, VideoTaskError>
  /**
   * Deletes an ended task and its file at the provider. Fails with `Unsupported` unless the family says `canRemove`, and
   * with `InvalidRequest` when the task has not ended.
   */
  readonly remove: (handle: TaskHandle) => Effect.Effect<void, VideoTaskError>
  /** Looks whether the content route serves the finished file; `undefined` when it does not. */
  readonly content: (handle: TaskHandle, variant?: ContentVariant) => Effect.Effect<Video | undefined, VideoTaskError>
  /** The provider's catalogue. */
  readonly models: Effect.Effect<ReadonlyArray<CatalogueModel>, VideoTaskError>
  /**
   * Reads the body of a callback about a task of a family, as what it says. Whether it can be believed is not asked here.
   * Fails with `WireProblem` when it is about no task.
   */
  readonly readCallback?: ((family: string, body: unknown) => Result.Result<Observation, WireProblem>) | undefined
  /** The headers that a download of this URL needs: none unless it is at the API's own origin. */
  readonly credentials: (url: URL) => Readonly<Record<string, Redacted.Redacted>>
}

/**
 * Finds a family of a provider.
 *
 * @category getters
 * @since 0.1.0
 */
export const family = (self: VideoProvider, id: string): Family | undefined =>
  self.families.find((family) => family.id === id)

/**
 * What a provider double does; everything has a default.
 *
 * @category options
 * @since 0.1.0
 */
export interface DoubleOptions {
  /** @default "double" */
  readonly id?: string | undefined
  /** @default "default" */
  readonly account?: string | undefined
  /** Changes to its one family, whose id is `double`. */
  readonly family?: Partial<Family> | undefined
  /** Replaces what `create` does. The default makes `remote-1`, `remote-2`, …. */
  readonly create?: VideoProvider["create"] | undefined
  /** The answers to `observe`, in order for each task; the last one is repeated. */
  readonly observations?: ReadonlyArray<Observation | VideoTaskError> | undefined
  /** Replaces what `observe` does. */
  readonly observe?: VideoProvider["observe"] | undefined
  /** Replaces what `observeMany` does. The default asks `observe` for each, and leaves out what fails. */
  readonly observeMany?: VideoProvider["observeMany"] | undefined
  /** Replaces what `findCreated` does. The default finds nothing. */
  readonly findCreated?: VideoProvider["findCreated"] | undefined
  /** Looks up by a trace. The default finds nothing. */
  readonly findByTrace?: VideoProvider["findByTrace"] | undefined
  /** Says what a request pays for. The default leaves it to the request and its model. */
  readonly billedSeconds?: VideoProvider["billedSeconds"] | undefined
  /** The catalogue. The default is empty. */
  readonly models?: VideoProvider["models"] | undefined
  /** Replaces what `cancel` does. The default is `unsupported`. */
  readonly cancel?: VideoProvider["cancel"] | undefined
  /** Replaces what `content` does. The default finds nothing. */
  readonly content?: VideoProvider["content"] | undefined
  /** Reads callbacks. The default says that they are about no task. */
  readonly readCallback?: VideoProvider["readCallback"] | undefined
}

/**
 * A hand-made provider for tests: no network, no clock of its own.
 *
 * **When to use**
 *
 * Use to test code that stands on `VideoTasks` with `Layer.succeed(CometApi.CometApi, VideoProvider.double({ … }))`.
 *
 * @category testing
 * @since 0.1.0
 */
export const double = (options: DoubleOptions = {}): VideoProvider => {
  const id = options.id ?? "double"
  const account = options.account ?? "default"
  const baseUrl = "https://double.invalid"
  const script = options.observations ?? [new Observation({ status: "IN_PROGRESS", videos: [] })]
  const reads = new Map<string, number>()
  let created = 0
  const observe: VideoProvider["observe"] = options.observe ?? ((handle) =>
    Effect.suspend(() => {
      const read = reads.get(handle.remoteId) ?? 0
      reads.set(handle.remoteId, read + 1)
      const answer = script[Math.min(read, script.length - 1)]
      if (answer === undefined) return Effect.succeed(new Observation({ videos: [] }))
      return answer instanceof Observation ? Effect.succeed(answer) : Effect.fail(answer)
    }))
  return {
    id,
    account,
    baseUrl,
    families: [{ ...doubleFamily, ...options.family }],
    validate: () => [],
    billedSeconds: options.billedSeconds,
    create: options.create ?? ((_, { requestHash } = {}) =>
      Effect.map(Clock.currentTimeMillis, (createdAt) => {
        const remoteId = `remote-${++created}`
        const handle = new TaskHandle({
          provider: id,
          family: options.family?.id ?? doubleFamily.id,
          remoteId,
          baseUrl,
          account,
          createdAt,
          ...(requestHash === undefined ? {} : { requestHash })
        })
        return { handle, observation: new Observation({ status: "SUBMITTED", remoteId, videos: [] }) }
      })),
    observe,
    observeMany: options.observeMany ?? ((handles) => eachBy(observe, handles)),
    findCreated: options.findCreated ?? (() => Effect.undefined),
    trace: (_, { reference }) => reference === undefined ? undefined : { reference },
    findByTrace: options.findByTrace ?? (() => Effect.undefined),
    list: () => Effect.succeed({ tasks: [] }),
    remove: () => Effect.void,
    cancel: options.cancel ?? (() => Effect.succeed("unsupported")),
    content: options.content ?? (() => Effect.undefined),
    models: options.models ?? Effect.succeed([]),
    readCallback: options.readCallback ??
      (() => Result.fail(new WireProblem({ kind: "notATask", detail: "a double is told nothing" }))),
    credentials: () => ({})
  }
}

// internal

const eachBy = (
  observe: VideoProvider["observe"],
  handles: ReadonlyArray<TaskHandle>
): Effect.Effect<ReadonlyMap<TaskHandle, Observation>> =>
  Effect.map(
    Effect.forEach(handles, (handle) => Effect.map(Effect.option(observe(handle)), (read) => [handle, read] as const)),
    (reads) => new Map(reads.flatMap(([handle, read]) => read._tag === "Some" ? [[handle, read.value]] : []))
  )

const doubleFamily: Family = {
  id: "double",
  title: "Double",
  models: [],
  statuses: [...TaskStatus.running, ...TaskStatus.terminal],
  poll: PollPolicy.standard,
  graceMs: 20_000,
  canCreate: true,
  canCancel: false,
  hasContentRoute: false
}
