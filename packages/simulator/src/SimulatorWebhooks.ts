/**
 * What the simulated APIs say to the callback URLs of creates: when a task begins to run, and when it ends.
 *
 * `SimulatorServer` sends it by itself. In memory, provide `SimulatorWebhooks.layer` with an `HttpClient` that reaches your
 * receiver.
 *
 * **Details**
 *
 * Kling's bodies are those of its queries without their wrapper, signed as Standard Webhooks has it when
 * `webhooks.secrets` says with what; Ark's are its tasks; CometAPI's are the payload of its guide, for a `callback_url` in
 * the form; Runway behind CometAPI is told of a success, as an older page has it. None of these three is signed.
 *
 * What is not answered with 2xx is sent again as `webhooks.retrySeconds` says, with the same id and a new timestamp; 410 ends
 * that. The retries of the APIs themselves are not documented: these are the first of those that Standard Webhooks suggests.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Crypto from "node:crypto"
import { Simulator } from "./Simulator.ts"
import type { WebhookFault } from "./SimulatorOptions.ts"

/**
 * Something to be said, once.
 *
 * @category models
 * @since 0.1.0
 */
export interface Delivery {
  /** The `webhook-id`. */
  readonly id: string
  /** When, in ms of the caller's clock. */
  readonly at: number
  readonly secrets: ReadonlyArray<string>
  /** `undefined` when there is nothing to be said any more. */
  readonly body: () => Uint8Array | undefined
  /** Hears how each attempt ended; the status is 0 when there was no answer. */
  readonly told: (attempt: { readonly at: number; readonly attempt: number; readonly status: number }) => void
}

/**
 * All that a task says to the URL that its create named.
 *
 * @category models
 * @since 0.1.0
 */
export interface Callback {
  readonly url: string
  readonly taskId: string
  /** Whether the API can sign. */
  readonly signs: boolean
  readonly faults: ReadonlyArray<WebhookFault>
  readonly deliveries: ReadonlyArray<Delivery>
}

/**
 * Sends what there is to be said, for as long as it runs.
 *
 * @category constructors
 * @since 0.1.0
 */
export const run: Effect.Effect<never, never, Simulator | HttpClient.HttpClient | Scope.Scope> = Effect.gen(
  function*() {
    const simulator = yield* Simulator
    return yield* Effect.forever(
      Effect.flatMap(
        simulator.nextCallback,
        ({ callback, retryMillis }) =>
          Effect.forEach(callback.deliveries, (one) => Effect.forkScoped(deliver(callback, one, retryMillis)), {
            discard: true
          })
      )
    )
  }
)

/**
 * Sends what a simulator in memory has to say.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, Simulator | HttpClient.HttpClient> = Layer.effectDiscard(
  Effect.forkScoped(run)
)

// internal

/** How long an answer is waited for, in s: the shortest that Standard Webhooks advises. */
const timeout = "15 seconds"

const deliver = Effect.fnUntraced(function*(
  callback: Callback,
  delivery: Delivery,
  retryMillis: ReadonlyArray<number>
): Effect.fn.Return<void, never, HttpClient.HttpClient> {
  yield* Effect.sleep(Math.max(0, Math.ceil(delivery.at - (yield* Clock.currentTimeMillis))))
  const body = delivery.body()
  if (body === undefined) return
  for (const [attempt, pause] of [0, ...retryMillis].entries()) {
    yield* Effect.sleep(pause)
    const at = yield* Clock.currentTimeMillis
    const status = yield* post(callback, delivery, body, at)
    delivery.told({ at, attempt: attempt + 1, status })
    if (status === 410 || (status >= 200 && status < 300)) return
  }
})

const post = (
  { faults, signs, url }: Callback,
  { id, secrets }: Delivery,
  body: Uint8Array,
  at: number
): Effect.Effect<number, never, HttpClient.HttpClient> => {
  const isSigned = signs && secrets.length > 0 && !faults.includes("unsigned")
  const timestamp = Math.floor(at / 1000) - (faults.includes("stale") ? 600 : 0)
  const keys = faults.includes("wrong-signature") ? [Crypto.randomBytes(24).toString("base64")] : secrets
  const request = HttpClientRequest.post(url).pipe(
    HttpClientRequest.setHeaders(isSigned ? signatureOf({ id, timestamp, body }, keys) : {}),
    HttpClientRequest.bodyUint8Array(body, "application/json")
  )
  return HttpClient.execute(request).pipe(
    Effect.flatMap((response) => Effect.as(Effect.ignore(response.arrayBuffer), response.status)),
    Effect.timeout(timeout),
    Effect.orElseSucceed(() => 0)
  )
}

interface Message {
  readonly id: string
  readonly timestamp: number
  readonly body: Uint8Array
}

/** Standard Webhooks: base64 of HMAC-SHA256 over `id.timestamp.body`, one for each secret. */
const signatureOf = ({ body, id, timestamp }: Message, secrets: ReadonlyArray<string>) => ({
  "webhook-id": id,
  "webhook-timestamp": String(timestamp),
  "webhook-signature": secrets.map((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64")
    return `v1,${Crypto.createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64")}`
  }).join(" ")
})
