/**
 * Brings the bytes of a link into an open file, over as many connections as it takes.
 */
import type { Kind } from "@video-tasks/core/Archived"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as HttpClient from "effect/http/HttpClient"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as Content from "./downloadContent.ts"
import type { Hash } from "./downloadHasher.ts"
import { failed, fileFailed, Problem, words } from "./downloadProblem.ts"
import * as Request from "./downloadRequest.ts"

/** How a transfer goes about it. */
export interface Settings {
  readonly kind: Kind
  readonly access: Request.Access
  readonly maxBytes: number
  readonly retries: number
  readonly makeHash: () => Hash
  readonly onProgress: ((bytes: number, total: number | undefined) => Effect.Effect<void>) | undefined
}

/** A file that is being filled. */
export interface Transfer {
  readonly file: FileSystem.File
  readonly settings: Settings
  link: string
  bytes: number
  hash: Hash
  /** The size that the server announced. */
  total: number | undefined
  /** What says that the file is still the same: a strong entity tag, else the date of its last change. */
  validator: string | undefined
  /** The server was seen to give no parts, or wrong ones. */
  wholeOnly: boolean
  /** The first bytes, until they are known to be a video's. */
  head: Uint8Array
  mimeType: string | undefined
  resumed: number
}

/** Begins with an empty file. */
export const make = (file: FileSystem.File, link: string, settings: Settings): Transfer => ({
  file,
  settings,
  link,
  bytes: 0,
  hash: settings.makeHash(),
  total: undefined,
  validator: undefined,
  wholeOnly: false,
  head: new Uint8Array(),
  mimeType: undefined,
  resumed: 0
})

/**
 * Between attempts that brought nothing: half a second, doubled each time up to 10 seconds, never earlier than the
 * server asks for.
 */
const stalledSchedule = (retries: number) =>
  Schedule.min([Schedule.exponential("500 millis"), Schedule.spaced("10 seconds")]).pipe(
    Schedule.jittered,
    Schedule.upTo({ times: retries }),
    Schedule.setInputType<unknown>(),
    Schedule.modifyDelay(({ duration, input }) => {
      const asked = input instanceof Problem ? input.retryAfterMs ?? 0 : 0
      return Effect.succeed(Duration.max(duration, Duration.millis(asked)))
    })
  )

/** After an attempt that brought a good part of the file. */
const resumeSchedule = Schedule.spaced("500 millis")

/** Fetches all of the link, or what is missing of it. */
export const run = (self: Transfer): Effect.Effect<void, Problem, HttpClient.HttpClient> =>
  attempt(self).pipe(
    Effect.retry({
      schedule: stalledSchedule(self.settings.retries),
      while: (problem) => problem.remedy === "later" && problem.progressed !== true
    }),
    Effect.retry({
      schedule: resumeSchedule,
      while: (problem) => problem.remedy === "later" && problem.progressed === true
    })
  )

// internal

/** So many new bytes make an attempt a good one, so that a large file survives any number of cuts. */
const goodProgress = 1_048_576

/** A server that asks for a longer pause is left alone. */
const maxRetryAfterMs = 120_000

const attempt = (self: Transfer): Effect.Effect<void, Problem, HttpClient.HttpClient> =>
  Effect.suspend(() => {
    const before = self.bytes
    return Effect.scoped(exchange(self)).pipe(
      Effect.repeat({ while: (isMore) => isMore }),
      Effect.asVoid,
      Effect.mapError((problem) => {
        const progressed = self.bytes - before >= goodProgress
        const remedy = (problem.retryAfterMs ?? 0) > maxRetryAfterMs ? "never" : problem.remedy
        return new Problem({ reason: problem.reason, retryAfterMs: problem.retryAfterMs, remedy, progressed })
      })
    )
  })

/** One request; says whether the server gave less than was asked for, and has more. */
const exchange = Effect.fnUntraced(function*(self: Transfer) {
  const part = yield* nextPart(self)
  const response = yield* Request.send(self.link, part, self.settings.access)
  const range = rangeOf(response)
  if (part === undefined || response.status === 200) {
    yield* restart(self)
    yield* begin(self, response)
  } else if (range !== undefined && isRestOf(self, response, range)) {
    self.resumed++
    self.total ??= range.total
  } else if (isComplete(self, response)) {
    return false
  } else {
    self.wholeOnly = true
    return yield* failed("later", "the server gave another part than was asked for")
  }
  const before = self.bytes
  yield* receive(self, response)
  const isPart = self.bytes > before && self.bytes === range?.end && self.bytes < (self.total ?? 0)
  if (!isPart) yield* finish(self)
  return isPart
})

/** What to ask for; a file that can't be continued starts anew. */
const nextPart = Effect.fnUntraced(function*(self: Transfer) {
  if (self.bytes === 0) return undefined
  const canContinue = !self.wholeOnly && (self.validator !== undefined || self.total !== undefined)
  if (canContinue) return { from: self.bytes, validator: self.validator }
  yield* restart(self)
  return undefined
})

const restart = Effect.fnUntraced(function*(self: Transfer) {
  if (self.bytes > 0) {
    yield* self.file.truncate(0).pipe(
      Effect.andThen(self.file.seek(0n, "start")),
      Effect.mapError(fileFailed("emptying the temporary file"))
    )
  }
  self.bytes = 0
  self.hash = self.settings.makeHash()
  self.head = new Uint8Array()
  self.mimeType = undefined
  self.total = undefined
  self.validator = undefined
})

