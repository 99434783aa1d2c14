import type { Matcher } from "./match.ts"

/** @internal xAI, `/v1/videos/generations` and `/v1/videos/{request_id}`. */
export const match: Matcher = () => undefined
