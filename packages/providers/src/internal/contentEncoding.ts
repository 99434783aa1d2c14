/**
 * Undoes `content-encoding` when the transport has not done it: undici's Effect layer hands the bytes over as they came,
 * fetch decodes them and leaves the header in place. So the header alone proves nothing; the bytes decide.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** A body that this runtime can't decode. */
export interface Undecodable {
  readonly _tag: "Undecodable"
  readonly encoding: string
}

/** What the bytes are still encoded with, or `undefined` when they are plain. */
export const remaining = (encoding: string | undefined, bytes: Uint8Array<ArrayBuffer>): string | undefined => {
  const name = encoding?.trim().toLowerCase()
  switch (name) {
    case undefined:
    case "":
    case "identity":
      return undefined
    case "gzip":
    case "x-gzip":
      return bytes[0] === 0x1f && bytes[1] === 0x8b ? "gzip" : undefined
    case "deflate":
      if (isZlib(bytes)) return "deflate"
      return isText(bytes) ? undefined : "deflate-raw"
    case "br":
      return isText(bytes) ? undefined : "brotli"
    default:
      return isText(bytes) ? undefined : name
  }
}

/** Streams the decoded bytes; fails when the runtime lacks the format or the bytes are broken. */
export const decode = (format: string, bytes: Uint8Array<ArrayBuffer>): Stream.Stream<Uint8Array, Undecodable> => {
  const failed = (): Undecodable => ({ _tag: "Undecodable", encoding: format })
  return Stream.unwrap(Effect.map(
    Effect.try({ try: () => new DecompressionStream(format as CompressionFormat), catch: failed }),
    (decompression) =>
      Stream.fromReadableStream<Uint8Array, Undecodable>({
        evaluate: () => new Blob([bytes]).stream().pipeThrough(decompression),
        onError: failed
      })
  ))
}

const isZlib = (bytes: Uint8Array): boolean => {
  const [first = 0, second = 0] = bytes
  return (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0
}

const isText = (bytes: Uint8Array): boolean => {
  const text = new TextDecoder().decode(bytes)
  return !text.includes("\uFFFD")
}
