/**
 * Who may ask what: every request passes here first, and every answer leaves with the same headers.
 *
 * What is not expressly open is closed: only the files of the page, which hold no data, and the login are open.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Refused } from "../Contract.ts"
import type { Session } from "./session.ts"

/** What the gate knows. */
export interface Options {
  /** What the `Host` header may be, word for word. */
  readonly hosts: ReadonlySet<string>
  /** Those of them under which a server with TLS may stand before this one. */
  readonly proxied: ReadonlySet<string>
  /** How a viewer proves that they know the token; absent where none is wanted. */
  readonly session: Session | undefined
  readonly isReadOnly: boolean
  /** Whether a path is a file of the page. */
  readonly isPage: (path: string) => boolean
}

/** The path of the login. */
export const loginPath = "/api/session"

/** The viewer of the inspector. Apps of other origins open it and tell it of their machines; it has no data of its own. */
const viewerPath = "/inspector.html"

/** Lets through what may pass. */
export const guard = <E, R>(
  options: Options,
  handler: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R | HttpServerRequest.HttpServerRequest> =>
  Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    const path = pathOf(request)
    const response = refusal(options, request, path) ?? (yield* answered(handler))
    const isDocument = options.isPage(path) && response.headers["content-type"]?.startsWith("text/html") === true
    return HttpServerResponse.setHeaders(response, {
      ...headers,
      ...(options.isPage(path) ? {} : { "cache-control": "no-store" }),
      // The page opens the inspector and speaks with it; nothing else has windows.
      "cross-origin-opener-policy": path === viewerPath
        ? "unsafe-none"
        : isDocument
        ? "same-origin-allow-popups"
        : "same-origin"
    })
  })

/** A refusal as an answer. */
export const refused = (status: number, reason: string, message: string): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe({ reason, message } satisfies Refused, { status })

/** The path of a request, as it was sent. */
export const pathOf = ({ url }: HttpServerRequest.HttpServerRequest): string => url.replace(/[?#].*$/s, "")

// internal

const headers = {
  "content-security-policy":
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY"
}

const refusal = (
  { hosts, isPage, isReadOnly, proxied, session }: Options,
  request: HttpServerRequest.HttpServerRequest,
  path: string
): HttpServerResponse.HttpServerResponse | undefined => {
  const { host, origin } = request.headers
  const site = request.headers["sec-fetch-site"]
  // A name that leads here by somebody else's DNS must not make this page theirs.
  if (host === undefined || !hosts.has(host)) return refused(403, "UnknownHost", "This server has another name.")
  const isRead = request.method === "GET" || request.method === "HEAD"
  if (!isRead && request.method !== "POST") return refused(405, "BadMethod", "Only GET, HEAD and POST are understood.")
  const isOwn = origin === `http://${host}` || (proxied.has(host) && origin === `https://${host}`)
  const isForeign = origin !== undefined && !isOwn
  const isOpen = isRead && isPage(path)
  if (isForeign || (!isRead && origin === undefined)) {
    return refused(403, "ForeignOrigin", "Only the page of this server may ask this.")
  }
  const mayCome = isRead ? ["same-origin", "none"] : ["same-origin"]
  if (!isOpen && site !== undefined && !mayCome.includes(site)) {
    return refused(403, "ForeignSite", "Only the page of this server may ask this.")
  }
  if (isOpen) return undefined
  const isLogin = !isRead && path === loginPath
  if (session !== undefined && !isLogin && !session.knows(request)) {
    return refused(401, "NoSession", "Open the page with its token: the address that the server printed.")
  }
  if (!isRead && !isLogin && isReadOnly) {
    return refused(403, "ReadOnly", "This dashboard only shows; it changes nothing.")
  }
  return undefined
}

/** What breaks says nothing about itself. */
const answered = <E, R>(handler: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) =>
  Effect.catchCause(handler, (cause) => {
    if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
    const isUnknown = cause.reasons.some((reason) => reason._tag === "Fail" && isRouteNotFound(reason.error))
    return isUnknown
      ? Effect.succeed(refused(404, "NotFound", "There is nothing here."))
      : Effect.as(
        Effect.logError("the dashboard could not answer", cause),
        refused(500, "Internal", "Something broke.")
      )
  })

const isRouteNotFound = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "reason" in error && typeof error.reason === "object" &&
  error.reason !== null && "_tag" in error.reason && error.reason._tag === "RouteNotFound"
