/**
 * How a viewer proves that they know the token: once with the token itself, then with a cookie that is made of it.
 *
 * The cookie is a fingerprint of the token, not the token: it survives a restart with the same one, and dies with it. The
 * browser forgets it when it ends.
 */
import * as Mac from "effect/crypto/Mac"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Hex from "effect/encoding/Hex"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

/** How a viewer proves that they know the token. */
export interface Session {
  /** Whether a request proves it: by the cookie, or by `Authorization: Bearer`. */
  readonly knows: (request: HttpServerRequest) => boolean
  /** Whether this is the token. */
  readonly opens: (token: string) => Effect.Effect<boolean>
  /** Lets the browser that sent the request prove it from now on; over TLS only, where it came so. */
  readonly welcome: (
    request: HttpServerRequest,
    response: HttpServerResponse.HttpServerResponse
  ) => HttpServerResponse.HttpServerResponse
}

/** Makes the sessions of a server on a port: cookies know no ports, so each server's has a name of its own. */
export const make = Effect.fnUntraced(function*(
  token: Redacted.Redacted,
  port: number
): Effect.fn.Return<Session> {
  const mac = yield* Effect.provide(Mac.Mac, crypto)
  const key = yield* Effect.orDie(Mac.key(Mac.hmacSha256, utf8("video-tasks dashboard session")))
  const print = (text: string) => Effect.orDie(mac.sign(key, utf8(text)))
  const name = `video_tasks_${port}`
  const wanted = yield* print(Redacted.value(token))
  const cookie = Hex.encode(yield* print(Hex.encode(wanted)))
  const bearer = utf8(`Bearer ${Redacted.value(token)}`)
  const isCookie = (text: string | undefined) => text !== undefined && Mac.timingSafeEqual(utf8(text), utf8(cookie))
  return {
    knows: ({ cookies, headers }) =>
      isCookie(cookies[name]) || Mac.timingSafeEqual(utf8(headers["authorization"] ?? ""), bearer),
    opens: (text) => Effect.map(print(text), (found) => Mac.timingSafeEqual(found, wanted)),
    welcome: ({ headers }, response) =>
      HttpServerResponse.setCookieUnsafe(response, name, cookie, {
        httpOnly: true,
        sameSite: "strict",
        path: "/",
        secure: headers["origin"]?.startsWith("https:") === true
      })
  }
})

// internal

const crypto = Layer.provide(Mac.layerWebCrypto, SecureRandom.layerWebCrypto)

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
