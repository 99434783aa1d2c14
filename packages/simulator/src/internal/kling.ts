import type { Matcher } from "./match.ts"

/** @internal Kling, `/v1/videos/text2video` and `/v1/videos/image2video`. */
export const match: Matcher = () => undefined
