/**
 * The path of a task. A handle is untrusted: what it brings must stay one segment, and a dot segment would lead to another
 * route.
 */
import { InvalidRequest, Violation } from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"

/** Fills `{id}` and `{route}` in; fails with `InvalidRequest` when the id is no name of a task. */
export const of = (template: string, remoteId: string, route = ""): Effect.Effect<string, InvalidRequest> =>
  isDots(remoteId) || isDots(route) ? Effect.fail(noName) : Effect.try({
    // Half of a surrogate pair can't be written into a URL.
    try: () =>
      template.replace(
        /\{(id|route)\}/g,
        (_, name) => encodeURIComponent(name === "id" ? remoteId : route)
      ),
    catch: () => noName
  })

const isDots = (segment: string): boolean => /^\.{1,2}$/.test(segment)

const noName = new InvalidRequest({
  violations: [
    new Violation({ field: "remoteId", value: "no name of a task", allowed: "the id that the provider gave" })
  ]
})
