import type { ImageInput, VideoRequest } from "@video-tasks/core/VideoRequest"
import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"

/** How much of each end of a file is looked at. */
const sampleSize = 65_536

/**
 * A fingerprint of a request: SHA-256 of everything in it, in one order. Of a file, its size, type and both ends count.
 *
 * @internal
 */
export const requestHash = Effect.fnUntraced(
  function*(request: VideoRequest): Effect.fn.Return<string, never, Digest.Digest> {
    const digest = yield* Digest.Digest
    const images = yield* Effect.forEach(request.images ?? [], (image) => imageHash(digest, image))
    const { provider, family, model, prompt, seconds, size, resolution, options } = request
    const text = stable({ provider, family, model, prompt, seconds, size, resolution, options, images })
    return yield* digest.digestHex(Digest.sha256, new TextEncoder().encode(text))
  }
)

const imageHash = Effect.fnUntraced(function*(digest: Digest.Digest["Service"], image: ImageInput) {
  if (image instanceof URL) return image.href
  const blob = image instanceof Uint8Array ? new Blob([image]) : image
  const ends = blob.size <= 2 * sampleSize
    ? blob
    : new Blob([blob.slice(0, sampleSize), blob.slice(blob.size - sampleSize)])
  // A file that can't be read fails where it is sent, with the right words.
  const bytes = yield* Effect.orElseSucceed(Effect.tryPromise(() => ends.arrayBuffer()), () => new ArrayBuffer(0))
  return `${blob.size} ${blob.type} ${yield* digest.digestHex(Digest.sha256, new Uint8Array(bytes))}`
})

/** JSON with the keys in order, so that equal requests have equal texts. */
const stable = (value: unknown): string => {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null"
  if (Array.isArray(value)) return `[${value.map(stable).join(",")}]`
  const fields = Object.entries(value).filter(([, field]) => field !== undefined).sort(([a], [b]) => a < b ? -1 : 1)
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${stable(field)}`).join(",")}}`
}
