/**
 * Pictures on disk, ready to be sent without being loaded.
 *
 * @since 0.1.0
 */
import { InvalidRequest, PayloadTooLarge, Violation } from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import { openAsBlob } from "node:fs"
import { stat } from "node:fs/promises"

/**
 * What to accept.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * The largest file in bytes.
   *
   * @default 31_457_280
   */
  readonly maxBytes?: number | undefined
  /**
   * The name of the field in messages.
   *
   * @default "image"
   */
  readonly field?: string | undefined
}

/**
 * Opens a JPEG, PNG or WebP file as a `Blob` whose type comes from its first bytes, not from its name.
 *
 * **Details**
 *
 * The blob reads the file while it is sent, so a large file costs no memory. It must not change until then.
 *
 * Fails with `InvalidRequest` when there is no such file, when it is a directory, may not be read, is empty or is no
 * picture, and with `PayloadTooLarge` when it is larger than `maxBytes`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = Effect.fn("ImageFile.open")(function*(
  path: string,
  options: Options = {}
): Effect.fn.Return<Blob, InvalidRequest | PayloadTooLarge> {
  const { field = "image", maxBytes = 31_457_280 } = options
  const refuse = (found: string) =>
    new InvalidRequest({ violations: [new Violation({ field, value: `${path} (${found})`, allowed })] })
  const unreadable = (cause: unknown) => refuse(problemOf(cause))
  const info = yield* Effect.tryPromise({ try: () => stat(path), catch: unreadable })
  if (info.isDirectory()) return yield* refuse("a directory")
  if (!info.isFile()) return yield* refuse("not a file")
  if (info.size === 0) return yield* refuse("an empty file")
  if (info.size > maxBytes) {
    return yield* new PayloadTooLarge({
      detail: `${field} is ${path} with ${info.size} bytes, at most ${maxBytes} are sent`
    })
  }
  const blob = yield* Effect.tryPromise({ try: () => openAsBlob(path), catch: unreadable })
  const head = yield* Effect.tryPromise({ try: () => blob.slice(0, magicLength).arrayBuffer(), catch: unreadable })
  const type = typeOf(new Uint8Array(head))
  return type === undefined ? yield* refuse("not a picture") : blob.slice(0, blob.size, type)
})

// internal

const allowed = "a JPEG, PNG or WebP file"

const magicLength = 12

const typeOf = (bytes: Uint8Array): string | undefined => {
  const start = String.fromCharCode(...bytes)
  if (start.startsWith("\xff\xd8\xff")) return "image/jpeg"
  if (start.startsWith("\x89PNG\r\n\x1a\n")) return "image/png"
  return start.startsWith("RIFF") && start.slice(8, 12) === "WEBP" ? "image/webp" : undefined
}

const problems: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "no such file",
  EACCES: "not readable",
  EPERM: "not readable",
  ENAMETOOLONG: "too long a name"
}

const problemOf = (cause: unknown): string => {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : ""
  return problems[code] ?? "not readable"
}
