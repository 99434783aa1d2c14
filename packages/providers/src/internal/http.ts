/**
 * The one way in which every provider talks to its API.
 *
 * Bearer to the API's own origin only, redirects never followed, no trace headers unless asked, every URL parameter
 * redacted in spans, bodies capped, and nothing thrown: an answer is an answer whatever its status.
 */
import * as ErrorBody from "@video-tasks/core/ErrorBody"
import * as Redact from "@video-tasks/core/Redact"
import * as RetryAfter from "@video-tasks/core/RetryAfter"
import * as Transport from "@video-tasks/core/Transport"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as UrlParams from "effect/http/UrlParams"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as ResponseBody from "./responseBody.ts"
import * as Secret from "./secret.ts"

/** What a request needs to know about the account. */
export interface Account {
  /** Origin and path, normalised. */
  readonly baseUrl: string
  /** The token of the next request. A key gives itself; what signs gives one that is still good. */
  readonly bearer: Effect.Effect<Redacted.Redacted, TransportProblem>
  /** The token where it never changes: a download at the API's own origin gets it too. */
  readonly key?: Redacted.Redacted | undefined
  /** What must never be shown besides the token: the key, or what tokens are made with. */
  readonly secrets: ReadonlyArray<Redacted.Redacted>
  readonly userAgent: string
  readonly propagateTrace: boolean
}

/** What came before the body. */
export interface Head {
  /** 0 is a redirect that a browser hides. */
  readonly status: number
  readonly contentType: string | undefined
  readonly requestId: string | undefined
  /** Where a redirect leads: host only. */
  readonly redirectedTo: string | undefined
}

/** An answer, whatever it says. */
export interface ApiAnswer extends Head {
  readonly retryAfterMs: number | undefined
  readonly body: ResponseBody.Body
}

/** There was no answer. */
export class TransportProblem extends Data.TaggedError("TransportProblem")<{
  readonly requestStarted: Transport.RequestStarted
  /** In words, without secrets. */
  readonly detail: string
}> {}

/** One request to the API. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "DELETE"
  /** Follows the base URL. */
  readonly path: string
  readonly body?: FormData | { readonly json: unknown } | undefined
  /** @default "application/json" */
  readonly accept?: string | undefined
  /** Further headers that the API wants. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** `false` for a public route: the key stays here. */
  readonly bearer?: boolean | undefined
  /**
   * The longest answer that is read, in bytes.
   *
   * @default 1048576
   */
  readonly maxBytes?: number | undefined
  /** Looks at the head and decides that the body is not wanted. */
  readonly discardBody?: ((head: Head) => boolean) | undefined
}

/** Sends a request once and reads its answer. */
export type Send = (request: ApiRequest) => Effect.Effect<ApiAnswer, TransportProblem>

/** Makes the pipeline of an account. */
export const make = Effect.fnUntraced(function*(
  account: Account
): Effect.fn.Return<Send, never, HttpClient.HttpClient> {
  const client = HttpClient.withScope(yield* HttpClient.HttpClient)
  const fetchOptions = Option.getOrUndefined(yield* Effect.serviceOption(FetchHttpClient.RequestInit))
  const known = account.secrets.map(Redacted.value)
  const hygiene = HttpClient.TracerPropagationEnabled.context(account.propagateTrace).pipe(
    Context.add(UrlParams.CurrentRedactedNames, [/^/])
  )
  // Fetch follows redirects by itself, with the prompt and to any origin, unless it is told not to.
  const strict = Effect.provideContext(
    hygiene.pipe(Context.add(FetchHttpClient.RequestInit, { ...fetchOptions, redirect: "manual" }))
  )
  const exchange = Effect.fnUntraced(function*(request: ApiRequest, { secrets, token }: Proof) {
    const response = yield* Effect.catch(client.execute(toHttp(account, request, token)), answeredAnyway)
    const head = headOf(response, account.baseUrl, secrets)
    const body = request.discardBody?.(head) === true
      ? discarded
      : yield* ResponseBody.read(response, secrets, request.maxBytes)
    const now = yield* Clock.currentTimeMillis
    const retryAfterMs = RetryAfter.read(response.headers, body._tag === "Json" ? body.value : undefined, now)
    return { ...head, retryAfterMs, body }
  }, releasing)
  const bearer: Effect.Effect<Proof, TransportProblem> = Effect.map(
    account.bearer,
    (token) => ({ token, secrets: [...new Set([Redacted.value(token), ...known])] })
  )
  return (request) =>
    Effect.flatMap(
      request.bearer === false ? Effect.succeed<Proof>({ secrets: known }) : bearer,
      (proof) =>
        exchange(request, proof).pipe(
          Effect.mapError((error) => problemOf(error, proof.secrets)),
          Effect.catchDefect((defect) => Effect.fail(crashed(defect, proof.secrets))),
          strict
        )
    )
})

