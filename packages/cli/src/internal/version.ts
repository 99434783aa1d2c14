/**
 * The version of this package, from its own manifest.
 */
import { createRequire } from "node:module"

const manifest: { readonly version: string } = createRequire(import.meta.url)("video-tasks/package.json")

/** For example `0.1.0`. */
export const version = manifest.version
