/**
 * What can be done with a task, and why not.
 */
import type { Submission } from "@video-tasks/core/Submission"
import type { VideoProviders } from "@video-tasks/core/VideoProviders"
import type { StoredTask } from "@video-tasks/runtime/TaskStore"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Detail } from "../Contract.ts"
import * as Rows from "./rows.ts"
import * as Words from "./words.ts"

/** What it depends on. */
export interface Ground {
  readonly isReadOnly: boolean
  readonly providers: VideoProviders["Service"]
  /** Why a provider is not among them, in words. */
  readonly whyMissing: (provider: string) => string | undefined
}

/** Why the provider of a task can't be asked, in words; `undefined` where it can, or nobody is to be asked. */
export const whyMissing = (
  { isReadOnly, providers, whyMissing }: Ground,
  provider: string
): string | undefined =>
  isReadOnly || providers.all.some(({ id }) => id === provider)
    ? undefined
    : Words.line(whyMissing(provider) ?? `This process has no provider ${provider}: it can't ask about its tasks.`)

/** What can be done; else why not, in words. */
export const of = Effect.fnUntraced(function*(
  ground: Ground,
  stored: StoredTask | undefined,
  submission: Submission | undefined
): Effect.fn.Return<Detail["can"]> {
  const { isReadOnly, providers } = ground
  if (isReadOnly) return { poll: readOnly, cancel: readOnly, retry: readOnly }
  if (stored === undefined) {
    const none = "There is no task yet."
    return { poll: none, cancel: none, retry: "Settle first what became of this create: another one could pay twice." }
  }
  const { task, value } = stored.snapshot
  const found = yield* Effect.result(providers.forHandle(task.handle, "observe"))
  if (Result.isFailure(found)) {
    const why = whyMissing(ground, task.handle.provider) ?? Words.line(found.failure.message)
    return { poll: why, cancel: why, retry: why }
  }
  const isOver = Rows.isEnded(value)
  const over = "It has ended."
  const { family, provider } = found.success
  return {
    poll: isOver ? over : true,
    cancel: isOver
      ? over
      : family.canCancel
      ? true
      : `The API of ${provider.id} (${family.title}) has no way to cancel.`,
    retry: isOver ? retriable(submission) : "It still runs: wait for its end, or cancel it first."
  }
})

// internal

const readOnly = "This dashboard only shows; it changes nothing."

const retriable = (submission: Submission | undefined): true | string => {
  if (submission === undefined) return "It was not created from this store, so what it was made of is not known."
  if (submission.request === undefined) return "What was asked for was not kept."
  return submission.request.isWhole || "Some of what was asked for was not kept: a file, a signed link, or a secret."
}