/** What one request proves itself with, and what its answer must not show. */
interface Proof {
  readonly token?: Redacted.Redacted | undefined
  readonly secrets: Secret.Secrets
}

// What is no longer wanted gives its connection back. What was read to its end has done so by itself. What failed has
// none, and aborting it once more makes Node's fetch throw where nobody can catch it when it still holds a form.
const releasing = (effect: Effect.Effect<ApiAnswer, HttpClientError.HttpClientError, Scope.Scope>) =>
  Effect.flatMap(Scope.make(), (scope) =>
    Effect.onExit(
      Scope.provide(effect, scope),
      (exit) => isOver(exit) ? Effect.void : Scope.close(scope, exit)
    ))

const isOver = (exit: Exit.Exit<ApiAnswer, unknown>): boolean =>
  Exit.isSuccess(exit) ? readToTheEnd.has(exit.value.body._tag) : Cause.hasFails(exit.cause)

const readToTheEnd: ReadonlySet<ResponseBody.Body["_tag"]> = new Set(["Json", "Markup", "Text", "Empty"])

const discarded: ResponseBody.Body = { _tag: "Discarded" }

const toHttp = (
  account: Account,
  request: ApiRequest,
  token: Redacted.Redacted | undefined
): HttpClientRequest.HttpClientRequest => {
  const bare = HttpClientRequest.make(request.method)(`${account.baseUrl}${request.path}`).pipe(
    HttpClientRequest.accept(request.accept ?? "application/json"),
    HttpClientRequest.setHeader("user-agent", account.userAgent),
    HttpClientRequest.setHeaders(request.headers ?? {})
  )
  const known = token === undefined ? bare : HttpClientRequest.bearerToken(bare, token)
  if (request.body === undefined) return known
  return request.body instanceof FormData
    ? HttpClientRequest.bodyFormData(known, request.body)
    : HttpClientRequest.bodyJsonUnsafe(known, request.body.json)
}

/** The provider's id of the request: from the head, or else from the error in the body. */
export const requestIdOf = (answer: ApiAnswer): string | undefined => {
  if (answer.requestId !== undefined || answer.body._tag !== "Json") return answer.requestId
  const { requestId } = ErrorBody.read(answer.body.value)
  return requestId !== undefined && isId.test(requestId) ? requestId : undefined
}

// A client that was told to fail on a status still has the answer.
const answeredAnyway = (error: HttpClientError.HttpClientError) =>
  error.response === undefined ? Effect.fail(error) : Effect.succeed(error.response)

const headOf = (response: HttpClientResponse.HttpClientResponse, baseUrl: string, secrets: Secret.Secrets): Head => {
  const header = (name: string) => {
    const value = response.headers[name]
    return value === undefined ? undefined : Secret.hide(value, secrets)
  }
  return {
    status: response.status,
    contentType: header("content-type")?.toLowerCase(),
    requestId: requestIdHeaders.map(header).find((id) => id !== undefined && isId.test(id)),
    redirectedTo: hostOf(header("location"), baseUrl)
  }
}

const requestIdHeaders = ["x-request-id", "x-oneapi-request-id", "x-cometapi-request-id"]

const isId = /^[\w.:-]{1,128}$/

const hostOf = (location: string | undefined, baseUrl: string): string | undefined =>
  location !== undefined && URL.canParse(location, baseUrl) ? new URL(location, baseUrl).host : undefined

const problemOf = (error: HttpClientError.HttpClientError, secrets: Secret.Secrets): TransportProblem => {
  const { _tag } = error.reason
  // Neither gets as far as the wire.
  const unsent = _tag === "EncodeError" || _tag === "InvalidUrlError"
  return new TransportProblem({
    requestStarted: unsent ? "no" : Transport.requestStarted(error),
    detail: describe(error, secrets)
  })
}

const crashed = (defect: unknown, secrets: Secret.Secrets): TransportProblem =>
  new TransportProblem({
    requestStarted: Transport.requestStarted(defect),
    detail: `the HTTP client crashed: ${describe(defect, secrets)}`
  })

const maxCauses = 8

// The innermost cause says what happened; what is around it says "fetch failed".
const describe = (error: unknown, secrets: Secret.Secrets): string => {
  let current = error
  let said = "no answer"
  for (let depth = 0; depth < maxCauses && typeof current === "object" && current !== null; depth++) {
    const { cause, code, message } = current as Record<string, unknown>
    const words = [code, message].filter((word) => typeof word === "string" && word !== "")
    if (words.length > 0) said = words.join(": ")
    current = cause
  }
  return Redact.clip(Redact.text(Secret.hide(said, secrets)), 200)
}
