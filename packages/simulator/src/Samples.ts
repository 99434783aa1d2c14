/**
 * Real MP4 files of two to three kB, one for each aspect ratio.
 *
 * @since 0.1.0
 */
import * as Base64 from "effect/encoding/Base64"
import * as Result from "effect/Result"
import * as samples from "./internal/samples.ts"

/**
 * The aspect ratios for which there is a file.
 *
 * @category models
 * @since 0.1.0
 */
export type AspectRatio = keyof typeof samples.base64

/**
 * The aspect ratios with the picture size of their file.
 *
 * @category constants
 * @since 0.1.0
 */
export const aspectRatios: Readonly<Record<AspectRatio, { readonly width: number; readonly height: number }>> = {
  "21:9": { width: 252, height: 108 },
  "16:9": { width: 192, height: 108 },
  "4:3": { width: 144, height: 108 },
  "1:1": { width: 120, height: 120 },
  "3:4": { width: 108, height: 144 },
  "9:16": { width: 108, height: 192 }
}

/**
 * Finds the aspect ratio nearest to a size written as `16:9`, `16x9` or `1280x720`; anything else is `16:9`.
 *
 * **Example** (Sizes in pixels)
 *
 * ```ts import.meta.vitest
 * import { Samples } from "@video-tasks/simulator"
 *
 * Samples.aspectRatio("720x1280") // => "9:16"
 * Samples.aspectRatio("1:1") // => "1:1"
 * ```
 *
 * @category getters
 * @since 0.1.0
 */
export const aspectRatio = (size: string): AspectRatio => {
  const [, width, height] = /^(\d+)\s*[:x*]\s*(\d+)$/.exec(size.trim()) ?? []
  if (width === undefined || height === undefined || Number(width) === 0 || Number(height) === 0) return "16:9"
  const wanted = Math.log(Number(width) / Number(height))
  const distance = (ratio: AspectRatio) =>
    Math.abs(Math.log(aspectRatios[ratio].width / aspectRatios[ratio].height) - wanted)
  return ratios.reduce((best, ratio) => distance(ratio) < distance(best) ? ratio : best)
}

/**
 * Gives the file for an aspect ratio.
 *
 * @category getters
 * @since 0.1.0
 */
export const mp4 = (ratio: AspectRatio): Uint8Array => {
  const known = decoded.get(ratio)
  if (known !== undefined) return known
  const bytes = Result.getOrThrow(Base64.decode(samples.base64[ratio]))
  decoded.set(ratio, bytes)
  return bytes
}

/**
 * Gives a JPEG of 64x36 pixels, the thumbnail of every video.
 *
 * @category getters
 * @since 0.1.0
 */
export const jpeg = (): Uint8Array => Result.getOrThrow(Base64.decode(samples.thumbnail))

/**
 * Gives a WebP: one frame of 64x36 pixels, or four of them side by side.
 *
 * @category getters
 * @since 0.1.0
 */
export const webp = (variant: "thumbnail" | "spritesheet"): Uint8Array =>
  Result.getOrThrow(Base64.decode(samples.webp[variant]))

// internal

const ratios: ReadonlyArray<AspectRatio> = ["21:9", "16:9", "4:3", "1:1", "3:4", "9:16"]

const decoded = new Map<AspectRatio, Uint8Array>()
