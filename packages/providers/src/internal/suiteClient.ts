/**
 * An HTTP client that answers from a table and keeps what it was sent.
 */
import * as Transport from "@video-tasks/core/Transport"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"

/** What an API does with a request. */
export type Act =
  /** Answers; a body that is no text is sent as JSON. */
  | {
    readonly _tag: "answers"
    readonly status: number
    readonly body: unknown
    readonly headers?: Readonly<Record<string, string>> | undefined
  }
  /** Answers 200 and breaks off in the middle of the body. */
  | { readonly _tag: "breaksOff" }
  /** Gives no answer, and the transport says whether the request was started. */
  | { readonly _tag: "fails"; readonly requestStarted: Transport.RequestStarted }
  /** Never answers. */
  | { readonly _tag: "hangs" }

/** A client and its memory. */
export interface Recorder {
  readonly client: HttpClient.HttpClient
  readonly requests: ReadonlyArray<HttpClientRequest.HttpClientRequest>
  /** How many requests were given up by the caller. */
  readonly aborted: () => number
}

/** Answers with JSON. */
export const json = (status: number, body: unknown): Act => ({ _tag: "answers", status, body })

/** Makes a client that does the same to every request. */
export const make = (act: Act): Recorder => {
  const requests: Array<HttpClientRequest.HttpClientRequest> = []
  let aborted = 0
  const client = HttpClient.make((request, _, signal) =>
    Effect.suspend(() => {
      requests.push(request)
      signal.addEventListener("abort", () => aborted++, { once: true })
      return perform(act, request)
    })
  )
  return { client, requests, aborted: () => aborted }
}

const perform = (
  act: Act,
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError> => {
  switch (act._tag) {
    case "answers":
      return Effect.succeed(HttpClientResponse.fromWeb(request, responseOf(act)))
    case "breaksOff":
      return Effect.succeed(HttpClientResponse.fromWeb(request, new Response(brokenStream(), { status: 200 })))
    case "fails": {
      const cause = new Transport.TransportCause({ requestStarted: act.requestStarted, cause: { code: "ECONNRESET" } })
      return Effect.fail(
        new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) })
      )
    }
    case "hangs":
      return Effect.never
  }
}

const responseOf = (act: Extract<Act, { readonly _tag: "answers" }>): Response => {
  const isText = typeof act.body === "string"
  return new Response(isText ? act.body : JSON.stringify(act.body), {
    status: act.status,
    headers: { "content-type": isText ? "text/html" : "application/json", ...act.headers }
  })
}

const brokenStream = (): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode("{\"id\":")),
    pull: (controller) => controller.error({ code: "ECONNRESET" })
  })
