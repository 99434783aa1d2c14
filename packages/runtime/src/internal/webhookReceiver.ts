import type { VideoProvider } from "@video-tasks/core/VideoProvider"
import { VideoProviders } from "@video-tasks/core/VideoProviders"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as StandardWebhooks from "../StandardWebhooks.ts"
import * as Telemetry from "../Telemetry.ts"
import { VideoTasks } from "../VideoTasks.ts"
import type { Delivery, Options, SecretError, WebhookReceiver } from "../WebhookReceiver.ts"
import { Seen } from "./seen.ts"
import * as Body from "./webhookBody.ts"
import * as Head from "./webhookHead.ts"
import * as News from "./webhookNews.ts"

/** How long the sender waits for us besides the reading of the body, in ms: together less than 15 s. */
const timeoutMs = 9000

/** When a sender may come again, in s. */
const retryAfter = { "retry-after": "5" }

/** @internal */
export interface ReceiverOptions {
  readonly secrets: NonNullable<Options["secrets"]>
  readonly concurrency: number
  readonly remember: number
  readonly maxBodyBytes: number
  readonly refuse: (provider: string, detail: string) => SecretError
}

type Keys = ReadonlyArray<Redacted.Redacted<Uint8Array>>

interface Receiver {
  readonly news: News.Sources
  readonly keys: ReadonlyMap<string, Keys>
  readonly seen: Seen
  /** The signed messages about no task that is known here. */
  readonly early: Seen
  /** The signed messages that are being worked on. */
  readonly pending: Map<string, Fiber.Fiber<Head.Verdict>>
  readonly warned: Set<string>
  /** Begins work that no request has for its child: its sender may not wait for it. */
  readonly begin: <A>(work: Effect.Effect<A>) => Effect.Effect<Fiber.Fiber<A>>
}

/** @internal */
export const make = Effect.fnUntraced(function*(
  options: ReceiverOptions
): Effect.fn.Return<WebhookReceiver["Service"], SecretError, VideoTasks | VideoProviders | Scope.Scope> {
  const providers = yield* VideoProviders
  // What is begun ends with the layer, before its store does.
  const scope = yield* Scope.fork(yield* Effect.scope, "parallel")
  const receiver: Receiver = {
    news: { tasks: yield* VideoTasks },
    keys: yield* keysOf(options, providers.all),
    seen: new Seen(options.remember),
    early: new Seen(options.remember),
    pending: new Map(),
    warned: new Set(),
    begin: (work) => Effect.forkIn(work, scope)
  }
  let atWork = 0
  return {
    handle: Effect.fn("WebhookReceiver.handle")(function*(delivery) {
      const found = Head.find(delivery, providers.all)
      if (Result.isFailure(found)) return yield* told("none", found.failure)
      const target = found.success
      const headers = Head.lowerCased(delivery.headers)
      const refusal = Head.refusalOf(headers, options.maxBodyBytes)
      if (refusal !== undefined) return yield* told(target.provider.id, refusal)
      if (atWork >= options.concurrency) return yield* told(target.provider.id, busy)
      atWork++
      const work = accept(receiver, target, { ...delivery, headers }, options.maxBodyBytes, () => atWork--)
      return yield* told(target.provider.id, yield* work)
    })
  }
})

const busy = Head.verdict("busy", 429, "too many at once", retryAfter)

const told = Effect.fnUntraced(function*(provider: string, { answer, outcome }: Head.Verdict) {
  yield* Effect.annotateCurrentSpan({ "video_task.provider": provider, "video_task.outcome": outcome })
  yield* Metric.update(Metric.withAttributes(Telemetry.webhooks, { provider, outcome }), 1)
  return answer
})

const keysOf = Effect.fnUntraced(function*(
  { refuse, secrets }: ReceiverOptions,
  providers: ReadonlyArray<VideoProvider>
): Effect.fn.Return<ReadonlyMap<string, Keys>, SecretError> {
  const all = new Map<string, Keys>()
  for (const [id, given] of Object.entries(secrets)) {
    const provider = providers.find((one) => one.id === id)
    if (provider === undefined) return yield* refuse(id, "is of no provider that there is")
    if (!Head.callersOf(provider).some(({ callbacks }) => callbacks === "signed")) {
      return yield* refuse(id, "is of no use: that API does not sign")
    }
    const keys: Array<Redacted.Redacted<Uint8Array>> = []
    for (const secret of Array.isArray(given) ? given as ReadonlyArray<Redacted.Redacted> : [given]) {
      const key = StandardWebhooks.parseSecret(secret as Redacted.Redacted)
      if (key === undefined) return yield* refuse(id, "is not base64, with or without whsec_ before it")
      keys.push(key)
    }
    if (keys.length > 0) all.set(id, keys)
  }
  return all
})

