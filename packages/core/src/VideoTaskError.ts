/**
 * Every way in which a video task can go wrong: one error, and a reason inside it.
 *
 * Catch all of them with `Effect.catchTag("VideoTaskError", …)`, one of them with
 * `Effect.catchReason("VideoTaskError", "WaitTimedOut", …)`. Every message says what to do next. No reason holds a
 * secret.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { reasonId as id, unstopped } from "./internal/reason.ts"
import { MissingResult, TaskCancelled, TaskErrored, TaskExpired, TaskFailed } from "./internal/taskEnds.ts"
import { TaskHandle } from "./TaskHandle.ts"

export { MissingResult, TaskCancelled, TaskErrored, TaskExpired, TaskFailed }

/**
 * One thing that is wrong with a request.
 *
 * @category models
 * @since 0.1.0
 */
export class Violation extends Schema.Class<Violation>("@video-tasks/core/VideoTaskError/Violation")({
  /** The field, for example `seconds`. */
  field: Schema.String,
  /** The value, as text. */
  value: Schema.String,
  /** What is allowed, in words, for example `4 to 15`. */
  allowed: Schema.String
}) {}

/**
 * The request is not one that the API takes: found before anything was sent, or told by the API (HTTP 400).
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidRequest extends Schema.TaggedError<InvalidRequest>(id("InvalidRequest"))("InvalidRequest", {
  violations: Schema.Array(Violation),
  detail: Schema.optionalKey(Schema.String),
  code: Schema.optionalKey(Schema.String)
}) {
  readonly retryable = false
  override get message(): string {
    const found = this.violations.map((one) => `${one.field} is ${one.value}; allowed: ${one.allowed}`)
    const said = [...found, ...(this.detail === undefined ? [] : [this.detail])].join("; ")
    return `The request is not valid: ${said}. Correct it before you try again.`
  }
}

/**
 * The API has no such operation.
 *
 * @category errors
 * @since 0.1.0
 */
export class Unsupported extends Schema.TaggedError<Unsupported>(id("Unsupported"))("Unsupported", {
  detail: Schema.String
}) {
  readonly retryable = false
  override get message(): string {
    return `Not supported: ${this.detail}`
  }
}

/**
 * The key is missing, wrong, or may not do this (HTTP 401, or 403 about the key).
 *
 * @category errors
 * @since 0.1.0
 */
export class Unauthorized extends Schema.TaggedError<Unauthorized>(id("Unauthorized"))("Unauthorized", {
  detail: Schema.String
}) {
  readonly retryable = false
  override get message(): string {
    return `The provider refused the key: ${unstopped(this.detail)}. Check the key, then try again.`
  }
}

/**
 * The account has no money or quota left (HTTP 402, 403 `insufficient_user_quota`).
 *
 * @category errors
 * @since 0.1.0
 */
export class QuotaExceeded extends Schema.TaggedError<QuotaExceeded>(id("QuotaExceeded"))("QuotaExceeded", {
  detail: Schema.String
}) {
  readonly retryable = false
  override get message(): string {
    return `The account has no quota left: ${unstopped(this.detail)}. Top it up before you try again.`
  }
}

/**
 * The provider does not know the task (HTTP 404, or 400 `task_not_exist`), and the grace after our create is over.
 *
 * @category errors
 * @since 0.1.0
 */
export class TaskNotFound extends Schema.TaggedError<TaskNotFound>(id("TaskNotFound"))("TaskNotFound", {
  remoteId: Schema.String,
  detail: Schema.optionalKey(Schema.String),
  /** The family that was asked, where the provider has several. */
  family: Schema.optionalKey(Schema.String),
  /** Whether a task is gone there once it is cancelled or deleted. */
  mayBeRemoved: Schema.optionalKey(Schema.Boolean)
}) {
  readonly retryable = false
  override get message(): string {
    const what = this.detail === undefined ? "" : ` (${unstopped(this.detail)})`
    const removed = this.mayBeRemoved === true ? "; it may have been cancelled or deleted" : ""
    const where = this.family === undefined ? "the path" : `the path, the family (${this.family})`
    return `The provider does not know task ${this.remoteId}${what}${removed}. Check the task id, the base URL, ${where} ` +
      "and the account."
  }
}

