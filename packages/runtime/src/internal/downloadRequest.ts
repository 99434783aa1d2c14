/**
 * One request of a download: redirects by hand, every hop looked at, nothing followed blindly.
 */
import * as RetryAfter from "@video-tasks/core/RetryAfter"
import * as Transport from "@video-tasks/core/Transport"
import { Unauthorized, UnsafeAddress } from "@video-tasks/core/VideoTaskError"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Address from "./downloadAddress.ts"
import * as Content from "./downloadContent.ts"
import { AddressGuard, AddressRefused } from "./downloadGuard.ts"
import { expired, failed, Problem, words } from "./downloadProblem.ts"

/** What a request needs to know besides its URL. */
export interface Access {
  /** Whether a private address at this host is meant. */
  readonly mayBePrivate: (host: string) => boolean
  /** The headers for this URL: none but at the API's own origin. */
  readonly credentials: (url: URL) => Readonly<Record<string, Redacted.Redacted>>
  /** How long the head of an answer may take. */
  readonly stallTimeout: Duration.Input
}

/** The part of a file to ask for. */
export interface Part {
  readonly from: number
  /** The header itself, where it asks for another part than all from there on. */
  readonly range?: string | undefined
  /** The validator that the file must still have. */
  readonly validator: string | undefined
}

/** How many redirects are followed. */
const maxRedirects = 5

/**
 * Asks for a file, or the rest of one. Succeeds with an answer whose status is 200, 206 or (when a part was asked for)
 * 416; its body lives as long as the scope.
 */
export const send = Effect.fnUntraced(function*(
  link: string,
  part: Part | undefined,
  access: Access
): Effect.fn.Return<HttpClientResponse, Problem, HttpClient.HttpClient | Scope.Scope> {
  let url = yield* parse(link, undefined)
  for (let hop = 0; hop <= maxRedirects; hop++) {
    const response = yield* execute(url, part, access)
    const location = redirection(response)
    if (location === undefined) return yield* accept(response, url, part, access)
    url = yield* parse(location, url)
  }
  return yield* failed("never", `more than ${maxRedirects} redirects`)
})

// internal

const parse = (link: string, base: URL | undefined): Effect.Effect<URL, Problem> =>
  Effect.suspend(() => {
    if (!URL.canParse(link, base)) return Effect.fail(failed("never", "the link is not a URL"))
    const url = new URL(link, base)
    return url.protocol === "https:" || url.protocol === "http:"
      ? Effect.succeed(url)
      : Effect.fail(unsafe(url.host, `${url.protocol} links are not followed`))
  })

const unsafe = (host: string, detail: string) =>
  new Problem({ remedy: "never", reason: new UnsafeAddress({ host, detail }) })

const execute = Effect.fnUntraced(function*(
  url: URL,
  part: Part | undefined,
  access: Access
): Effect.fn.Return<HttpClientResponse, Problem, HttpClient.HttpClient | Scope.Scope> {
  const mayBePrivate = access.mayBePrivate(url.hostname)
  const refused = mayBePrivate ? undefined : Address.refusedHost(url.hostname)
  if (refused !== undefined) return yield* unsafe(url.hostname, refused)
  const client = HttpClient.withScope(yield* HttpClient.HttpClient)
  return yield* client.execute(toRequest(url, part, access)).pipe(
    Effect.catch(answeredAnyway),
    Effect.mapError((error) => transportProblem(error, url)),
    Effect.timeoutOrElse({
      duration: access.stallTimeout,
      orElse: () => Effect.fail(failed("later", `${url.host} did not answer in time`))
    }),
    Effect.updateContext((context: Context.Context<HttpClient.HttpClient | Scope.Scope>) =>
      Context.merge(context, hygiene).pipe(Context.add(AddressGuard, mayBePrivate ? "any" : "public"))
    )
  )
})

