/**
 * The next provider, where the one before is known to have made nothing: never two bills for one wish by accident.
 *
 * @since 0.1.0
 */
import type { Success } from "@video-tasks/core/Task"
import { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { Failure } from "@video-tasks/core/Video"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import { type Reason, VideoTaskError } from "@video-tasks/core/VideoTaskError"
import type * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as ExecutionPlan from "effect/ExecutionPlan"
import * as Schema from "effect/Schema"
import { checkWait } from "./internal/optionChecks.ts"
import { VideoTasks } from "./VideoTasks.ts"
import type * as Tasks from "./VideoTasks.ts"

/**
 * Where an attempt failed: while it was submitted, or while its task was waited for.
 *
 * @category models
 * @since 0.1.0
 */
export type Stage = "submit" | "await"

/**
 * What follows from a failure.
 *
 * **Details**
 *
 * - `next`: the next request is tried.
 * - `stop`: nothing else is tried.
 * - `asked`: the next request is tried if the caller says so in `also`.
 * - `unless refused`: the next request is tried, unless the provider's code says that the content was refused or that the
 *   same input fails again; then as `asked`.
 * - `unless requested`: the next request is tried, unless it was us who had the task cancelled.
 *
 * @category models
 * @since 0.1.0
 */
export type Rule = "next" | "stop" | "asked" | "unless refused" | "unless requested"

/**
 * What follows from each failure at each stage. A new reason does not compile before it has a place here.
 *
 * @category constants
 * @since 0.1.0
 */
export const rules = {
  NotSent: { submit: "next", await: "stop" },
  Unsupported: { submit: "next", await: "stop" },
  ModelUnavailable: { submit: "next", await: "stop" },
  RateLimited: { submit: "next", await: "stop" },
  InvalidRequest: { submit: "asked", await: "stop" },
  PayloadTooLarge: { submit: "asked", await: "stop" },
  Unauthorized: { submit: "asked", await: "stop" },
  QuotaExceeded: { submit: "asked", await: "stop" },
  BudgetExceeded: { submit: "asked", await: "stop" },
  SubmissionAmbiguous: { submit: "stop", await: "stop" },
  ProviderUnavailable: { submit: "stop", await: "stop" },
  UnexpectedResponse: { submit: "stop", await: "stop" },
  StoreError: { submit: "stop", await: "stop" },
  TaskFailed: { submit: "stop", await: "unless refused" },
  TaskErrored: { submit: "stop", await: "next" },
  TaskExpired: { submit: "stop", await: "next" },
  TaskCancelled: { submit: "stop", await: "unless requested" },
  TaskNotFound: { submit: "stop", await: "stop" },
  MissingResult: { submit: "stop", await: "stop" },
  WaitTimedOut: { submit: "stop", await: "stop" },
  ResumeIdentityChanged: { submit: "stop", await: "stop" },
  DownloadFailed: { submit: "stop", await: "stop" },
  ResultExpired: { submit: "stop", await: "stop" },
  UnsafeAddress: { submit: "stop", await: "stop" }
} as const satisfies { readonly [Tag in Reason["_tag"]]: { readonly [At in Stage]: Rule } }

type Rules = typeof rules

/**
 * The failures after which the next request is tried only if the caller says so: nothing was made, or it was refused.
 *
 * @category models
 * @since 0.1.0
 */
export type Also = {
  [Tag in keyof Rules]: [Extract<Rules[Tag][Stage], "asked" | "unless refused">] extends [never] ? never : Tag
}[keyof Rules]

/**
 * How each request is submitted. It has no `id`: an id is of one submission, and the second attempt would be refused.
 *
 * @category options
 * @since 0.1.0
 */
export interface SubmitOptions extends Omit<Tasks.SubmitOptions, "id"> {
  readonly id?: never
}

/**
 * How to go through the requests.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * After what else the next request is tried. `TaskFailed` here means also content that the provider refused.
   *
   * @default []
   */
  readonly also?: ReadonlyArray<Also> | undefined
  /** How each request is submitted; `maxCost` holds for each of them, and each attempt has an id of its own. */
  readonly submit?: SubmitOptions | undefined
  /** Called with each handle before its task is waited for. */
  readonly onSubmitted?: ((handle: TaskHandle, index: number) => Effect.Effect<void>) | undefined
}

/**
 * How to go through the requests and wait.
 *
 * @category options
 * @since 0.1.0
 */
export interface AwaitOptions extends Options {
  /** How each task is waited for. A wait that times out ends everything: the task may still succeed. */
  readonly wait?: Tasks.WaitOptions | undefined
}

