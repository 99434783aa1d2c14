/**
 * Hears from providers that a task has changed, and lets nobody else move one.
 *
 * What is signed as Standard Webhooks has it, by an API that signs, moves the task at once. All else is a hint: the task is
 * read soon, as its floor and the account's budget allow. Polling goes on either way, so that a lost delivery is healed.
 *
 * @since 0.1.0
 */
import type { VideoProviders } from "@video-tasks/core/VideoProviders"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as internal from "./internal/webhookReceiver.ts"
import type { Headers } from "./StandardWebhooks.ts"
import type { CallbackTarget, VideoTasks } from "./VideoTasks.ts"

/**
 * The largest body that is read: 64 KiB, in bytes.
 *
 * @category constants
 * @since 0.1.0
 */
export const maxBodyBytes = 65_536

/**
 * A delivery as it arrives.
 *
 * @category models
 * @since 0.1.0
 */
export interface Delivery {
  readonly method: string
  /** Whole, or its path alone; it ends in the id of the provider, or in that and our id of the task. */
  readonly url: string
  /** By names in any case; one that came several times may be a list, as in the `headers` of Node. */
  readonly headers: Headers
  /** The bytes as they came. A stream is read no further than `maxBodyBytes`. */
  readonly body: Uint8Array | Stream.Stream<Uint8Array, unknown>
}

/**
 * What the sender is told.
 *
 * @category models
 * @since 0.1.0
 */
export interface Answer {
  /**
   * 204 moved, known already or too late; 202 heard, whether or not there is such a task; 400 no JSON; 401 not believed;
   * 404 no such place; 405, 408, 413, 415; 429 too many at once; 500; 503 the store does not answer, or what is signed is
   * of no task that is known here yet (three times for each message): send it again.
   */
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** In words; empty where all is well. */
  readonly body: string
}

/**
 * Who is believed, and how much is remembered.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * The secrets by the id of the provider, each `whsec_…` or its base64: several while one is being changed. Without one,
   * what that provider says is a hint.
   */
  readonly secrets?: Readonly<Record<string, Redacted.Redacted | ReadonlyArray<Redacted.Redacted>>> | undefined
  /**
   * How many deliveries are worked on at once; more are answered with 429.
   *
   * @default 256
   */
  readonly concurrency?: number | undefined
  /**
   * How many ids of signed messages are remembered, so that what comes twice is not looked at twice.
   *
   * @default 10000
   */
  readonly remember?: number | undefined
}

/**
 * A secret can't be used: it is not base64, or it is of a provider that there is not or that does not sign.
 *
 * @category errors
 * @since 0.1.0
 */
export class SecretError extends Schema.TaggedError<SecretError>("@video-tasks/runtime/WebhookReceiver/SecretError")(
  "SecretError",
  { provider: Schema.String, detail: Schema.String }
) {
  /**
   * Names the provider, never the secret.
   *
   * @since 0.1.0
   */
  override get message(): string {
    return `the webhook secret of ${this.provider} ${this.detail}`
  }
}

/**
 * Hears from providers that a task has changed.
 *
 * @category services
 * @since 0.1.0
 */
export class WebhookReceiver extends Context.Service<WebhookReceiver, {
  /** Answers a delivery, within 15 s whatever the store does. */
  readonly handle: (delivery: Delivery) => Effect.Effect<Answer>
}>()("@video-tasks/runtime/WebhookReceiver") {}

/**
 * Provides `WebhookReceiver` for the providers of the program; fails with `SecretError`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options = {}
): Layer.Layer<WebhookReceiver, SecretError, VideoTasks | VideoProviders> =>
  Layer.effect(
    WebhookReceiver,
    internal.make({
      secrets: options.secrets ?? {},
      concurrency: options.concurrency ?? 256,
      remember: options.remember ?? 10_000,
      maxBodyBytes,
      refuse: (provider, detail) => new SecretError({ provider, detail })
    })
  )

/**
 * Answers a delivery, within 15 s whatever the store does: for servers that no other function here fits.
 *
 * **Example** (In any server)
 *
 * ```ts import.meta.vitest
 * import { VideoProvider, VideoProviders } from "@video-tasks/core"
 * import { TaskStore, VideoTasks, WebhookReceiver } from "@video-tasks/runtime"
 * import { Effect, Layer } from "effect"
 *
 * const provider = VideoProvider.double({ family: { callbacks: "unsigned" } })
 * const live = WebhookReceiver.layer().pipe(
 *   Layer.provide(VideoTasks.layer()),
 *   Layer.provide([TaskStore.layerMemory, Layer.effect(VideoProviders.VideoProviders, VideoProviders.make([provider]))])
 * )
 * const program = WebhookReceiver.handle({ method: "GET", url: "/hooks/double", headers: {}, body: new Uint8Array() })
 * const answer = await Effect.runPromise(Effect.provide(program, live))
 *
 * answer.status // => 405
 * ```
 *
 * @see {@link toWebHandler} for servers of Web requests
 *
 * @category operations
 * @since 0.1.0
 */
