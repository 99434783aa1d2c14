/**
 * Tokens that an account signs for itself: a JWT (HS256) that says who it is and for how long it holds.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import { SignJWT } from "jose/jwt/sign"
import type { Signer } from "./configuration.ts"
import { TransportProblem } from "./http.ts"

/** How long a token holds, in s. */
const lifetime = 1800

/** It holds a little before it was made: the clocks of two machines differ. In s. */
const leeway = 5

/** So long before its end it is made anew, in s: a request is under way for a while. */
const margin = 300

interface Signed {
  readonly token: Redacted.Redacted
  /** In s since the epoch. */
  readonly at: number
}

/** Makes a token when there is none that holds for long enough yet. */
export const make = (accessKey: Redacted.Redacted, secretKey: Redacted.Redacted): Effect.Effect<Signer["token"]> =>
  Effect.map(Ref.make<Signed | undefined>(undefined), (last) =>
    Effect.gen(function*() {
      const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
      const signed = yield* Ref.get(last)
      // A clock that was put back makes a token of the future, which is refused as well.
      if (signed !== undefined && signed.at <= now && now < signed.at + lifetime - margin) return signed.token
      const token = yield* sign(accessKey, secretKey, now)
      yield* Ref.set(last, { token, at: now })
      return token
    }))

const sign = (accessKey: Redacted.Redacted, secretKey: Redacted.Redacted, now: number) =>
  Effect.tryPromise({
    try: () =>
      new SignJWT({ iss: Redacted.value(accessKey), exp: now + lifetime, nbf: now - leeway })
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .sign(new TextEncoder().encode(Redacted.value(secretKey))),
    // What went wrong may quote the key.
    catch: () => new TransportProblem({ requestStarted: "no", detail: "the token could not be signed" })
  }).pipe(Effect.map((token) => Redacted.make(token)))