/**
 * The model is unknown, not served at present, or retired (HTTP 503 `model_not_found`).
 *
 * @category errors
 * @since 0.1.0
 */
export class ModelUnavailable extends Schema.TaggedError<ModelUnavailable>(id("ModelUnavailable"))(
  "ModelUnavailable",
  { model: Schema.String, detail: Schema.String }
) {
  readonly retryable = false
  override get message(): string {
    return `Model ${this.model} is not available: ${
      unstopped(this.detail)
    }. Choose another model (\`video-tasks models\`).`
  }
}

/**
 * The upload is too large (HTTP 413, or found before it was sent).
 *
 * @category errors
 * @since 0.1.0
 */
export class PayloadTooLarge extends Schema.TaggedError<PayloadTooLarge>(id("PayloadTooLarge"))("PayloadTooLarge", {
  detail: Schema.String
}) {
  readonly retryable = false
  override get message(): string {
    return `The upload is too large: ${unstopped(this.detail)}. Shrink it before you try again.`
  }
}

/**
 * Too many requests (HTTP 429 that is about rate).
 *
 * @category errors
 * @since 0.1.0
 */
export class RateLimited extends Schema.TaggedError<RateLimited>(id("RateLimited"))("RateLimited", {
  /** How long the provider asks to wait, in ms. */
  retryAfterMs: Schema.optionalKey(Schema.Finite),
  detail: Schema.String
}) {
  readonly retryable = true
  override get message(): string {
    const wait = this.retryAfterMs === undefined ? "a while" : `${Math.ceil(this.retryAfterMs / 1000)} s`
    return `Too many requests: ${unstopped(this.detail)}. Wait ${wait}, and send fewer at once.`
  }
}

/**
 * The provider or the way to it failed: HTTP 5xx, 408, 425, a reset, a timeout.
 *
 * @category errors
 * @since 0.1.0
 */
export class ProviderUnavailable extends Schema.TaggedError<ProviderUnavailable>(id("ProviderUnavailable"))(
  "ProviderUnavailable",
  {
    /** The HTTP status, when there was an answer. */
    status: Schema.optionalKey(Schema.Int),
    /** How long the provider asks to wait, in ms. */
    retryAfterMs: Schema.optionalKey(Schema.Finite),
    detail: Schema.String
  }
) {
  readonly retryable = true
  override get message(): string {
    return `The provider could not be reached or failed: ${unstopped(this.detail)}. Try again later.`
  }
}

/**
 * The answer was not what the API is known to send: not JSON, not the schema, empty, or too long.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnexpectedResponse extends Schema.TaggedError<UnexpectedResponse>(id("UnexpectedResponse"))(
  "UnexpectedResponse",
  {
    status: Schema.optionalKey(Schema.Int),
    detail: Schema.String,
    /** The beginning of the answer, redacted. */
    excerpt: Schema.optionalKey(Schema.String)
  }
) {
  readonly retryable = true
  override get message(): string {
    return `The provider's answer makes no sense: ${
      unstopped(this.detail)
    }. Check the base URL; if it is right, try again later.`
  }
}

/**
 * The create was not sent: no byte of it left this machine. Safe to repeat.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotSent extends Schema.TaggedError<NotSent>(id("NotSent"))("NotSent", { detail: Schema.String }) {
  readonly retryable = true
  override get message(): string {
    return `The create was not sent: ${
      unstopped(this.detail)
    }. Nothing was paid; check the base URL and the network, then repeat it.`
  }
}

/**
 * The create was sent and its answer is lost: a task may exist, and money may have been spent.
 *
 * @category errors
 * @since 0.1.0
 */
