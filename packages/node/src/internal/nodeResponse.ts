/**
 * The answer to a request, as Effect's HTTP client hands it out.
 */
import * as Effect from "effect/Effect"
import * as Cookies from "effect/http/Cookies"
import * as Headers from "effect/http/Headers"
import * as HttpClientError from "effect/http/HttpClientError"
import type { HttpClientRequest } from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as UrlParams from "effect/http/UrlParams"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import { type Pipeable, pipeArguments } from "effect/Pipeable"
import type * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Body } from "./exchange.ts"

export class NodeResponse extends Inspectable.Class implements HttpClientResponse.HttpClientResponse, Pipeable {
  readonly [HttpIncomingMessage.TypeId]: typeof HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly [HttpClientResponse.TypeId]: typeof HttpClientResponse.TypeId = HttpClientResponse.TypeId
  readonly request: HttpClientRequest
  readonly status: number
  /** The headers as they came. */
  readonly source: Readonly<Record<string, string | Array<string> | undefined>>
  readonly #url: URL
  readonly #body: Body
  #headers: Headers.Headers | undefined
  #cookies: Cookies.Cookies | undefined
  #bytes: Uint8Array<ArrayBuffer> | undefined

  constructor(request: HttpClientRequest, url: URL, status: number, source: NodeResponse["source"], body: Body) {
    super()
    this.request = request
    this.#url = url
    this.status = status
    this.source = source
    this.#body = body
  }
  get url(): string {
    return this.#url.href.split("#")[0] ?? ""
  }
  get headers(): Headers.Headers {
    return this.#headers ??= Headers.fromInput(this.source)
  }
  get cookies(): Cookies.Cookies {
    const header = this.source["set-cookie"]
    return this.#cookies ??= header === undefined ? Cookies.empty : Cookies.fromSetCookie(header)
  }
  get remoteAddress(): Option.Option<string> {
    return Option.none()
  }
  get stream(): Stream.Stream<Uint8Array, HttpClientError.HttpClientError> {
    return Stream.fromPull(Effect.succeed(this.#body.take))
  }
  get #whole(): Effect.Effect<Uint8Array<ArrayBuffer>, HttpClientError.HttpClientError> {
    return Effect.suspend(() =>
      this.#bytes === undefined
        ? Effect.map(this.#body.all, (bytes) => this.#bytes = bytes)
        : Effect.succeed(this.#bytes)
    )
  }
  get arrayBuffer(): Effect.Effect<ArrayBuffer, HttpClientError.HttpClientError> {
    return Effect.map(this.#whole, (bytes) => bytes.buffer)
  }
  get text(): Effect.Effect<string, HttpClientError.HttpClientError> {
    return Effect.map(this.#whole, (bytes) => new TextDecoder().decode(bytes))
  }
  get json(): Effect.Effect<Schema.Json, HttpClientError.HttpClientError> {
    return Effect.flatMap(this.text, (text) => this.#attempt(() => text === "" ? null : JSON.parse(text)))
  }
  get urlParamsBody(): Effect.Effect<UrlParams.UrlParams, HttpClientError.HttpClientError> {
    return Effect.map(this.text, (text) => UrlParams.fromInput(new URLSearchParams(text.replace(/^\?/, "%3F"))))
  }
  get formData(): Effect.Effect<FormData, HttpClientError.HttpClientError> {
    return Effect.flatMap(this.arrayBuffer, (body) =>
      Effect.tryPromise({
        try: () => new Response(body, { headers: { "content-type": this.headers["content-type"] ?? "" } }).formData(),
        catch: (cause) => this.#decodeError(cause)
      }))
  }
  get upgrade(): HttpClientResponse.HttpClientResponse["upgrade"] {
    const description = "a request without a body was not sent as an upgrade"
    return Effect.fail(
      new HttpClientError.HttpClientError({
        reason: new HttpClientError.StatusCodeError({ request: this.request, response: this, description })
      })
    )
  }
  toJSON(): unknown {
    return HttpIncomingMessage.inspect(this, {
      _id: "effect/http/HttpClientResponse",
      request: this.request.toJSON(),
      status: this.status
    })
  }
  pipe() {
    // oxlint-disable-next-line prefer-rest-params
    return pipeArguments(this, arguments)
  }
  #attempt<A>(run: () => A): Effect.Effect<A, HttpClientError.HttpClientError> {
    return Effect.try({ try: run, catch: (cause) => this.#decodeError(cause) })
  }
  #decodeError(cause: unknown): HttpClientError.HttpClientError {
    return new HttpClientError.HttpClientError({
      reason: new HttpClientError.DecodeError({ request: this.request, response: this, cause })
    })
  }
}