/** The work goes on by itself when the sender can't wait any longer; then only its place is taken. */
const accept = (
  receiver: Receiver,
  target: Head.Target,
  { body, headers }: Delivery,
  maxBodyBytes: number,
  done: () => void
): Effect.Effect<Head.Verdict> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.exit(restore(Body.read(body, maxBodyBytes))).pipe(
      Effect.flatMap((read) => {
        if (read._tag === "Failure") {
          done()
          return Effect.failCause(read.cause)
        }
        const work = Effect.ensuring(judge(receiver, target, headers, read.value), Effect.sync(done))
        return Effect.flatMap(receiver.begin(work), (fiber) => restore(patiently(fiber)))
      }),
      Effect.catch((verdict) => Effect.succeed(verdict))
    )
  )

const patiently = (fiber: Fiber.Fiber<Head.Verdict>): Effect.Effect<Head.Verdict> =>
  Effect.timeoutOrElse(Fiber.join(fiber), {
    duration: timeoutMs,
    orElse: () => Effect.succeed(Head.verdict("late", 503, "the store does not answer", retryAfter))
  })

const judge = (
  receiver: Receiver,
  target: Head.Target,
  headers: StandardWebhooks.Headers,
  body: Uint8Array
): Effect.Effect<Head.Verdict> =>
  Effect.gen(function*() {
    const keys = receiver.keys.get(target.provider.id)
    if (keys === undefined) return yield* News.take(receiver.news, target, body, { isBelieved: () => false })
    const proof = StandardWebhooks.verify({ headers, body }, keys, yield* Clock.currentTimeMillis)
    if (Result.isFailure(proof)) {
      const { kind } = proof.failure
      yield* warn(receiver, target.provider.id, kind)
      const refused = Head.verdict(kind, 401, refusals[kind])
      return target.families.every(({ callbacks }) => callbacks === "signed")
        ? refused
        : yield* News.take(receiver.news, target, body, { isBelieved: () => false, refused })
    }
    return yield* once(
      receiver,
      `${target.provider.id} ${proof.success.id}`,
      News.take(receiver.news, target, body, { isBelieved: ({ callbacks }) => callbacks === "signed" })
    )
  }).pipe(
    Effect.catchDefect((defect) =>
      Effect.as(Effect.logError("a webhook broke", defect), Head.verdict("broken", 500, "a fault of ours"))
    )
  )

const refusals: Readonly<Record<StandardWebhooks.Unverified["kind"], string>> = {
  unsigned: "not signed as Standard Webhooks has it",
  stale: "signed more than five minutes ago, or in the future",
  forged: "not signed with a secret that is known here"
}

/** A message that comes twice is taken once, at the same time too; one that moved nothing that is known may come again. */
const once = (receiver: Receiver, id: string, take: Effect.Effect<Head.Verdict>): Effect.Effect<Head.Verdict> =>
  Effect.suspend(() => {
    const { begin, pending, seen } = receiver
    if (seen.has(id)) return Effect.succeed(Head.verdict("duplicate", 204))
    const before = pending.get(id)
    if (before !== undefined) return Fiber.join(before)
    const work = Effect.onExit(
      Effect.map(take, (verdict) => later(receiver, id, verdict)),
      (exit) =>
        Effect.sync(() => {
          pending.delete(id)
          if (exit._tag === "Success" && taken.has(exit.value.outcome)) seen.add(id)
        })
    )
    return begin(work).pipe(
      Effect.tap((fiber) => Effect.sync(() => fiber.pollUnsafe() === undefined && pending.set(id, fiber))),
      Effect.flatMap(Fiber.join)
    )
  })

/** What has said all that it can say. */
const taken: ReadonlySet<string> = new Set(["changed", "unchanged", "ignored"])

/** An API can be faster than the answer to its create: what is signed and of no task here is asked for again, a few times. */
const later = ({ early }: Receiver, id: string, verdict: Head.Verdict): Head.Verdict =>
  verdict.outcome === "unknown" && early.add(id) <= maxEarly
    ? Head.verdict("unknown", 503, "no such task here yet", retryAfter)
    : verdict

/** How often a message comes again at most. */
const maxEarly = 3

/** Whoever has set a wrong secret wants to know, once; whoever is attacked does not. */
const warn = ({ warned }: Receiver, provider: string, kind: StandardWebhooks.Unverified["kind"]): Effect.Effect<void> =>
  Effect.suspend(() => {
    const key = `${provider} ${kind}`
    if (warned.has(key)) return Effect.void
    warned.add(key)
    return Effect.logWarning(`a webhook for ${provider} was refused: ${refusals[kind]}; the next ones are only counted`)
  })
