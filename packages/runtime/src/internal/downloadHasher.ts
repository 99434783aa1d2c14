/**
 * SHA-256, chunk by chunk.
 */
import { sha256 } from "@noble/hashes/sha2.js"
import { bytesToHex } from "@noble/hashes/utils.js"
import * as Context from "effect/Context"

/** A hash that is fed. */
export interface Hash {
  readonly update: (bytes: Uint8Array) => void
  /** In lower-case hexadecimal; the hash can't be fed any more. */
  readonly digest: () => string
}

/** Makes a SHA-256. */
export const Hasher = Context.Reference<() => Hash>("@video-tasks/runtime/Download/Hasher", {
  defaultValue: () => () => {
    const hash = sha256.create()
    return { update: (bytes) => void hash.update(bytes), digest: () => bytesToHex(hash.digest()) }
  }
})
