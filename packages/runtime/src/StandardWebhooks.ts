/**
 * Signing and verifying messages as Standard Webhooks has it: HMAC-SHA256 over `id.timestamp.body`, the bytes of the body as
 * they came (https://www.standardwebhooks.com). Several providers sign so.
 *
 * @since 0.1.0
 */
import { hmac } from "@noble/hashes/hmac.js"
import { sha256 } from "@noble/hashes/sha2.js"
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js"
import { timingSafeEqual } from "effect/crypto/Mac"
import * as Data from "effect/Data"
import * as Base64 from "effect/encoding/Base64"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

/**
 * The headers of a message by their names in lower case. One that came several times may be a list: what is signed with such
 * a header is not believed.
 *
 * @category models
 * @since 0.1.0
 */
export type Headers = Readonly<Record<string, string | ReadonlyArray<string> | undefined>>

/**
 * What is verified.
 *
 * @category models
 * @since 0.1.0
 */
export interface Message {
  readonly headers: Headers
  /** The body as it came: not what a parser made of it. */
  readonly body: Uint8Array
}

/**
 * A message that is what its sender signed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Verified {
  /** The same for every delivery of one message. */
  readonly id: string
  /** When it was sent, in s since the epoch. */
  readonly timestamp: number
}

/**
 * Why a message is not believed: `unsigned` (a header is missing or is not what it should be), `stale` (sent more than five
 * minutes ago, or in the future), `forged` (no signature fits any secret).
 *
 * @category errors
 * @since 0.1.0
 */
export class Unverified extends Data.TaggedError("Unverified")<{
  readonly kind: "unsigned" | "stale" | "forged"
}> {}

/**
 * How far the clocks of sender and receiver may differ, in s, either way.
 *
 * @category constants
 * @since 0.1.0
 */
export const toleranceSeconds = 300

/**
 * Reads a secret: base64, with or without `whsec_` before it. `undefined` when it is not one.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parseSecret = (secret: Redacted.Redacted): Redacted.Redacted<Uint8Array> | undefined => {
  const text = Redacted.value(secret).trim()
  const key = Result.getOrUndefined(Base64.decode(text.startsWith(prefix) ? text.slice(prefix.length) : text))
  return key === undefined || key.length === 0 ? undefined : Redacted.make(key, { label: "webhook key" })
}

/**
 * Verifies a message by any of several keys at `now`, in ms since the epoch.
 *
 * **Details**
 *
 * The header may hold several signatures, and while a secret is being changed two of them are good. Versions other than
 * `v1` are skipped. Every signature is compared with every key's, in constant time. Fails with `Unverified`.
 *
 * **Example** (A published message)
 *
 * ```ts import.meta.vitest
 * import { StandardWebhooks } from "@video-tasks/runtime"
 * import { Redacted, Result } from "effect"
 *
 * const key = StandardWebhooks.parseSecret(Redacted.make("whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI="))
 * const body = `{"id":"1234567890","status":"succeeded","message":"","create_time":1781080778802,"update_time":1781080794151}`
 * const headers = {
 *   "webhook-id": "9876543210",
 *   "webhook-timestamp": "1781080794",
 *   "webhook-signature": "v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4="
 * }
 * const keys = key === undefined ? [] : [key]
 * const read = StandardWebhooks.verify({ headers, body: new TextEncoder().encode(body) }, keys, 1781080794_000)
 * Result.getOrThrow(read).id // => "9876543210"
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const verify = (
  { body, headers }: Message,
  keys: ReadonlyArray<Redacted.Redacted<Uint8Array>>,
  now: number
): Result.Result<Verified, Unverified> => {
  const id = onlyOne(headers["webhook-id"])
  const stamp = onlyOne(headers["webhook-timestamp"])
  const signatures = signaturesOf(onlyOne(headers["webhook-signature"]))
  if (!isId(id) || !/^\d{1,12}$/.test(stamp) || signatures.length === 0) return fail("unsigned")
  const timestamp = Number(stamp)
  if (Math.abs(Math.floor(now / 1000) - timestamp) > toleranceSeconds) return fail("stale")
  let isGood = false
  for (const key of keys) {
    const expected = mac(Redacted.value(key), id, stamp, body)
    // No early end: how long it takes tells nobody how far they came.
    for (const signature of signatures) isGood = timingSafeEqual(signature, expected) || isGood
  }
  return isGood ? Result.succeed({ id, timestamp }) : fail("forged")
}

/**
 * Signs a message and returns its three headers: for relays, and for tests. With several keys it has several signatures.
 *
 * @category combinators
 * @since 0.1.0
 */
export const sign = (
  { body, id, timestamp }: Verified & { readonly body: Uint8Array },
  keys: ReadonlyArray<Redacted.Redacted<Uint8Array>>
): Readonly<Record<"webhook-id" | "webhook-timestamp" | "webhook-signature", string>> => ({
  "webhook-id": id,
  "webhook-timestamp": String(timestamp),
  "webhook-signature": keys.map((key) => `v1,${Base64.encode(mac(Redacted.value(key), id, String(timestamp), body))}`)
    .join(" ")
})

// internal

const prefix = "whsec_"

const fail = (kind: Unverified["kind"]) => Result.fail(new Unverified({ kind }))

/** Of two of a kind nobody knows which one the sender meant, and which one somebody has added. */
const onlyOne = (header: Headers[string]): string => {
  const [first = "", ...more] = typeof header === "string" ? [header] : header ?? []
  return more.length === 0 ? first : ""
}

/** The full stop divides the parts that are signed, so that an id can't have one. */
const isId = (id: string): boolean => /^[\x21-\x2d\x2f-\x7e]{1,256}$/.test(id)

/** In characters, and how many of its signatures are looked at: a rotation has two. */
const maxHeaderLength = 4096
const maxSignatures = 16

const signaturesOf = (header: string): ReadonlyArray<Uint8Array> =>
  header.length > maxHeaderLength
    ? []
    : header.split(" ").filter((item) => item.startsWith("v1,")).slice(0, maxSignatures).flatMap((item) => {
      const bytes = Result.getOrUndefined(Base64.decode(item.slice(3)))
      return bytes === undefined ? [] : [bytes]
    })

const mac = (key: Uint8Array, id: string, timestamp: string, body: Uint8Array): Uint8Array =>
  hmac(sha256, key, concatBytes(utf8ToBytes(`${id}.${timestamp}.`), body))