export class SubmissionAmbiguous extends Schema.TaggedError<SubmissionAmbiguous>(id("SubmissionAmbiguous"))(
  "SubmissionAmbiguous",
  {
    /** Our id of the submission. */
    submissionId: Schema.optionalKey(Schema.String),
    /** When it was sent, in ms since the epoch. */
    sentAt: Schema.optionalKey(Schema.Finite),
    /** The HTTP status, when there was an answer. */
    status: Schema.optionalKey(Schema.Int),
    /** How long the answer asks to wait before anything is sent again, in ms. */
    retryAfterMs: Schema.optionalKey(Schema.Finite),
    detail: Schema.String
  }
) {
  readonly retryable = false
  override get message(): string {
    return `The create was sent and its answer is lost (${this.detail}): a task may exist and money may have been ` +
      "spent. It is not sent again. Look for the task in the provider's console: settle the submission with the id that " +
      "it has there, or as one that made none, and submit anew only then."
  }
}

/**
 * We stopped waiting. The task goes on at the provider.
 *
 * @category errors
 * @since 0.1.0
 */
export class WaitTimedOut extends Schema.TaggedError<WaitTimedOut>(id("WaitTimedOut"))("WaitTimedOut", {
  /** How long this wait lasted, in ms. */
  waitedMs: Schema.Finite,
  /** Why the last read failed, in words, where the last one did. */
  lastFailure: Schema.optionalKey(Schema.String)
}) {
  readonly retryable = true
  override get message(): string {
    const seconds = this.waitedMs / 1000
    const waited = `${seconds < 10 ? Math.round(10 * seconds) / 10 : Math.round(seconds)} s of waiting`
    const state = this.lastFailure === undefined
      ? `The task is still running after ${waited}.`
      : `The task was not seen to end in ${waited}, and the last read failed: ${unstopped(this.lastFailure)}.`
    return `${state} It is not lost: wait again with the same handle.`
  }
}

/**
 * The file could not be fetched or stored.
 *
 * @category errors
 * @since 0.1.0
 */
export class DownloadFailed extends Schema.TaggedError<DownloadFailed>(id("DownloadFailed"))("DownloadFailed", {
  detail: Schema.String,
  /** The HTTP status, when there was an answer. */
  status: Schema.optionalKey(Schema.Int),
  retryable: Schema.Boolean
}) {
  override get message(): string {
    return `The download failed: ${unstopped(this.detail)}. The task is done; download it again with the same handle.`
  }
}

/**
 * The link of a successful task has lapsed, and the provider gave no fresh one.
 *
 * @category errors
 * @since 0.1.0
 */
export class ResultExpired extends Schema.TaggedError<ResultExpired>(id("ResultExpired"))("ResultExpired", {
  detail: Schema.String
}) {
  readonly retryable = false
  override get message(): string {
    return `The link to the video has expired and there is no fresh one: ${unstopped(this.detail)}.`
  }
}

/**
 * A download leads to an address that is not allowed.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnsafeAddress extends Schema.TaggedError<UnsafeAddress>(id("UnsafeAddress"))("UnsafeAddress", {
  /** The host, without anything else of the URL. */
  host: Schema.String,
  detail: Schema.String
}) {
  readonly retryable = false
  override get message(): string {
    return `The download leads to ${this.host}, which is not allowed: ${unstopped(this.detail)}.`
  }
}

/**
 * The request would exceed the budget; nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class BudgetExceeded extends Schema.TaggedError<BudgetExceeded>(id("BudgetExceeded"))("BudgetExceeded", {
  detail: Schema.String
}) {
  readonly retryable = false
  override get message(): string {
    return `The request exceeds the budget: ${unstopped(this.detail)}. Nothing was sent.`
  }
}

/**
 * A handle names another API or account than the one that is configured; nothing was asked.
 *
 * @category errors
 * @since 0.1.0
 */
export class ResumeIdentityChanged extends Schema.TaggedError<ResumeIdentityChanged>(id("ResumeIdentityChanged"))(
  "ResumeIdentityChanged",
  {
    field: Schema.Literals(["provider", "family", "baseUrl", "account"]),
    /** What the handle says. */
    expected: Schema.String,
    /** What is configured. */
    actual: Schema.String
  }
) {
  readonly retryable = false
  override get message(): string {
    const how = this.field === "baseUrl" ? ` (for the command: \`--base-url ${this.expected}\`)` : ""
    return `The task was made with ${this.field} ${this.expected}, but ${this.actual} is configured. Configure the one ` +
      `that made it${how}.`
  }
}

