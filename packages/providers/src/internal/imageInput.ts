/**
 * Reference pictures: checked by what they are, not by what they are called, before anything is sent.
 */
import type { ImageInput } from "@video-tasks/core/VideoRequest"
import { Violation } from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"

/** How an API takes pictures: as file parts, or as links and data URIs inside JSON. */
export type Accepts = "files" | "links"

/** The largest picture that is sent unless the options say otherwise: 30 MiB. */
export const defaultMaxBytes = 31_457_280

/** A picture that was looked at; `content` keeps a file on disk where it is. */
export interface Picture {
  readonly content: Blob
  readonly mimeType: string
  readonly extension: string
}

/** A picture, or a link to one. */
export type Checked = Picture | URL

/** What looking at the pictures found. */
export interface Findings {
  readonly violations: ReadonlyArray<Violation>
  /** Says which picture is too large, in words. */
  readonly tooLarge: string | undefined
  readonly images: ReadonlyArray<Checked>
}

/** Finds what is wrong without reading a file. */
export const violations = (images: ReadonlyArray<ImageInput>, accepts: Accepts): ReadonlyArray<Violation> =>
  images.flatMap((image, index) => {
    if (image instanceof URL) return linkViolations(image, index, accepts)
    if (sizeOf(image) === 0) return [violation(index, "empty", allowed)]
    return image instanceof Blob || typeOf(image) !== undefined ? [] : [unknownType(index)]
  })

/** Reads the first bytes of every picture. The rest stays where it is. */
export const look = Effect.fnUntraced(function*(
  images: ReadonlyArray<ImageInput>,
  maxBytes: number
): Effect.fn.Return<Findings> {
  const found: Array<Violation> = []
  const checked: Array<Checked> = []
  let tooLarge: string | undefined
  for (const [index, image] of images.entries()) {
    if (image instanceof URL) {
      checked.push(image)
      continue
    }
    const size = sizeOf(image)
    if (size > maxBytes) tooLarge ??= `images[${index}] has ${size} bytes, at most ${maxBytes} are sent`
    const type = typeOf(image instanceof Blob ? yield* firstBytes(image) : image)
    if (type === undefined) {
      if (image instanceof Blob && size > 0) found.push(unknownType(index))
      continue
    }
    const content = image instanceof Blob
      ? image.slice(0, size, type.mimeType)
      : new Blob([image], { type: type.mimeType })
    checked.push({ content, mimeType: type.mimeType, extension: type.extension })
  }
  return { violations: found, tooLarge, images: checked }
})

interface ImageType {
  readonly mimeType: string
  readonly extension: string
}

const types: ReadonlyArray<ImageType & { readonly magic: ReadonlyArray<number | undefined> }> = [
  { mimeType: "image/jpeg", extension: "jpg", magic: [0xff, 0xd8, 0xff] },
  { mimeType: "image/png", extension: "png", magic: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  // RIFF, four bytes of length, WEBP
  {
    mimeType: "image/webp",
    extension: "webp",
    magic: [0x52, 0x49, 0x46, 0x46, undefined, undefined, undefined, undefined, 0x57, 0x45, 0x42, 0x50]
  }
]

const magicLength = 12

const typeOf = (bytes: Uint8Array): ImageType | undefined =>
  types.find(({ magic }) => magic.every((byte, index) => byte === undefined || byte === bytes[index]))

// A file that can't be read any more has no first bytes, and so no known type.
const firstBytes = (blob: Blob): Effect.Effect<Uint8Array> =>
  Effect.tryPromise(() => blob.slice(0, magicLength).arrayBuffer()).pipe(
    Effect.map((buffer) => new Uint8Array(buffer)),
    Effect.catch(() => Effect.succeed(new Uint8Array()))
  )

const sizeOf = (image: Blob | Uint8Array): number => image instanceof Blob ? image.size : image.byteLength

const linkViolations = (url: URL, index: number, accepts: Accepts): ReadonlyArray<Violation> => {
  if (accepts === "files") {
    return [violation(index, "a URL", `${allowed}: the API takes the file itself, not a link to it`)]
  }
  return linkProtocols.has(url.protocol)
    ? []
    : [violation(index, `a ${url.protocol} URL`, "an http(s) or data URL")]
}

const linkProtocols: ReadonlySet<string> = new Set(["https:", "http:", "data:"])

const allowed = "a JPEG, PNG or WebP picture"

const unknownType = (index: number) => violation(index, "not a known kind of picture", allowed)

const violation = (index: number, value: string, allowed: string): Violation =>
  new Violation({ field: `images[${index}]`, value, allowed })
