/**
 * From a body to the task that it is about, and to what it leads to.
 */
import type { Observation } from "@video-tasks/core/Observation"
import type { Task } from "@video-tasks/core/Task"
import { TaskHandle } from "@video-tasks/core/TaskHandle"
import * as VideoProvider from "@video-tasks/core/VideoProvider"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { TaskRef, VideoTasks } from "../VideoTasks.ts"
import * as Body from "./webhookBody.ts"
import * as Head from "./webhookHead.ts"

/** @internal */
export interface Sources {
  readonly tasks: VideoTasks["Service"]
}

/** @internal */
export interface Belief {
  /** Whether what the body says of a task of that family is believed. */
  readonly isBelieved: (family: VideoProvider.Family) => boolean
  /** The answer to whoever should have signed. */
  readonly refused?: Head.Verdict | undefined
}

/**
 * A body that is believed names its task itself: the URL is not signed. Of any other the URL goes first.
 *
 * @internal
 */
export const take = (
  sources: Sources,
  target: Head.Target,
  body: Uint8Array,
  belief: Belief
): Effect.Effect<Head.Verdict> =>
  Effect.gen(function*() {
    const json = Body.parse(body)
    if (Result.isFailure(json)) return json.failure
    const named = handlesOf(target, json.success)
    const byUrl = target.id === undefined ? [] : [target.id]
    const isSigned = target.families.some(belief.isBelieved)
    const refs: ReadonlyArray<TaskRef> = isSigned ? [...named, ...byUrl] : [...byUrl, ...named]
    if (refs.length === 0) {
      // A test of the endpoint is signed too, and about no task.
      return isSigned ? Head.verdict("nothing", 202) : Head.verdict("malformed", 400, "about no task")
    }
    const task = yield* firstOf(sources, target, refs)
    if (task === undefined) return unknown
    const family = VideoProvider.family(target.provider, task.handle.family)
    if (family?.callbacks === undefined) return unknown
    if (family.callbacks === "signed" && belief.refused !== undefined) return belief.refused
    const said = belief.isBelieved(family) ? observationOf(target, family, json.success) : undefined
    // Signed, and still not about this task by its own words: no more than a hint.
    const believed = said?.remoteId === task.handle.remoteId ? said : undefined
    const outcome = yield* sources.tasks.notify(task.handle, believed)
    return Head.verdict(outcome, believed === undefined ? 202 : 204)
  }).pipe(
    Effect.catch((error) => Effect.as(Effect.logDebug("a webhook was not taken", error.message), verdictOf(error)))
  )

/** Whoever is not believed does not learn whether there is such a task. */
const unknown = Head.verdict("unknown", 202)

const verdictOf = ({ reason }: VideoTaskError): Head.Verdict =>
  reason._tag === "StoreError"
    ? Head.verdict("unstored", 503, "the task could not be stored", { "retry-after": "5" })
    : unknown

const observationOf = (
  { provider }: Head.Target,
  family: VideoProvider.Family,
  body: unknown
): Observation | undefined => {
  const read = provider.readCallback?.(family.id, body)
  return read === undefined ? undefined : Result.getOrUndefined(read)
}

/** The families of a provider may read a body in different ways: all that it could name. */
const handlesOf = (target: Head.Target, body: unknown): ReadonlyArray<TaskHandle> => {
  const { account, baseUrl, id: provider } = target.provider
  const handles = new Map<string, TaskHandle>()
  for (const family of target.families) {
    const remoteId = observationOf(target, family, body)?.remoteId ?? ""
    if (remoteId === "" || remoteId.length > maxRemoteId || handles.has(remoteId)) continue
    handles.set(remoteId, new TaskHandle({ provider, family: family.id, remoteId, baseUrl, account }))
  }
  return [...handles.values()]
}

/** What a handle holds. */
const maxRemoteId = 512

const firstOf = Effect.fnUntraced(function*(
  { tasks }: Sources,
  { provider }: Head.Target,
  refs: ReadonlyArray<TaskRef>
): Effect.fn.Return<Task | undefined, VideoTaskError> {
  for (const ref of refs) {
    const task = yield* tasks.get(ref).pipe(
      Effect.catchIf(({ reason }) => reason._tag === "TaskNotFound", () => Effect.undefined)
    )
    // The URL of one provider is no way to the tasks of another.
    if (task?.handle.provider === provider.id) return task
  }
  return undefined
})