/** Learns from the head of an answer that begins at the first byte. */
const begin = Effect.fnUntraced(function*(self: Transfer, response: HttpClientResponse) {
  const { headers } = response
  const encoded = (headers["content-encoding"] ?? "identity") !== "identity"
  const length = Number(headers["content-length"] ?? Number.NaN)
  self.total = encoded || !Number.isSafeInteger(length) ? undefined : length
  self.validator = strongTag(headers["etag"]) ?? headers["last-modified"]
  self.wholeOnly ||= encoded || headers["accept-ranges"] === "none"
  if ((self.total ?? 0) > self.settings.maxBytes) return yield* tooLarge(self)
})

const tooLarge = (self: Transfer): Problem =>
  failed(
    "never",
    `the file has ${self.total ?? `at least ${self.bytes}`} bytes, at most ${self.settings.maxBytes} are allowed`
  )

/** A weak tag says that two files look alike, which is not enough to put them together. */
const strongTag = (tag: string | undefined): string | undefined => tag?.startsWith("\"") === true ? tag : undefined

/** Which part of a file an answer is: up to `end`, without it; some servers keep the size of the whole back. */
interface Range {
  readonly from: number
  readonly end: number
  readonly total: number | undefined
}

const rangeOf = ({ headers, status }: HttpClientResponse): Range | undefined => {
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers["content-range"] ?? "")
  if (status !== 206 || range === null) return undefined
  return { from: Number(range[1]), end: Number(range[2]) + 1, total: range[3] === "*" ? undefined : Number(range[3]) }
}

/** Where nobody tells the size, a part can't be told from the rest. */
const isRestOf = (self: Transfer, { headers }: HttpClientResponse, { from, total = self.total }: Range): boolean => {
  const tag = strongTag(headers["etag"])
  const sameFile = tag === undefined || self.validator?.startsWith("\"") !== true || tag === self.validator
  return from === self.bytes && sameFile && total !== undefined && (self.total ?? total) === total
}

/** Nothing was missing but the end of the answer. */
const isComplete = (self: Transfer, response: HttpClientResponse): boolean =>
  response.status === 416 && response.headers["content-range"] === `bytes */${self.bytes}`

const receive = (self: Transfer, response: HttpClientResponse): Effect.Effect<void, Problem> =>
  response.stream.pipe(
    Stream.mapError((error) => failed("later", `the connection broke off (${words(error)})`)),
    Stream.timeoutOrElse({
      duration: self.settings.access.stallTimeout,
      orElse: () => Stream.fail(failed("later", "the server stopped sending"))
    }),
    Stream.runForEach((chunk) => take(self, chunk)),
    // All bytes are here: how the connection ended does not matter.
    Effect.catchIf((problem) => problem.remedy === "later" && self.bytes === self.total, () => Effect.void)
  )

const take = Effect.fnUntraced(function*(self: Transfer, chunk: Uint8Array) {
  if (chunk.length === 0) return
  if (self.mimeType === undefined) yield* inspect(self, chunk)
  if (self.bytes + chunk.length > self.settings.maxBytes) {
    self.bytes += chunk.length
    return yield* tooLarge(self)
  }
  yield* Effect.mapError(self.file.writeAll(chunk), fileFailed("writing the temporary file"))
  self.hash.update(chunk)
  self.bytes += chunk.length
  if (self.settings.onProgress !== undefined) yield* self.settings.onProgress(self.bytes, self.total)
})

/** Decides as soon as it can that a file is what is wanted; what is not is collected until it can be described. */
const inspect = (self: Transfer, chunk: Uint8Array): Effect.Effect<void, Problem> => {
  self.head = joined(self.head, chunk.subarray(0, Content.excerptLength - self.head.length))
  if (self.head.length < Content.verdictLength(self.head)) return Effect.void
  self.mimeType = Content.typeOf(self.settings.kind, self.head)
  return self.mimeType === undefined && self.head.length >= Content.excerptLength ? notWanted(self) : Effect.void
}

const notWanted = ({ head, settings: { kind } }: Transfer) =>
  failed("never", `the file is no ${kind === "video" ? kind : "picture"} but ${Content.describe(head, kind)}`)

const joined = (left: Uint8Array, right: Uint8Array): Uint8Array => {
  const both = new Uint8Array(left.length + right.length)
  both.set(left)
  both.set(right, left.length)
  return both
}

/** Judges a body that has ended. */
const finish = Effect.fnUntraced(function*(self: Transfer) {
  if (self.total !== undefined && self.bytes < self.total) {
    return yield* failed("later", `the connection ended after ${self.bytes} of ${self.total} bytes`)
  }
  if (self.total !== undefined && self.bytes > self.total) {
    self.wholeOnly = true
    return yield* failed("later", `the server sent more than the ${self.total} bytes that it announced`)
  }
  if (self.bytes === 0) return yield* failed("later", "the file is empty")
  self.mimeType ??= Content.typeOf(self.settings.kind, self.head)
  if (self.mimeType === undefined) return yield* notWanted(self)
})
