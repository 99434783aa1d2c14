/**
 * One signed request to an object store.
 */
import * as Redact from "@video-tasks/core/Redact"
import * as Transport from "@video-tasks/core/Transport"
import { ArchiveError } from "@video-tasks/runtime/Archive"
import { AwsV4Signer } from "aws4fetch"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"

/** @internal */
export interface Settings {
  /** The bucket, with a slash at its end. */
  readonly base: URL
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: Redacted.Redacted
  readonly sessionToken?: Redacted.Redacted | undefined
  readonly retries?: number | undefined
}

/** @internal */
export interface Ask {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE"
  readonly key: string
  readonly query?: Readonly<Record<string, string>> | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: Uint8Array<ArrayBuffer> | undefined
  /** The body's SHA-256 in lower-case hexadecimal. */
  readonly sha256: string
  /** Statuses that are no failure besides 2xx. */
  readonly alsoGood?: ReadonlyArray<number> | undefined
}

/** @internal */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  /** At most its first 64 KiB. */
  readonly text: string
}

/** @internal */
export type Send = (ask: Ask) => Effect.Effect<Answer, ArchiveError>

/** How long one request may take, a part of a file included. */
const timeout = "5 minutes"

const maxText = 65_536

/** After 0.5, 1, 2, … s. */
const pauses = (times: number) => Schedule.exponential(500).pipe(Schedule.jittered, Schedule.upTo({ times }))

/** @internal */
export const make = Effect.fnUntraced(function*(
  settings: Settings
): Effect.fn.Return<Send, never, HttpClient.HttpClient> {
  const client = yield* HttpClient.HttpClient
  return (ask) =>
    once(client, settings, ask).pipe(
      Effect.retry({ schedule: pauses(settings.retries ?? 3), while: ({ isPassing }) => isPassing }),
      Effect.mapError(({ error }) => error)
    )
})

interface Trouble {
  readonly error: ArchiveError
  /** The same again may work at once. */
  readonly isPassing: boolean
}

const trouble = (detail: string, isPassing: boolean, retryable = isPassing): Trouble => ({
  error: new ArchiveError({ detail: Redact.text(detail), retryable }),
  isPassing
})

/** No span shows a request, and no header tells the store who traces whom. */
const hygiene = HttpClient.TracerDisabledWhen.context(constTrue).pipe(
  Context.add(HttpClient.TracerPropagationEnabled, false),
  Context.add(FetchHttpClient.RequestInit, { redirect: "manual" })
)

const once = Effect.fnUntraced(function*(
  client: HttpClient.HttpClient,
  settings: Settings,
  ask: Ask
): Effect.fn.Return<Answer, Trouble> {
  const { host } = settings.base
  const request = yield* signed(settings, ask)
  const answer = yield* Effect.scoped(
    Effect.flatMap(
      HttpClient.withScope(client).execute(request),
      (response) =>
        Effect.map(read(response), (text): Answer => ({ status: response.status, headers: response.headers, text }))
    )
  ).pipe(
    Effect.timeout(timeout),
    Effect.mapError((error) => trouble(`${host} could not be reached (${error._tag})`, true)),
    Effect.updateContext((context: Context.Context<never>) => Context.merge(context, hygiene))
  )
  const { headers, status, text } = answer
  // An upload in parts can fail after its answer has begun as a good one.
  const isGood = (status >= 200 && status < 300 && !text.includes("<Error>")) || ask.alsoGood?.includes(status) === true
  if (isGood) return answer
  if (status === 301 || status === 307 || status === 308) {
    const region = headers["x-amz-bucket-region"]
    return yield* Effect.fail(trouble(`the bucket is elsewhere${region === undefined ? "" : `: in ${region}`}`, false))
  }
  const said = [element(text, "Code"), element(text, "Message")].filter((one) => one !== undefined).join(": ")
  const isPassing = status < 300 || status === 408 || status === 425 || status === 429 || status >= 500
  const detail = Redact.clip(`${host} answered HTTP ${status}${said === "" ? "" : `, ${said}`}`, 300)
  // Rights can be given, and clocks be set, while a file is tried again and again.
  return yield* Effect.fail(trouble(detail, isPassing, isPassing || status === 401 || status === 403))
})

const signed = Effect.fnUntraced(function*(settings: Settings, ask: Ask) {
  const { base, region, sessionToken } = settings
  const url = new URL(ask.key.split("/").map(escaped).join("/"), base)
  for (const [name, value] of Object.entries(ask.query ?? {})) url.searchParams.set(name, value)
  const now = DateTime.formatIso(DateTime.makeUnsafe(yield* Clock.currentTimeMillis))
  const signer = new AwsV4Signer({
    method: ask.method,
    url: url.href,
    headers: { ...ask.headers, "x-amz-content-sha256": ask.sha256 },
    accessKeyId: settings.accessKeyId,
    secretAccessKey: Redacted.value(settings.secretAccessKey),
    ...(sessionToken === undefined ? {} : { sessionToken: Redacted.value(sessionToken) }),
    service: "s3",
    region,
    datetime: now.replace(/[:-]|\.\d+/g, "")
  })
  const { headers } = yield* Effect.orDie(Effect.tryPromise(() => signer.sign()))
  const request = HttpClientRequest.make(ask.method)(url.href, {
    headers: { ...Object.fromEntries(headers), "user-agent": Transport.userAgent }
  })
  return ask.body === undefined
    ? request
    : HttpClientRequest.bodyUint8Array(request, ask.body, ask.headers?.["content-type"] ?? "application/octet-stream")
})

/** As Signature Version 4 wants it: everything but letters, digits, `-`, `.`, `_` and `~`. */
const escaped = (segment: string): string =>
  encodeURIComponent(segment).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)

const read = (response: HttpClientResponse) => {
  const decoder = new TextDecoder()
  let text = ""
  return Stream.runForEachWhile(response.stream, (chunk) =>
    Effect.sync(() => {
      text += decoder.decode(chunk, { stream: true })
      return text.length < maxText
    })).pipe(
      // An answer to HEAD has no body, which some clients call a fault.
      Effect.catchIf((error) => error.reason._tag === "EmptyBodyError", () => Effect.void),
      Effect.map(() => text.slice(0, maxText))
    )
}

/**
 * The text of an XML element that has no others inside.
 *
 * @internal
 */
export const element = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]?.replace(
    /&(quot|apos|lt|gt|amp|#34);/g,
    (_, word: string) => entities[word] ?? ""
  )

const entities: Readonly<Record<string, string>> = { quot: "\"", "#34": "\"", apos: "'", lt: "<", gt: ">", amp: "&" }
