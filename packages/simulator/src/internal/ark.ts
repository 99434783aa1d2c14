import type { Matcher } from "./match.ts"

/** @internal Volcengine Ark, `/contents/generations/tasks`. */
export const match: Matcher = () => undefined