/**
 * One request that did not lead to what was wanted.
 *
 * @category models
 * @since 0.1.0
 */
export class Attempt extends Schema.Class<Attempt>("@video-tasks/runtime/Fallback/Attempt")({
  /** Which of the requests it was, from 0. */
  index: Schema.Int,
  provider: Schema.String,
  model: Schema.String,
  stage: Schema.Literals(["submit", "await"]),
  /** The task; present whenever one exists. */
  handle: Schema.optionalKey(TaskHandle),
  error: VideoTaskError
}) {}

/**
 * No request led to what was wanted, or going on would not have been safe.
 *
 * @category errors
 * @since 0.1.0
 */
export class FallbackFailed extends Schema.TaggedError<FallbackFailed>("@video-tasks/runtime/Fallback/FallbackFailed")(
  "FallbackFailed",
  {
    /** What was tried, in order, each with its handle if there is one. */
    attempts: Schema.NonEmptyArray(Attempt),
    /** How many requests were not tried, since it would not have been safe or wanted. */
    untried: Schema.Int
  }
) {
  /**
   * The failure that ended it.
   *
   * @since 0.1.0
   */
  get last(): Attempt {
    return this.attempts.at(-1) ?? this.attempts[0]
  }
  /**
   * Says what became of each attempt, and what to do about the last one.
   *
   * @since 0.1.0
   */
  override get message(): string {
    const tried = this.attempts.map(({ error, model, provider }) => `${provider} ${model}: ${error.reason._tag}`)
    const { error: { reason: { _tag: tag } }, handle, stage } = this.last
    const rule: Rule = rules[tag][stage]
    const isAsked = rule === "unless refused" || (rule === "asked" && handle === undefined)
    const how = isAsked ? `; \`also: ["${tag}"]\` goes on after this` : ""
    const rest = this.untried === 0 ? "" : ` (${this.untried} not tried${how})`
    return `No request led to a video: ${tried.join("; ")}${rest}. ${this.last.error.message}`
  }
}

/**
 * A task that exists, and what was tried before it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Submitted {
  readonly handle: TaskHandle
  /** Which of the requests it is, from 0. */
  readonly index: number
  readonly request: VideoRequest
  /** What was tried before, in order. */
  readonly attempts: ReadonlyArray<Attempt>
}

/**
 * A task that has succeeded, and what was tried before it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Succeeded extends Submitted {
  readonly task: Success
}

/**
 * Tells whether the next request may be tried after a failure: the table {@link rules}, with what the error itself says.
 *
 * **Gotchas**
 *
 * A submit that fails with a handle has made a task: whatever the reason, the answer is no.
 *
 * @category predicates
 * @since 0.1.0
 */
export const mayTryNext = (stage: Stage, error: VideoTaskError, also: ReadonlyArray<Also> = []): boolean => {
  const { reason } = error
  if (stage === "submit" && error.handle !== undefined) return false
  const rule: Rule = rules[reason._tag][stage]
  const isAsked = also.some((tag) => tag === reason._tag)
  switch (rule) {
    case "next":
      return true
    case "stop":
      return false
    case "asked":
      return isAsked
    case "unless refused":
      return isAsked || (reason._tag === "TaskFailed" && !isRefused(reason.failure))
    case "unless requested":
      return reason._tag === "TaskCancelled" && reason.byRequest !== true
  }
}

/**
 * Submits the first request that a provider takes.
 *
 * **Details**
 *
 * The next request is tried only when the one before is known to have made nothing, and for a reason that another provider
 * may not have: see {@link rules}. It is never tried after a create whose answer was lost, an interruption or a fault.
 *
 * Fails with `FallbackFailed`, which lists all attempts.
 *
 * @category operations
 * @since 0.1.0
 */
export const submitWithFallback: (
  requests: Arr.NonEmptyReadonlyArray<VideoRequest>,
  options?: Options
) => Effect.Effect<Submitted, FallbackFailed, VideoTasks> = Effect.fn("Fallback.submitWithFallback")(
  (requests, options = {}) => through(requests, options, (tasks, wish) => submitted(tasks, wish, options))
)

/**
 * Submits the first request that a provider takes and waits for its success; when its task is verified to have come to
 * nothing, the next request is tried.
 *
 * **Details**
 *
 * See {@link rules}. A wait that times out, a link that is missing, a task that the provider no longer knows: none of these
 * proves that there is no video, so they end everything, with the handle.
 *
 * Fails with `FallbackFailed`, which lists all attempts.
 *
 * **Gotchas**
 *
 * Some providers charge for tasks that failed: each attempt may cost.
 *
 * @category operations
 * @since 0.1.0
 */
