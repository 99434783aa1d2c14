/**
 * The path of a task. A handle is untrusted: its id must stay one segment, and a dot segment would lead to another route.
 */
import { InvalidRequest, Violation } from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"

/** Fills `{id}` in; fails with `InvalidRequest` when the id is no name of a task. */
export const of = (template: string, remoteId: string): Effect.Effect<string, InvalidRequest> =>
  /^\.{1,2}$/.test(remoteId) ? Effect.fail(noName) : Effect.try({
    // Half of a surrogate pair can't be written into a URL.
    try: () => template.replaceAll("{id}", () => encodeURIComponent(remoteId)),
    catch: () => noName
  })

const noName = new InvalidRequest({
  violations: [
    new Violation({ field: "remoteId", value: "no name of a task", allowed: "the id that the provider gave" })
  ]
})
