/**
 * The fingerprint of a request, by which its submission and its handle know it again.
 *
 * @since 0.1.0
 */
import { sha256 } from "@noble/hashes/sha2.js"
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js"
import type { ImageInput, VideoRequest } from "@video-tasks/core/VideoRequest"
import * as Effect from "effect/Effect"

/**
 * Makes the fingerprint of a request: SHA-256, in hex, of everything in it, in one order. Of a file, its size, type and both
 * ends count; one that can't be read counts by its size and type.
 *
 * **Details**
 *
 * Computed here rather than by the platform, which has no digest on pages without HTTPS and answers later than it must.
 *
 * @category getters
 * @since 0.1.0
 */
export const of = (request: VideoRequest): Effect.Effect<string> =>
  Effect.map(Effect.forEach(request.images ?? [], imageHash), (images) => {
    const { provider, family, model, prompt, seconds, size, resolution, options } = request
    return hash(
      utf8ToBytes(canonicalJson({ provider, family, model, prompt, seconds, size, resolution, options, images }))
    )
  })

/**
 * Writes a value as JSON with its keys in order, so that equal values have equal texts. Fields that are `undefined` are left
 * out.
 *
 * **Example** (The order does not count)
 *
 * ```ts import.meta.vitest
 * import { RequestHash } from "@video-tasks/runtime"
 *
 * RequestHash.canonicalJson({ b: 1, a: [2] }) // => "{\"a\":[2],\"b\":1}"
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const canonicalJson = (value: unknown): string => {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null"
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`
  const fields = Object.entries(value).filter(([, field]) => field !== undefined).sort(([a], [b]) => a < b ? -1 : 1)
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`).join(",")}}`
}

// internal

/** How much of each end of a file is looked at. */
const sampleSize = 65_536

const hash = (bytes: Uint8Array): string => bytesToHex(sha256(bytes))

const imageHash = (image: ImageInput): Effect.Effect<string> => {
  if (image instanceof URL) return Effect.succeed(image.href)
  if (image instanceof Uint8Array) return Effect.succeed(`${image.length} ${hash(endsOf(image))}`)
  const ends = image.size <= 2 * sampleSize
    ? image
    : new Blob([image.slice(0, sampleSize), image.slice(image.size - sampleSize)])
  // A file that can't be read fails where it is sent, with the right words.
  return Effect.tryPromise(() => ends.arrayBuffer()).pipe(
    Effect.map((bytes) => `${image.size} ${image.type} ${hash(new Uint8Array(bytes))}`),
    Effect.orElseSucceed(() => `${image.size} ${image.type}`)
  )
}

const endsOf = (bytes: Uint8Array): Uint8Array => {
  if (bytes.length <= 2 * sampleSize) return bytes
  const ends = new Uint8Array(2 * sampleSize)
  ends.set(bytes.subarray(0, sampleSize))
  ends.set(bytes.subarray(bytes.length - sampleSize), sampleSize)
  return ends
}
