/**
 * What all reasons of an error share.
 */

/** The id of a reason's schema. @internal */
export const reasonId = (tag: string) => `@video-tasks/core/VideoTaskError/${tag}` as const

/** A provider's sentence without its full stop: ours follows. @internal */
export const unstopped = (text: string): string => text.replace(/[.。\s]+$/, "")
