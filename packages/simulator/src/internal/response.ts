import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Cookies from "effect/http/Cookies"
import * as Headers from "effect/http/Headers"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as UrlParams from "effect/http/UrlParams"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import { pipeArguments } from "effect/Pipeable"
import type * as Schema from "effect/Schema"
import type * as Socket from "effect/socket/Socket"
import * as Stream from "effect/Stream"
import { type Reply, size } from "../Exchange.ts"

/** @internal */
export const connectionReset = (): unknown => Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" })

/** @internal The first bytes of a body, in the chunks they came in. */
export const take = (chunks: ReadonlyArray<Uint8Array>, bytes: number): ReadonlyArray<Uint8Array> => {
  const taken: Array<Uint8Array> = []
  let rest = bytes
  for (const chunk of chunks) {
    if (rest <= 0) break
    taken.push(chunk.subarray(0, rest))
    rest -= chunk.length
  }
  return taken
}

/** @internal Every byte of a body on its own. */
export const single = (chunks: ReadonlyArray<Uint8Array>): ReadonlyArray<Uint8Array> =>
  chunks.flatMap((chunk) => Array.from(chunk, (byte) => Uint8Array.of(byte)))

/**
 * A response that never leaves Effect: with `HttpClientResponse.fromWeb` each body would take turns through promises,
 * of which `TestClock` knows nothing.
 */
class MemoryResponse extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly [HttpIncomingMessage.TypeId]: typeof HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly [HttpClientResponse.TypeId]: typeof HttpClientResponse.TypeId = HttpClientResponse.TypeId
  readonly request: HttpClientRequest.HttpClientRequest
  readonly url: string
  readonly status: number
  readonly headers: Headers.Headers
  readonly cookies = Cookies.empty
  readonly remoteAddress = Option.none<string>()
  readonly reply: Reply

  constructor(request: HttpClientRequest.HttpClientRequest, url: URL, method: string, reply: Reply) {
    super()
    this.request = request
    this.url = url.href.replace(/#.*$/, "")
    this.reply = method === "HEAD" ? { ...reply, chunks: [] } : reply
    this.status = reply.status
    this.headers = Headers.fromInput({ "content-length": String(size(reply)), ...reply.headers })
  }

  get stream(): Stream.Stream<Uint8Array, HttpClientError.HttpClientError> {
    const { chunks, delivery } = this.reply
    const all = chunks.filter((chunk) => chunk.length > 0)
    switch (delivery._tag) {
      case "Drip":
        return Stream.fromIterable(single(all)).pipe(
          Stream.mapEffect((byte) => Effect.as(Effect.sleep(Duration.seconds(delivery.seconds)), byte)),
          Stream.rechunk(1)
        )
      case "Cut":
        return Stream.concat(
          Stream.fromIterable(take(all, delivery.bytes)),
          Stream.fail(this.undecodable(connectionReset()))
        )
      default:
        return Stream.fromIterable(all)
    }
  }

  get arrayBuffer(): Effect.Effect<ArrayBuffer, HttpClientError.HttpClientError> {
    return Stream.mkArrayBuffer(this.stream)
  }

  get text(): Effect.Effect<string, HttpClientError.HttpClientError> {
    return Effect.map(this.arrayBuffer, (buffer) => new TextDecoder().decode(buffer))
  }

  get json(): Effect.Effect<Schema.Json, HttpClientError.HttpClientError> {
    return this.decoded((text): Schema.Json => text === "" ? null : JSON.parse(text))
  }

  get urlParamsBody(): Effect.Effect<UrlParams.UrlParams, HttpClientError.HttpClientError> {
    return this.decoded((text) => UrlParams.fromInput(new URLSearchParams(text)))
  }

  get formData(): Effect.Effect<FormData, HttpClientError.HttpClientError> {
    return Effect.fail(this.undecodable("the simulator sends no forms"))
  }

  get upgrade(): Effect.Effect<Socket.Socket, HttpClientError.HttpClientError> {
    return Effect.fail(
      new HttpClientError.HttpClientError({
        reason: new HttpClientError.StatusCodeError({
          request: this.request,
          response: this,
          description: "there is no connection in memory"
        })
      })
    )
  }

  override toJSON(): unknown {
    return HttpIncomingMessage.inspect(this, {
      _id: "HttpClientResponse",
      request: this.request.toJSON(),
      status: this.status
    })
  }

  pipe(): unknown {
    // oxlint-disable-next-line prefer-rest-params -- what `pipeArguments` takes
    return pipeArguments(this, arguments)
  }

  private decoded<A>(read: (text: string) => A): Effect.Effect<A, HttpClientError.HttpClientError> {
    return Effect.flatMap(
      this.text,
      (text) => Effect.try({ try: () => read(text), catch: (cause) => this.undecodable(cause) })
    )
  }

  private undecodable(cause: unknown): HttpClientError.HttpClientError {
    return new HttpClientError.HttpClientError({
      reason: new HttpClientError.DecodeError({ request: this.request, response: this, cause })
    })
  }
}

/** @internal */
export const make = (
  request: HttpClientRequest.HttpClientRequest,
  url: URL,
  method: string,
  reply: Reply
): HttpClientResponse.HttpClientResponse =>
  new MemoryResponse(request, url, method, reply) as HttpClientResponse.HttpClientResponse
