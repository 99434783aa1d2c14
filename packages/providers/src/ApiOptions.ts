/**
 * What every provider of this package can be told about its API.
 *
 * @since 0.1.0
 */
import type * as Redacted from "effect/Redacted"

/**
 * What every provider of this package can be told about its API.
 *
 * **Gotchas**
 *
 * Redirects are never followed. With fetch that takes a `FetchHttpClient.RequestInit` of ours: options of your own are
 * merged into it when they are in the context where the provider is built or used, except `redirect`. Do not give a
 * client that follows redirects by itself (`HttpClient.followRedirects`): nobody below it can hold it back.
 *
 * Nor a client that sends again by itself (`HttpClient.retryTransient`, `HttpClient.retry`): it would send a create more
 * than once, and each of them may make a task and cost money. `VideoTasks` repeats what may be repeated.
 *
 * @category options
 * @since 0.1.0
 */
export interface ApiOptions {
  /** The bearer token of the account. It goes to the API's own origin only. */
  readonly apiKey: Redacted.Redacted
  /** Origin and path of the API, nothing else. The version that all of its routes begin with (`/v1`) may stand at its end. */
  readonly baseUrl?: string | undefined
  /**
   * A label of the account, which is kept in handles: choose another for a second account.
   *
   * @default "default"
   */
  readonly account?: string | undefined
  /** The id under which the provider is registered; a second account in one program needs another. */
  readonly id?: string | undefined
  /**
   * The `user-agent` of every request.
   *
   * @default "video-tasks/0.1.0"
   */
  readonly userAgent?: string | undefined
  /**
   * Sends `traceparent` and `b3` to the API.
   *
   * @default false
   */
  readonly propagateTrace?: boolean | undefined
  /**
   * The largest reference picture that is sent, in bytes.
   *
   * @default 31457280
   */
  readonly maxImageBytes?: number | undefined
}
