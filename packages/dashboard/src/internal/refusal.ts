/**
 * Questions and actions that are refused, in words.
 */
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import type { TaskStoreError } from "@video-tasks/runtime/TaskStore"
import * as Data from "effect/Data"
import * as Words from "./words.ts"

/** A question or an action that is refused, in words. */
export class Refusal extends Data.TaggedError("Refusal")<{
  readonly status: number
  readonly reason: string
  readonly message: string
}> {}

/** Nobody knows the task. */
export const unknown = new Refusal({
  status: 404,
  reason: "TaskNotFound",
  message: "There is no such task in the store."
})

/** An action that can't be done as things stand. */
export const notNow = (message: string): Refusal => new Refusal({ status: 409, reason: "NotNow", message })

/** The store fails. */
export const storeFailed = (error: TaskStoreError): Refusal =>
  new Refusal({ status: 503, reason: "StoreError", message: Words.line(`The store does not answer: ${error.message}`) })

/** What an action fails with. */
export const ofError = (error: VideoTaskError): Refusal =>
  new Refusal({
    status: statuses[error.reason._tag] ?? 502,
    reason: error.reason._tag,
    message: Words.paragraph(error.message)
  })

// internal

const statuses: { readonly [Tag in VideoTaskError["reason"]["_tag"]]?: number } = {
  InvalidRequest: 422,
  Unsupported: 409,
  BudgetExceeded: 409,
  ResumeIdentityChanged: 409,
  PayloadTooLarge: 422,
  ModelUnavailable: 409,
  TaskNotFound: 404,
  ResultExpired: 410,
  MissingResult: 404,
  StoreError: 503,
  RateLimited: 503,
  ProviderUnavailable: 503
}
