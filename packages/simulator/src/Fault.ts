/**
 * The faults a script can ask for.
 *
 * @since 0.1.0
 */

/**
 * What a fault is, for a reader and for the parser of scripts.
 *
 * @category models
 * @since 0.1.0
 */
export interface Description {
  /**
   * One line for a reader.
   */
  readonly summary: string
  /**
   * Whether a create that meets it is stored and billed all the same, unless the line says `accepted` itself.
   */
  readonly accepts: boolean
  /**
   * The only operations it makes sense for.
   */
  readonly only?: ReadonlyArray<"create" | "poll" | "download" | "models"> | undefined
}

const refusal = (summary: string, only?: Description["only"]): Description => ({ summary, accepts: false, only })

const spoiled = (summary: string, only?: Description["only"]): Description => ({ summary, accepts: true, only })

/**
 * Every fault by its name.
 *
 * @category constants
 * @since 0.1.0
 */
export const faults = {
  "401": refusal("401, the key is refused, in the words of the API"),
  "402": refusal("402, out of credit"),
  "403-json": refusal("403 with a JSON error: the key may not do this"),
  "403-html": refusal("403 with an HTML page of a firewall"),
  "404": refusal("404 with a JSON error"),
  "408": refusal("408, the server gave up waiting"),
  "410": refusal("410, gone"),
  "413": refusal("413, the request is too large"),
  "425": refusal("425, too early"),
  "429": refusal("429 with a JSON error; `retryAfter` says when to come back"),
  "429-empty": refusal("429 without a body"),
  "500": refusal("500 with a JSON error"),
  "500-invalid-request": refusal("500 whose code is invalid_request: a bad request in disguise"),
  "502": refusal("502 with the HTML page of a proxy"),
  "503": refusal("503 with a JSON error"),
  "503-html": refusal("503 with an HTML page"),
  "503-model-not-found": refusal("503 whose code is model_not_found: a wrong model in disguise"),
  "504": refusal("504 with the HTML page of a proxy"),
  "524-html": spoiled("524 with an HTML page: the proxy gave up waiting, the origin did not"),
  "task-not-exist": refusal("the answer for an unknown task, in the words of the API"),
  "refusal-200": refusal("200 whose body is an error without an id"),
  "empty-data": refusal("200 with the wrapper of New-API around nothing"),
  "html-200": spoiled("200 with an HTML page"),
  "empty-200": spoiled("200 without a body"),
  "202-empty": spoiled("202 without a body"),
  "no-id": spoiled("the usual answer without any task id"),
  "truncated-json": spoiled("200 with the first half of the JSON, correctly framed"),
  "bad-json": spoiled("200 with something that is not JSON"),
  "unknown-status": spoiled("a status word that nobody knows; `status` sets it", ["create", "poll"]),
  "success-without-url": spoiled("the success of the task, without a link", ["poll"]),
  "progress-backwards": spoiled("half of the progress", ["poll"]),
  "big-body": spoiled("the JSON padded to 64 MiB"),
  gzip: spoiled("the body in gzip, asked for or not"),
  "gzip-garbage": spoiled("a body that says it is gzip and is not"),
  redirect: refusal("307 to `location`"),
  late: spoiled("the usual answer after `seconds`"),
  hang: spoiled("no answer, ever, or a reset after `seconds`"),
  "slow-drip": spoiled("the head at once, then a byte every `seconds` (default 1)"),
  "reset-before-accept": refusal("the connection is reset, nothing was processed"),
  "reset-after-accept": spoiled("the request is processed, its answer lost by a reset"),
  "reset-mid-body": spoiled("the head and `bytes` of the body (default half), then a reset"),
  "expired-url": refusal("403 with the XML of an expired link", ["download"]),
  "cut-at": spoiled("the file is cut after `bytes` (default half) by a reset", ["download"]),
  "html-file": spoiled("200 with an HTML page instead of the file", ["download"])
} satisfies Record<string, Description>

/**
 * The name of a fault.
 *
 * @category models
 * @since 0.1.0
 */
export type Fault = keyof typeof faults
