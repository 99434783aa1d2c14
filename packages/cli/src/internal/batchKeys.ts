/**
 * How a line of a batch is known again: the id of its submission follows from what it asks for.
 *
 * The store takes an id once, so that no second run and no second process can submit a line again, whenever one of them
 * was stopped.
 */
import * as TaskId from "@video-tasks/core/TaskId"
import { canonicalJson } from "@video-tasks/runtime/RequestHash"
import * as Crypto from "node:crypto"
import type { BatchLine } from "./batchLines.ts"

/** What a line means besides its own text. Where its provider is found is not part of it: that may change between runs. */
export interface Scope {
  /** Runs with different names have nothing in common. */
  readonly run: string
  /** Fingerprints of its pictures. */
  readonly images: ReadonlyArray<string>
}

/** The name of a line: its key, or its request. Equal requests have equal names. */
export const nameOf = (line: BatchLine, { images, run }: Scope): string => {
  const { family, key, model, options, prompt, provider, resolution, seconds, size } = line
  const what = key === undefined
    ? { request: { family, model, prompt, seconds, size, resolution, options, images } }
    : { key }
  return canonicalJson({ run, provider, ...what })
}

/** The id of the n-th of equal lines (from 0), at its n-th attempt (from 0: an attempt that was refused counts). */
export const idOf = (name: string, occurrence: number, attempt: number): TaskId.TaskId => {
  const digest = Crypto.createHash("sha256").update(canonicalJson({ name, occurrence, attempt })).digest()
  digest[6] = 0x70 | (digest[6] ?? 0) & 0x0f
  digest[8] = 0x80 | (digest[8] ?? 0) & 0x3f
  const hex = digest.toString("hex")
  return TaskId.TaskId.make(
    [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-")
  )
}

/** A fingerprint of bytes. */
export const fingerprint = (bytes: Uint8Array): string => Crypto.createHash("sha256").update(bytes).digest("hex")