/**
 * The store failed or refused.
 *
 * @category errors
 * @since 0.1.0
 */
export class StoreError extends Schema.TaggedError<StoreError>(id("StoreError"))("StoreError", {
  detail: Schema.String,
  retryable: Schema.Boolean
}) {
  override get message(): string {
    return `The store failed: ${unstopped(this.detail)}.`
  }
}

/**
 * Every reason as a schema.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Reason = Schema.Union([
  InvalidRequest,
  Unsupported,
  Unauthorized,
  QuotaExceeded,
  TaskNotFound,
  ModelUnavailable,
  PayloadTooLarge,
  RateLimited,
  ProviderUnavailable,
  UnexpectedResponse,
  NotSent,
  SubmissionAmbiguous,
  TaskFailed,
  TaskErrored,
  TaskCancelled,
  TaskExpired,
  MissingResult,
  WaitTimedOut,
  DownloadFailed,
  ResultExpired,
  UnsafeAddress,
  BudgetExceeded,
  ResumeIdentityChanged,
  StoreError
])

/**
 * Every reason that a `VideoTaskError` carries.
 *
 * @category errors
 * @since 0.1.0
 */
export type Reason = typeof Reason.Type

/**
 * What was being done.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Operation = Schema.Literals([
  "create",
  "observe",
  "await",
  "list",
  "cancel",
  "remove",
  "content",
  "models",
  "attach",
  "download",
  "store",
  "configure"
])

/**
 * What was being done.
 *
 * @category models
 * @since 0.1.0
 */
export type Operation = typeof Operation.Type

/**
 * The failure of an operation on a video task.
 *
 * **Example** (Recovering from one reason)
 *
 * ```ts import.meta.vitest
 * import { VideoTaskError } from "@video-tasks/core"
 * import { Effect } from "effect"
 *
 * const program = Effect.fail(
 *   VideoTaskError.make({
 *     provider: "cometapi",
 *     operation: "observe",
 *     reason: new VideoTaskError.TaskNotFound({ remoteId: "t1" })
 *   })
 * ).pipe(Effect.catchReason("VideoTaskError", "TaskNotFound", (reason) => Effect.succeed(reason.remoteId)))
 *
 * await Effect.runPromise(program) // => "t1"
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class VideoTaskError extends Schema.TaggedError<VideoTaskError>("@video-tasks/core/VideoTaskError")(
  "VideoTaskError",
  {
    /** The id of the provider. */
    provider: Schema.String,
    operation: Operation,
    /** The task; present whenever one exists. */
    handle: Schema.optionalKey(TaskHandle),
    /** The provider's id of the request, for its support. */
    requestId: Schema.optionalKey(Schema.String),
    reason: Reason
  }
) {
  /**
   * Says what happened and what to do next.
   *
   * @since 0.1.0
   */
  override get message(): string {
    return this.reason.message
  }
  /**
   * Its fields with the message, for `JSON.stringify` and `console.log`.
   *
   * @since 0.1.0
   */
  override toJSON(): unknown {
    const { _tag, message, retryable } = this
    return Object.assign({ _tag, message, retryable }, this)
  }
  /**
   * Tells whether the same operation may succeed later.
   *
   * @since 0.1.0
   */
  get retryable(): boolean {
    return this.reason.retryable
  }
}

/**
 * Makes an error; fields that are `undefined` are left out.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (fields: {
  readonly provider: string
  readonly operation: Operation
  readonly reason: Reason
  readonly handle?: TaskHandle | undefined
  readonly requestId?: string | undefined
}): VideoTaskError =>
  new VideoTaskError({
    provider: fields.provider,
    operation: fields.operation,
    reason: fields.reason,
    ...(fields.handle === undefined ? {} : { handle: fields.handle }),
    ...(fields.requestId === undefined ? {} : { requestId: fields.requestId })
  })

/**
 * Adds the handle to an error that has none.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withHandle = (self: VideoTaskError, handle: TaskHandle): VideoTaskError =>
  self.handle === undefined
    ? make({
      provider: self.provider,
      operation: self.operation,
      reason: self.reason,
      requestId: self.requestId,
      handle
    })
    : self
