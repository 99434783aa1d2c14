/**
 * What a family of an API is to this package: its routes, how a create is written, how an answer is read.
 *
 * The same family is served at several places, CometAPI's and the vendor's own, so that a module makes it from a mount.
 */
import type { Observation } from "@video-tasks/core/Observation"
import type { TaskStatus } from "@video-tasks/core/TaskStatus"
import type { CreateOptions, Family, ListOptions, Trace } from "@video-tasks/core/VideoProvider"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import type { Reason, Violation } from "@video-tasks/core/VideoTaskError"
import type { WireProblem } from "@video-tasks/core/WireProblem"
import type * as Effect from "effect/Effect"
import type * as Result from "effect/Result"
import type { Question, Refusal } from "./classify.ts"
import type { ApiAnswer, ApiRequest } from "./http.ts"
import type * as ImageInput from "./imageInput.ts"

/** A create, ready to be sent. */
export interface Create {
  /** Follows the base URL. */
  readonly path: string
  readonly body: NonNullable<ApiRequest["body"]>
  /** Kept in the handle: what `{route}` stands for when the task is read. */
  readonly route?: string | undefined
}

/** One page of a list: items that `toObservation` reads. */
export interface Page {
  readonly items: ReadonlyArray<unknown>
  readonly cursor?: string | undefined
}

/** Which tasks a list is asked for. */
export interface ListQuery extends ListOptions {
  readonly ids?: ReadonlyArray<string> | undefined
  readonly route?: string | undefined
}

/** How an API answers about many tasks at once. */
export interface ListRoute {
  /** Writes the path with its query. `ids` are asked for only where `filtersByIds` is true. */
  readonly path: (query: ListQuery) => string
  /** Whether it can be asked for certain tasks. Otherwise the newest page is looked through. */
  readonly filtersByIds: boolean
  /** Reads a page; the query is what it was asked with, where pages are numbered. */
  readonly toPage: (body: unknown, query: ListQuery) => Result.Result<Page, WireProblem>
}

/** A route that takes the id of a task, and the states in which asking makes sense. */
interface TaskRoute {
  readonly path: string
  readonly from: ReadonlyArray<TaskStatus>
}

/** A family with its routes. In paths `{id}` stands for the task and `{route}` for the route of its handle. */
export interface FamilyApi {
  /** A handle without one of its `routes`, after `attach`, is tried at each. */
  readonly family: Family
  /** Reads a task. */
  readonly query: string
  /** Serves the finished file. */
  readonly content?: string | undefined
  readonly list?: ListRoute | undefined
  /** `DELETE` here cancels a task that is in one of these states. */
  readonly cancel?: TaskRoute | undefined
  /** `DELETE` here removes a task that has ended. */
  readonly remove?: string | undefined
  /** How the task of a create is found by the reference that it was sent with. */
  readonly traced?: {
    readonly trace: (request: VideoRequest, options: CreateOptions) => Trace | undefined
    readonly path: (trace: Trace) => string | undefined
  } | undefined
  /** Sent with every request, for example the version of the API. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly images: ImageInput.Accepts
  /** Fields that an option can't replace. */
  readonly reserved: ReadonlyArray<string>
  /** What the models' specs can't say. */
  readonly violations?: ((request: VideoRequest) => ReadonlyArray<Violation>) | undefined
  /** Why there is no create, where the API has none. */
  readonly noCreate?: string | undefined
  /** Writes a create. The request and its pictures were checked. */
  readonly write: (
    request: VideoRequest,
    images: ReadonlyArray<ImageInput.Checked>,
    options: CreateOptions
  ) => Effect.Effect<Create, Reason>
  /** The field of a create that takes the URL that is told of changes. */
  readonly callbackField?: string | undefined
  readonly toObservation: (body: unknown) => Result.Result<Observation, WireProblem>
  /** The codes and sentences of this API alone. */
  readonly refusals?: ReadonlyArray<Refusal> | undefined
  /**
   * The length that a request pays for, in seconds; `undefined` when nobody knows it before. Without it the request's length
   * counts, else its model's default.
   */
  readonly billedSeconds?: ((request: VideoRequest) => number | undefined) | undefined
  /**
   * Reads an answer that means something else here than everywhere: an empty 202 of a running task, a 4xx that is the end
   * of one. `undefined` leaves it to the common rules.
   */
  readonly exception?: ((answer: ApiAnswer, question: Question) => Observation | undefined) | undefined
}
