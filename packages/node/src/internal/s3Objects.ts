/**
 * Objects of a bucket: put whole or in parts, and looked for.
 */
import { ArchiveError, type Content, type Found } from "@video-tasks/runtime/Archive"
import type { Hash } from "@video-tasks/runtime/Download"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import { element, type Send } from "./s3Requests.ts"

/** @internal */
export interface Settings {
  readonly send: Send
  readonly partSize: number
  readonly makeHash: () => Hash
}

/** @internal */
export interface Objects {
  readonly put: (key: string, content: Content) => Effect.Effect<void, ArchiveError>
  readonly exists: (key: string) => Effect.Effect<Found | undefined, ArchiveError>
}

/** @internal */
export const make = (settings: Settings): Objects => {
  const { partSize } = settings
  return {
    put: (key, content) =>
      content.bytes <= partSize ? putWhole(settings, key, content) : putParts(settings, key, content),
    exists: (key) => find(settings, key)
  }
}

const find = ({ makeHash, send }: Settings, key: string): Effect.Effect<Found | undefined, ArchiveError> =>
  // Without the right to list a bucket, what is not there is forbidden.
  Effect.map(
    send({ method: "HEAD", key, sha256: hashOf(makeHash, new Uint8Array()), alsoGood: [403, 404] }),
    ({ headers, status }) => {
      const bytes = Number(headers["content-length"] ?? Number.NaN)
      const sha256 = headers["x-amz-meta-sha256"]
      return status < 300 && sha256 !== undefined && Number.isSafeInteger(bytes) ? { bytes, sha256 } : undefined
    }
  )

const changed = () => new ArchiveError({ detail: "the file changed on its way", retryable: true })

const headersOf = ({ mimeType, sha256 }: Content) => ({ "content-type": mimeType, "x-amz-meta-sha256": sha256 })

const hashOf = (makeHash: () => Hash, bytes: Uint8Array): string => {
  const hash = makeHash()
  hash.update(bytes)
  return hash.digest()
}

const putWhole = Effect.fnUntraced(function*({ makeHash, send }: Settings, key: string, content: Content) {
  const parts = new Parts(Math.max(1, content.bytes))
  const rest = yield* Stream.runForEach(content.stream, (chunk) =>
    // A file that has grown is seen by its second part.
    Effect.forEach(parts.take(chunk), () => Effect.fail(changed()))).pipe(Effect.map(() => parts.rest()))
  if (rest.length !== content.bytes || hashOf(makeHash, rest) !== content.sha256) return yield* changed()
  const { headers } = yield* send({
    method: "PUT",
    key,
    headers: headersOf(content),
    body: rest,
    sha256: content.sha256
  })
  // A page on the way, or at a wrong address, may say yes to everything.
  if (headers["etag"] === undefined) {
    return yield* new ArchiveError({
      detail: "the store did not confirm the file: is its address right?",
      retryable: true
    })
  }
})

const putParts = Effect.fnUntraced(function*(settings: Settings, key: string, content: Content) {
  const { makeHash, send } = settings
  const nothing = hashOf(makeHash, new Uint8Array())
  yield* Effect.acquireUseRelease(
    Effect.flatMap(
      send({ method: "POST", key, query: { uploads: "" }, headers: headersOf(content), sha256: nothing }),
      ({ text }) => {
        const uploadId = element(text, "UploadId")
        return uploadId === undefined
          ? Effect.fail(new ArchiveError({ detail: "the store named no upload", retryable: true }))
          : Effect.succeed(uploadId)
      }
    ),
    (uploadId) =>
      Effect.flatMap(
        sendParts(settings, key, content, uploadId),
        (tags) => complete(settings, key, content, uploadId, tags)
      ),
    (uploadId, exit) =>
      // What was uploaded of it would be paid for until somebody finds it.
      Exit.isSuccess(exit)
        ? Effect.void
        : Effect.ignore(send({ method: "DELETE", key, query: { uploadId }, sha256: nothing, alsoGood: [404] }))
  )
})

/** Makes the file of its parts. When the answer to that is lost, the upload is gone on the next try, and the file is there. */
const complete = Effect.fnUntraced(function*(
  settings: Settings,
  key: string,
  content: Content,
  uploadId: string,
  tags: ReadonlyArray<string>
): Effect.fn.Return<void, ArchiveError> {
  const { makeHash, send } = settings
  const xml = tags.map((tag, index) =>
    `<Part><PartNumber>${index + 1}</PartNumber><ETag>${tag.replaceAll("\"", "&quot;")}</ETag></Part>`
  )
  const body = new TextEncoder().encode(`<CompleteMultipartUpload>${xml.join("")}</CompleteMultipartUpload>`)
  const { status } = yield* send({
    method: "POST",
    key,
    query: { uploadId },
    headers: { "content-type": "application/xml" },
    body,
    sha256: hashOf(makeHash, body),
    alsoGood: [404]
  })
  if (status !== 404) return
  const found = yield* find(settings, key)
  if (found?.sha256 === content.sha256 && found.bytes === content.bytes) return
  return yield* new ArchiveError({ detail: "the store no longer knows the upload", retryable: true })
})

/** Sends one part after the other, and returns their tags. */
const sendParts = Effect.fnUntraced(function*(
  { makeHash, partSize, send }: Settings,
  key: string,
  content: Content,
  uploadId: string
): Effect.fn.Return<ReadonlyArray<string>, ArchiveError> {
  const hash = makeHash()
  const parts = new Parts(partSize)
  const tags: Array<string> = []
  let bytes = 0
  const sendPart = Effect.fnUntraced(function*(body: Uint8Array<ArrayBuffer>) {
    hash.update(body)
    bytes += body.length
    const query = { partNumber: String(tags.length + 1), uploadId }
    const { headers } = yield* send({ method: "PUT", key, query, body, sha256: hashOf(makeHash, body) })
    const { etag } = headers
    if (etag === undefined) {
      return yield* new ArchiveError({ detail: "the store did not confirm a part", retryable: true })
    }
    tags.push(etag)
  })
  yield* Stream.runForEach(content.stream, (chunk) => Effect.forEach(parts.take(chunk), sendPart, { discard: true }))
  const rest = parts.rest()
  if (rest.length > 0) yield* sendPart(rest)
  if (bytes !== content.bytes || hash.digest() !== content.sha256) return yield* changed()
  return tags
})

/** Cuts what comes in pieces of any size into parts of one size, the last one excepted. */
class Parts {
  readonly #size: number
  #part: Uint8Array<ArrayBuffer>
  #length = 0

  constructor(size: number) {
    this.#size = size
    this.#part = new Uint8Array(size)
  }

  /** Returns what is full and more is known to follow. */
  take(chunk: Uint8Array): ReadonlyArray<Uint8Array<ArrayBuffer>> {
    const full: Array<Uint8Array<ArrayBuffer>> = []
    let rest = chunk
    while (rest.length > 0) {
      if (this.#length === this.#size) {
        full.push(this.#part)
        this.#part = new Uint8Array(this.#size)
        this.#length = 0
      }
      const taken = rest.subarray(0, this.#size - this.#length)
      this.#part.set(taken, this.#length)
      this.#length += taken.length
      rest = rest.subarray(taken.length)
    }
    return full
  }

  rest(): Uint8Array<ArrayBuffer> {
    return this.#part.subarray(0, this.#length)
  }
}