export const handle = (delivery: Delivery): Effect.Effect<Answer, never, WebhookReceiver> =>
  Effect.flatMap(WebhookReceiver, (receiver) => receiver.handle(delivery))

/**
 * Adds the receiver to a router: `{path}/{provider}` and `{path}/{provider}/{task}`.
 *
 * **Example** (In a program of your own)
 *
 * ```ts import.meta.vitest
 * import { VideoProvider, VideoProviders } from "@video-tasks/core"
 * import { TaskStore, VideoTasks, WebhookReceiver } from "@video-tasks/runtime"
 * import { Effect, Layer } from "effect"
 * import { HttpRouter, HttpServer } from "effect/http"
 *
 * const provider = VideoProvider.double({ family: { callbacks: "unsigned" } })
 * const app = WebhookReceiver.layerRoute("/hooks").pipe(
 *   Layer.provide(WebhookReceiver.layer()),
 *   Layer.provide(VideoTasks.layer()),
 *   Layer.provide([TaskStore.layerMemory, Layer.effect(VideoProviders.VideoProviders, VideoProviders.make([provider]))]),
 *   Layer.provide(HttpServer.layerServices)
 * )
 * const { dispose, handler } = HttpRouter.toWebHandler(app, { disableLogger: true })
 * const answer = await handler(new Request("https://me.example/hooks/double", { method: "GET" }))
 * await dispose()
 *
 * answer.status // => 405
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerRoute = (
  path: `/${string}` = "/webhooks/video-tasks"
): Layer.Layer<never, never, HttpRouter.HttpRouter | WebhookReceiver> =>
  HttpRouter.use(Effect.fnUntraced(function*(router) {
    const { handle } = yield* WebhookReceiver
    const base = path.replace(/\/+$/, "") as `/${string}`
    for (const at of [`${base}/:provider`, `${base}/:provider/:task`] as const) {
      yield* router.add("*", at, ({ headers, method, stream, url }) =>
        Effect.map(
          handle({ method, url, headers, body: stream }),
          ({ body, headers, status }) => HttpServerResponse.text(body, { status, headers })
        ))
    }
  }))

/**
 * Makes a handler of Web requests, for servers that have one: Deno, Bun, Workers, Hono, Next.
 *
 * @category converting
 * @since 0.1.0
 */
export const toWebHandler: Effect.Effect<(request: Request) => Promise<Response>, never, WebhookReceiver> = Effect.gen(
  function*() {
    const { handle } = yield* WebhookReceiver
    const run = Effect.runPromiseWith(yield* Effect.context())
    return (request: Request) => run(Effect.map(handle(fromWeb(request)), toWeb))
  }
)

/**
 * Makes the URL for `SubmitOptions.callbackUrl` from where the receiver is mounted: that, the provider's id, our id of the
 * task.
 *
 * **Gotchas**
 *
 * The id of a task is hard to guess (74 random bits) and no proof: the provider, and every proxy on the way, sees the URL.
 *
 * **Example** (Where a task is told of)
 *
 * ```ts import.meta.vitest
 * import { TaskId } from "@video-tasks/core"
 * import { WebhookReceiver } from "@video-tasks/runtime"
 *
 * const urlOf = WebhookReceiver.urlOf(new URL("https://me.example/webhooks/video-tasks"))
 * const id = TaskId.TaskId.make("01890a5d-ac96-774b-bcce-b302099a8057")
 * urlOf({ id, provider: "studio", family: "video" }).pathname
 * // => "/webhooks/video-tasks/studio/01890a5d-ac96-774b-bcce-b302099a8057"
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const urlOf = (base: URL) => ({ id, provider }: CallbackTarget): URL => {
  const url = new URL(base)
  url.pathname = `${base.pathname.replace(/\/+$/, "")}/${encodeURIComponent(provider)}/${id}`
  return url
}

// internal

const fromWeb = ({ body, headers, method, url }: Request): Delivery => ({
  method,
  url,
  headers: Object.fromEntries(headers),
  body: body === null
    ? new Uint8Array(0)
    : Stream.fromReadableStream<Uint8Array, unknown>({ evaluate: () => body, onError: (cause) => cause })
})

const toWeb = ({ body, headers, status }: Answer): Response =>
  new Response(body === "" ? null : body, { status, headers })
