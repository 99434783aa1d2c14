/**
 * SHA-256 of Node, several times faster than the one that runs everywhere.
 *
 * @since 0.1.0
 */
import { Hasher } from "@video-tasks/runtime/Download"
import * as Layer from "effect/Layer"
import { createHash } from "node:crypto"

/**
 * Provides the hash of downloads. `NodeHttp.layer` brings it along.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never> = Layer.succeed(Hasher, () => {
  const hash = createHash("sha256")
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest("hex") }
})
