import type { Matcher } from "./match.ts"

/** @internal OpenAI's videos (Sora), `/v1/videos…`. */
export const match: Matcher = () => undefined