/** A signed link is a secret: no span shows it, and no header tells the storage who traces whom. */
const hygiene = HttpClient.TracerDisabledWhen.context(constTrue).pipe(
  Context.add(HttpClient.TracerPropagationEnabled, false),
  // Fetch follows redirects by itself, to any address, unless it is told not to.
  Context.add(FetchHttpClient.RequestInit, { redirect: "manual" })
)

const toRequest = (url: URL, part: Part | undefined, access: Access): HttpClientRequest.HttpClientRequest => {
  const credentials = Object.entries(access.credentials(url)).map(([name, value]) =>
    [name, Redacted.value(value)] as const
  )
  // As text: a `URL` would be taken apart and its query written anew, and then its signature may not fit any more.
  return HttpClientRequest.get(url.href, {
    headers: {
      ...Object.fromEntries(credentials),
      // A compressed answer has no parts that could be asked for.
      "accept-encoding": "identity",
      "user-agent": Transport.userAgent,
      ...(part === undefined ? {} : { range: part.range ?? `bytes=${part.from}-` }),
      ...(part?.validator === undefined ? {} : { "if-range": part.validator })
    }
  })
}

// A client that was told to fail on a status still has the answer.
const answeredAnyway = (error: HttpClientError) =>
  error.response === undefined ? Effect.fail(error) : Effect.succeed(error.response)

const transportProblem = (error: HttpClientError, url: URL): Problem => {
  const refused = refusal(error)
  if (refused !== undefined) return unsafe(refused.host, `it resolves to ${refused.address}, ${refused.range}`)
  const hopeless = error.reason._tag === "InvalidUrlError" || error.reason._tag === "EncodeError"
  return failed(hopeless ? "never" : "later", `${url.host} could not be reached (${words(error)})`)
}

const refusal = (error: unknown): AddressRefused | undefined => {
  let current = error
  for (let depth = 0; depth < 8 && typeof current === "object" && current !== null; depth++) {
    if (current instanceof AddressRefused) return current
    current = "cause" in current ? current.cause : undefined
  }
  return undefined
}

const redirection = (response: HttpClientResponse): string | undefined =>
  [301, 302, 303, 307, 308].includes(response.status) ? response.headers["location"] : undefined

const accept = Effect.fnUntraced(function*(
  response: HttpClientResponse,
  url: URL,
  part: Part | undefined,
  access: Access
): Effect.fn.Return<HttpClientResponse, Problem> {
  const { status } = response
  if (status === 200 || (part !== undefined && (status === 206 || status === 416))) return response
  const head = yield* readHead(response, access.stallTimeout)
  const said = head.length === 0 ? "" : `, ${Content.describe(head)}`
  const detail = `${url.host} answered HTTP ${status}${said}`
  if (status === 401 && Object.keys(access.credentials(url)).length > 0) {
    return yield* new Problem({ remedy: "never", reason: new Unauthorized({ detail }) })
  }
  // Storage services say 400 for an expired signature too (Google Cloud Storage: `ExpiredToken`).
  if (status === 400) return yield* failed("fresh", detail, { status })
  if ([401, 403, 404, 410].includes(status)) {
    return yield* expired("fresh", detail)
  }
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    const retryAfterMs = RetryAfter.read(response.headers, undefined, yield* Clock.currentTimeMillis)
    return yield* failed("later", detail, { status, retryAfterMs })
  }
  if (status === 0) return yield* failed("never", "the link redirects, and this platform does not say where to")
  return yield* failed("never", detail, { status })
})

const readHead = (response: HttpClientResponse, stallTimeout: Duration.Input): Effect.Effect<Uint8Array> => {
  const parts: Array<number> = []
  return Stream.runForEachWhile(response.stream, (chunk) =>
    Effect.sync(() => {
      parts.push(...chunk.subarray(0, Content.excerptLength - parts.length))
      return parts.length < Content.excerptLength
    })).pipe(
      Effect.timeout(stallTimeout),
      Effect.ignore,
      Effect.map(() => Uint8Array.from(parts))
    )
}
