/**
 * One request without a body, and its answer.
 *
 * This is the way of every poll, so it takes none of the detours of undici's `request` (an async resource, a readable
 * stream and its events for each answer): the body of an answer is a list of chunks that one reader takes.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as HttpClientError from "effect/http/HttpClientError"
import type { HttpClientRequest } from "effect/http/HttpClientRequest"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import type { Dispatcher } from "undici"
import { NodeResponse } from "./nodeResponse.ts"

type Handler = Dispatcher.DispatchHandler
type Controller = Dispatcher.DispatchController
type State = "open" | "ended" | "aborted" | { readonly cause: unknown }
type Chunks = [Uint8Array, ...Array<Uint8Array>]

/** Sends a request without a body. Interruption and the signal close its connection. */
export const send = (
  dispatcher: Dispatcher,
  request: HttpClientRequest,
  url: URL,
  signal: AbortSignal
): Effect.Effect<HttpClientResponse, HttpClientError.HttpClientError> =>
  Effect.callback((resume) => {
    const exchange = new Exchange(request, signal, (result) => resume(result), url)
    const options: Dispatcher.DispatchOptions = {
      method: request.method,
      headers: request.headers,
      origin: url.origin,
      path: url.pathname + url.search,
      // Time is the caller's: `Effect.timeout` is kinder to tests than a timer of undici's.
      headersTimeout: 0,
      bodyTimeout: 0
    }
    dispatcher.dispatch(options, exchange)
    return Effect.sync(() => exchange.abort())
  })

/** The body of an answer while it comes. */
export interface Body {
  /** Takes what has come, waits for more when nothing has, and is done at the end. */
  readonly take: Effect.Effect<Chunks, HttpClientError.HttpClientError | Cause.Done>
  /** Waits for the end and takes everything. */
  readonly all: Effect.Effect<Uint8Array<ArrayBuffer>, HttpClientError.HttpClientError>
}

// internal

/** The connection is asked to pause when so many bytes wait for their reader. */
const highWaterMark = 131_072

class Exchange implements Handler, Body {
  readonly #request: HttpClientRequest
  readonly #signal: AbortSignal
  readonly #url: URL
  #answer: ((result: Effect.Effect<HttpClientResponse, HttpClientError.HttpClientError>) => void) | undefined
  #response: NodeResponse | undefined
  #controller: Controller | undefined
  #chunks: Array<Uint8Array> = []
  #size = 0
  #limit = highWaterMark
  #state: State = "open"
  #wake: (() => void) | undefined

  constructor(
    request: HttpClientRequest,
    signal: AbortSignal,
    answer: (result: Effect.Effect<HttpClientResponse, HttpClientError.HttpClientError>) => void,
    url: URL
  ) {
    this.#request = request
    this.#signal = signal
    this.#answer = answer
    this.#url = url
    signal.addEventListener("abort", this)
  }
  /** Listens to the signal. */
  handleEvent(): void {
    this.abort()
  }
  abort(): void {
    if (this.#state !== "open") return
    this.#close("aborted")
    this.#controller?.abort(new Error("the request was given up"))
  }
  onRequestStart(controller: Controller): void {
    this.#controller = controller
    if (this.#state === "aborted") controller.abort(new Error("the request was given up"))
  }
  onResponseStart(_controller: Controller, status: number, headers: NodeResponse["source"]): void {
    if (status < 200) return
    this.#response = new NodeResponse(this.#request, this.#url, status, headers, this)
    this.#answer?.(Effect.succeed(this.#response))
    this.#answer = undefined
  }
  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#size > this.#limit) controller.pause()
    this.#wakeUp()
  }
  onResponseEnd(): void {
    this.#signal.removeEventListener("abort", this)
    this.#state = "ended"
    // undici frees the connection in the next turn of the event loop (an immediate that it sets after this call). Who
    // goes on before that, with another request, would open a second one.
    queueMicrotask(() => setImmediate(() => this.#wakeUp()))
  }
  onResponseError(_controller: Controller, cause: Error): void {
    const reason = new HttpClientError.TransportError({ request: this.#request, cause })
    if (this.#state === "open") this.#close({ cause })
    this.#answer?.(Effect.fail(new HttpClientError.HttpClientError({ reason })))
    this.#answer = undefined
  }
  readonly take: Body["take"] = Effect.suspend(() => {
    const [first, ...rest] = this.#chunks
    if (first !== undefined) {
      this.#chunks = []
      this.#size = 0
      if (this.#controller?.paused === true) this.#controller.resume()
      return Effect.succeed<Chunks>([first, ...rest])
    }
    if (this.#state === "open") return Effect.andThen(this.#change, this.take)
    return this.#state === "ended" ? Cause.done() : Effect.fail(this.#broken())
  })
  readonly all: Body["all"] = Effect.suspend(() => {
    this.#limit = Number.POSITIVE_INFINITY
    if (this.#controller?.paused === true) this.#controller.resume()
    if (this.#state === "open") return Effect.andThen(this.#change, this.all)
    if (this.#state !== "ended") return Effect.fail(this.#broken())
    return Effect.succeed(joined(this.#chunks, this.#size))
  })
  /** Succeeds when something has come, or the end. */
  get #change(): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      this.#wake = () => resume(Effect.void)
    })
  }
  #wakeUp(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
  #close(state: State): void {
    this.#state = state
    this.#signal.removeEventListener("abort", this)
    this.#wakeUp()
  }
  #broken(): HttpClientError.HttpClientError {
    const cause = typeof this.#state === "object" ? this.#state.cause : new Error("the request was given up")
    const response = this.#response
    return new HttpClientError.HttpClientError({
      reason: response === undefined
        ? new HttpClientError.TransportError({ request: this.#request, cause })
        : new HttpClientError.DecodeError({ request: this.#request, response, cause })
    })
  }
}

const joined = (chunks: ReadonlyArray<Uint8Array>, size: number): Uint8Array<ArrayBuffer> => {
  const all = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    all.set(chunk, offset)
    offset += chunk.length
  }
  return all
}
