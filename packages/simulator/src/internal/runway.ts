import type { Matcher } from "./match.ts"

/** @internal Runway, `/v1/image_to_video` and `/v1/tasks/{id}`. */
export const match: Matcher = () => undefined