export const awaitWithFallback: (
  requests: Arr.NonEmptyReadonlyArray<VideoRequest>,
  options?: AwaitOptions
) => Effect.Effect<Succeeded, FallbackFailed, VideoTasks> = Effect.fn("Fallback.awaitWithFallback")(
  (requests, options = {}) =>
    through(
      requests,
      options,
      (tasks, wish) =>
        Effect.flatMap(Effect.andThen(waitable(wish, options.wait), submitted(tasks, wish, options)), (made) =>
          tasks.await(made.handle, options.wait).pipe(
            Effect.mapBoth({
              onSuccess: (task): Succeeded => ({ ...made, task }),
              onFailure: (error) =>
                attempt(wish, "await", error, made.handle)
            })
          ))
    )
)

// internal

interface Wish {
  readonly index: number
  readonly request: VideoRequest
  readonly attempts: ReadonlyArray<Attempt>
}

class Current extends Context.Service<Current, Pick<Wish, "index" | "request">>()(
  "@video-tasks/runtime/Fallback/Current"
) {}

/**
 * A step of the plan is entered with the failure of the one before, and `while` says whether it may run: once it says no,
 * it says no to all that follow.
 */
const through = Effect.fnUntraced(function*<A>(
  requests: Arr.NonEmptyReadonlyArray<VideoRequest>,
  options: Options,
  run: (tasks: VideoTasks["Service"], wish: Wish) => Effect.Effect<A, Attempt>
): Effect.fn.Return<A, FallbackFailed, VideoTasks> {
  const tasks = yield* VideoTasks
  const attempts: Array<Attempt> = []
  const step = (request: VideoRequest, index: number) => ({
    provide: Context.make(Current, { index, request }),
    while: ({ error, stage }: Attempt) => mayTryNext(stage, error, options.also)
  })
  const [first, ...rest] = requests
  const plan = ExecutionPlan.make(step(first, 0), ...rest.map((request, index) => step(request, index + 1)))
  const one = Effect.flatMap(Current, (wish) => run(tasks, { ...wish, attempts: [...attempts] })).pipe(
    Effect.tapError((failed) => Effect.sync(() => attempts.push(failed)))
  )
  return yield* Effect.withExecutionPlan(one, plan).pipe(
    Effect.mapError((last) => {
      const [first = last, ...more] = attempts
      return new FallbackFailed({ attempts: [first, ...more], untried: requests.length - attempts.length })
    })
  )
})

const submitted = (
  tasks: VideoTasks["Service"],
  wish: Wish,
  options: Options
): Effect.Effect<Submitted, Attempt> =>
  tasks.submit(wish.request, options.submit).pipe(
    Effect.mapBoth({
      onSuccess: (handle): Submitted => ({ ...wish, handle }),
      onFailure: (error) => attempt(wish, "submit", error, error.handle)
    }),
    Effect.tap(({ handle }) => options.onSubmitted?.(handle, wish.index) ?? Effect.void)
  )

/** What is wrong with the wait is known before anything is paid for. */
const waitable = (wish: Wish, wait: Tasks.WaitOptions = {}): Effect.Effect<void, Attempt> =>
  Effect.mapError(checkWait(wait, named(wish.request)), (error) => attempt(wish, "submit", error, undefined))

/** A request that no compiler has seen may have neither. */
const named = (request: { readonly [Field in keyof VideoRequest]?: unknown } | null | undefined) => ({
  provider: typeof request?.provider === "string" ? request.provider : "unknown",
  model: typeof request?.model === "string" ? request.model : "unknown"
})

const attempt = (
  { index, request }: Wish,
  stage: Stage,
  error: VideoTaskError,
  handle: TaskHandle | undefined
): Attempt => new Attempt({ index, ...named(request), stage, error, ...(handle === undefined ? {} : { handle }) })

/** What is refused here may be let through elsewhere, and whether that is wanted is for a person to say. */
const isRefused = ({ code, message, providerCode, retryable }: Failure): boolean =>
  retryable === false || [code, providerCode, message].some((one) => typeof one === "string" && refusals.test(one))

/**
 * Words that providers refuse content with, in codes such as `moderation_blocked`, `content_policy_violation`, `SAFETY.*` and
 * `OutputVideoSensitiveContentDetected`, or in sentences such as "risk control". A word too many
 * only means that the caller is asked.
 */
const refusals =
  /moderat|content.?(?:policy|filter|violation)|safety|sensitive|risk.?control|nsfw|copyright|polic(?:y|ies)/i
