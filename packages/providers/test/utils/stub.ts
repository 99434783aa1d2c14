import { Effect, Redacted } from "effect"
import { HttpClient, HttpClientError, type HttpClientRequest, HttpClientResponse } from "effect/http"

export const secret = "sk-stub-0123456789abcdef"

export const apiKey = Redacted.make(secret)

/** What a stub does with a request: answers, or fails with a cause as a transport would. */
export type Handler = (
  request: HttpClientRequest.HttpClientRequest,
  url: URL
) => Response | { readonly cause: unknown } | Effect.Effect<Response>

/** A client that answers as it is told, and what it was sent. */
export const stub = (handler: Handler) => {
  const requests: Array<HttpClientRequest.HttpClientRequest> = []
  const urls: Array<string> = []
  const state = { aborted: 0 }
  const client = HttpClient.make((request, url, signal) =>
    Effect.suspend(() => {
      requests.push(request)
      urls.push(url.href)
      signal.addEventListener("abort", () => state.aborted++, { once: true })
      const made = handler(request, url)
      if (Effect.isEffect(made)) return Effect.map(made, (response) => HttpClientResponse.fromWeb(request, response))
      if (made instanceof Response) return Effect.succeed(HttpClientResponse.fromWeb(request, made))
      const reason = new HttpClientError.TransportError({ request, cause: made.cause })
      return Effect.fail(new HttpClientError.HttpClientError({ reason }))
    })
  )
  const provide = Effect.provideService(HttpClient.HttpClient, client)
  return { client, provide, requests, urls, state }
}

/** A client that answers everything with one JSON body. */
export const answering = (body: unknown, init?: ResponseInit) => stub(() => Response.json(body, init))

/** A body in chunks; it ends, fails with an error, or never ends. */
export const streamOf = (
  chunks: Iterable<string | Uint8Array<ArrayBuffer>>,
  end: "end" | "never" | Error = "end"
): ReadableStream<Uint8Array> => {
  const iterator = chunks[Symbol.iterator]()
  return new ReadableStream({
    pull: (controller) => {
      const { done, value } = iterator.next()
      if (done !== true) return controller.enqueue(typeof value === "string" ? new TextEncoder().encode(value) : value)
      if (end === "end") return controller.close()
      return end === "never" ? new Promise<void>(() => {}) : controller.error(end)
    }
  })
}
