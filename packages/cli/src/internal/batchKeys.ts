/**
 * How a line of a batch is known again: the id of its submission follows from what it asks for.
 *
 * The store takes an id once, so that no second run and no second process can submit a line again, whenever one of them
 * was stopped.
 */
import * as TaskId from "@video-tasks/core/TaskId"
import type { ImageInput, VideoRequest } from "@video-tasks/core/VideoRequest"
import * as Effect from "effect/Effect"
import * as Crypto from "node:crypto"
import type { BatchLine } from "./batchLines.ts"

/** What a line means besides its own text. */
export interface Scope {
  /** Runs with different names have nothing in common. */
  readonly run: string
  /** The API and the account that it goes to. */
  readonly baseUrl: string
  readonly account: string
  /** Fingerprints of its pictures. */
  readonly images: ReadonlyArray<string>
}

/** The name of a line: its key, or its request. Equal requests have equal names. */
export const nameOf = (line: BatchLine, { account, baseUrl, images, run }: Scope): string => {
  const { family, key, model, options, prompt, provider, resolution, seconds, size } = line
  const what = key === undefined
    ? { request: { family, model, prompt, seconds, size, resolution, options, images } }
    : { key }
  return stable({ run, provider, baseUrl, account, ...what })
}

/** The id of the n-th of equal lines (from 0), at its n-th attempt (from 0: an attempt that was refused counts). */
export const idOf = (name: string, occurrence: number, attempt: number): TaskId.TaskId => {
  const digest = Crypto.createHash("sha256").update(stable({ name, occurrence, attempt })).digest()
  digest[6] = 0x70 | (digest[6] ?? 0) & 0x0f
  digest[8] = 0x80 | (digest[8] ?? 0) & 0x3f
  const hex = digest.toString("hex")
  return TaskId.TaskId.make(
    [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-")
  )
}

/** A fingerprint of bytes. */
export const fingerprint = (bytes: Uint8Array): string => sha256(bytes)

/**
 * The fingerprint of a request as its submission has it (SHA-256 of everything in it, in one order): tells that a key
 * stands for another request by now.
 */
export const requestHash = (request: VideoRequest): Effect.Effect<string> =>
  Effect.map(Effect.forEach(request.images ?? [], imageHash), (images) => {
    const { family, model, options, prompt, provider, resolution, seconds, size } = request
    return sha256(stable({ provider, family, model, prompt, seconds, size, resolution, options, images }))
  })

// internal

const sha256 = (data: string | Uint8Array): string => Crypto.createHash("sha256").update(data).digest("hex")

/** How much of each end of a file is looked at. */
const sampleSize = 65_536

const imageHash = (image: ImageInput): Effect.Effect<string> => {
  if (image instanceof URL) return Effect.succeed(image.href)
  const { length, type } = image instanceof Uint8Array
    ? { length: image.length, type: "" }
    : { length: image.size, type: ` ${image.type}` }
  const ends = length <= 2 * sampleSize ? [image] : [image.slice(0, sampleSize), image.slice(length - sampleSize)]
  return Effect.tryPromise(() => new Blob(ends).arrayBuffer()).pipe(
    Effect.map((bytes) => `${length}${type} ${sha256(new Uint8Array(bytes))}`),
    Effect.orElseSucceed(() => `${length}${type}`)
  )
}

/** JSON with the keys in order, so that equal lines have equal texts. */
const stable = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => a < b ? -1 : 1))
      : inner)
