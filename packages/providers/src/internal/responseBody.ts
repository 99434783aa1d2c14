/**
 * Reads the body of an API's answer: a capped stream, decoded, and told apart into JSON and everything else.
 */
import * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as ContentEncoding from "./contentEncoding.ts"
import * as Secret from "./secret.ts"

/** The longest answer that is read unless more is asked for, before and after decoding. */
export const defaultMaxBytes = 1_048_576

/** How deep JSON may nest: code that walks it must not run out of stack. */
const maxDepth = 100

/** What a body turned out to be. */
export type Body =
  | { readonly _tag: "Json"; readonly value: unknown }
  /** HTML or XML: a firewall, a web application, an object store, but not the API. */
  | { readonly _tag: "Markup"; readonly text: string }
  | { readonly _tag: "Text"; readonly text: string }
  | { readonly _tag: "Empty" }
  /** It was cut off. */
  | { readonly _tag: "Cut"; readonly detail: string }
  /** It is too long, or encoded in a way that can't be undone. */
  | { readonly _tag: "Unreadable"; readonly detail: string }
  /** Nobody wanted it. */
  | { readonly _tag: "Discarded" }

/** Reads a body. Never fails: a body that can't be read does not take back the status that came before it. */
export const read = (
  response: HttpClientResponse.HttpClientResponse,
  secrets: Secret.Secrets,
  maxBytes = defaultMaxBytes
): Effect.Effect<Body> =>
  whole(response, maxBytes).pipe(
    Effect.flatMap((bytes) => decoded(bytes, encodings(response.headers["content-encoding"]), maxBytes)),
    Effect.map((bytes) => parse(decoder.decode(bytes), response.headers["content-type"], secrets)),
    Effect.catch((problem) => Effect.succeed(unreadable(problem)))
  )

interface TooLong {
  readonly _tag: "TooLong"
  readonly maxBytes: number
}

type Problem = HttpClientError.HttpClientError | ContentEncoding.Undecodable | TooLong

const unreadable = (problem: Problem): Body => {
  switch (problem._tag) {
    case "HttpClientError":
      return problem.reason._tag === "EmptyBodyError"
        ? { _tag: "Empty" }
        : { _tag: "Cut", detail: "the connection broke in the middle of the answer" }
    case "Undecodable":
      return { _tag: "Unreadable", detail: `the answer is encoded as ${problem.encoding} and can't be decoded` }
    case "TooLong":
      return { _tag: "Unreadable", detail: `the answer is longer than ${problem.maxBytes / 1_048_576} MiB` }
  }
}

const collect = <E>(
  stream: Stream.Stream<Uint8Array, E>,
  maxBytes: number
): Effect.Effect<Uint8Array<ArrayBuffer>, E | TooLong> =>
  Effect.suspend(() => {
    let size = 0
    return stream.pipe(
      Stream.takeWhile((chunk) => {
        size += chunk.length
        return size <= maxBytes
      }),
      Stream.mkUint8Array,
      Effect.filterOrFail(() => size <= maxBytes, (): TooLong => ({ _tag: "TooLong", maxBytes }))
    )
  })

// Encodings are listed in the order in which they were applied.
const encodings = (header: string | undefined): ReadonlyArray<string> => header?.split(",").toReversed() ?? []

const decoded = Effect.fnUntraced(function*(
  bytes: Uint8Array<ArrayBuffer>,
  encodings: ReadonlyArray<string>,
  maxBytes: number
): Effect.fn.Return<Uint8Array<ArrayBuffer>, ContentEncoding.Undecodable | TooLong> {
  let current = bytes
  for (const encoding of encodings) {
    const format = ContentEncoding.remaining(encoding, current)
    if (format !== undefined) current = yield* collect(ContentEncoding.decode(format, current), maxBytes)
  }
  return current
})

const parse = (text: string, contentType: string | undefined, secrets: Secret.Secrets): Body => {
  if (text.trim() === "") return { _tag: "Empty" }
  const json = Result.try((): unknown => JSON.parse(text))
  if (Result.isSuccess(json)) return { _tag: "Json", value: clean(json.success, secrets, 0) }
  const rest = Secret.hide(text, secrets)
  const isMarkup = contentType?.includes("html") === true || rest.trimStart().startsWith("<")
  return isMarkup ? { _tag: "Markup", text: rest } : { _tag: "Text", text: rest }
}

/**
 * Takes the account's key out of what the provider says, since some quote it in their refusal, and cuts off what is
 * nested too deeply. Links are left whole: they are redacted wherever they go.
 */
const clean = (value: unknown, secrets: Secret.Secrets, depth: number): unknown => {
  if (typeof value === "string") return /^https?:\/\/\S+$/i.test(value) ? value : Secret.hide(value, secrets)
  if (typeof value !== "object" || value === null) return value
  if (depth > maxDepth) return null
  if (Array.isArray(value)) return value.map((item) => clean(item, secrets, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [Secret.hide(key, secrets), clean(item, secrets, depth + 1)])
  )
}

const decoder = new TextDecoder()

/** A body whose length is known to be small is read in one piece: a stream costs CPU on every poll. */
const whole = (response: HttpClientResponse.HttpClientResponse, maxBytes: number) => {
  const length = Number(response.headers["content-length"] ?? Number.NaN)
  return length <= maxBytes && response.headers["content-encoding"] === undefined
    ? Effect.map(response.arrayBuffer, (buffer) => new Uint8Array(buffer))
    : collect(response.stream, maxBytes)
}
