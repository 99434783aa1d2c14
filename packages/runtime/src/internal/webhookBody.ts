/**
 * Reading the body of a delivery, and no more of it than is allowed.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { Delivery } from "../WebhookReceiver.ts"
import { oversized, type Verdict, verdict } from "./webhookHead.ts"

/** How long the body may take, in ms. */
const timeoutMs = 5000

/** @internal */
export const read = (body: Delivery["body"], maxBytes: number): Effect.Effect<Uint8Array, Verdict> =>
  body instanceof Uint8Array
    ? body.length > maxBytes ? Effect.fail(oversized) : Effect.succeed(body)
    : collected(body, maxBytes).pipe(
      Effect.timeoutOrElse({
        duration: timeoutMs,
        orElse: () => Effect.fail(verdict("slow", 408, "the body took too long", { connection: "close" }))
      })
    )

const collected = (stream: Stream.Stream<Uint8Array, unknown>, maxBytes: number): Effect.Effect<Uint8Array, Verdict> =>
  Effect.suspend(() => {
    let size = 0
    return stream.pipe(
      Stream.takeWhile((chunk) => {
        size += chunk.length
        return size <= maxBytes
      }),
      Stream.mkUint8Array,
      Effect.mapError(() => verdict("cut", 400, "the body broke off")),
      Effect.filterOrFail(() => size <= maxBytes, () => oversized)
    )
  })

/** @internal */
export const parse = (body: Uint8Array): Result.Result<unknown, Verdict> =>
  Result.mapError(
    Result.try((): unknown => JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body))),
    () => verdict("malformed", 400, "no JSON")
  )
