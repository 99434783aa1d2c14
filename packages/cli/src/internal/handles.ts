/**
 * Tasks as arguments of a command: handles, or ids of the store.
 */
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import type { TaskStore } from "@video-tasks/runtime/TaskStore"
import * as Argument from "effect/cli/Argument"
import * as CliError from "effect/cli/CliError"
import * as Effect from "effect/Effect"
import * as ExitCode from "./exitCode.ts"
import { Problem, usage } from "./problem.ts"
import { program } from "./program.ts"
import { isProviderId, type ProviderId, providerIds } from "./settings.ts"
import * as StoreReads from "./storeReads.ts"

/** A handle, or an id of the store or the beginning of one. */
export type Ref = TaskHandle.TaskHandle | string

const invalid = (option: string, value: string, expected: string) =>
  Effect.fail(new CliError.InvalidValue({ option, value, expected, kind: "argument" }))

/** The argument `HANDLE`. */
export const handle: Argument.Argument<Ref> = Argument.String("handle").pipe(
  Argument.withDescription(
    "A task: its handle (vt1_…), or its id in the store or the beginning of it (at least 4 characters)"
  ),
  Argument.mapEffect((text): Effect.Effect<Ref, CliError.InvalidValue> => {
    const said = text.trim()
    const parsed = TaskHandle.parse(said)
    if (parsed !== undefined) return Effect.succeed(parsed)
    return isId(said) ? Effect.succeed(said) : invalid("handle", text, isTooShort(said) ? longer : expected)
  })
)

/** The argument `ID`. */
export const id: Argument.Argument<string> = Argument.String("id").pipe(
  Argument.withDescription("The id in the store, or at least its first 4 characters (see `video-tasks list`)"),
  Argument.mapEffect((text) =>
    isId(text.trim())
      ? Effect.succeed(text.trim())
      : invalid("id", text, isTooShort(text.trim()) ? longer : "an id as `list` shows it, or its beginning")
  )
)

/** The handle of a task; an id must be in the store. */
export const handleOf = (ref: Ref): Effect.Effect<TaskHandle.TaskHandle, Problem, TaskStore> =>
  typeof ref === "string"
    ? Effect.flatMap(oneOf(ref), (found) =>
      found._tag === "task" ? Effect.succeed(found.stored.snapshot.task.handle) : Effect.fail(unsettled(ref)))
    : Effect.succeed(ref)

/** The one thing that an id of the store, or the beginning of one, means. */
export const oneOf = Effect.fnUntraced(function*(
  text: string
): Effect.fn.Return<StoreReads.Found, Problem, TaskStore> {
  const all = yield* StoreReads.find(text)
  const [found] = all
  if (found === undefined) return yield* StoreReads.notInStore(text)
  if (all.length === 1) return found
  const count = all.length < 100 ? String(all.length) : "many"
  return yield* usage(`${text} begins the ids of ${count} tasks; write more of it.`, all.slice(0, 5).map(idOf))
})

/** The providers of handles, each once; a provider that the command does not know is wrong use. */
export const providersOf = (handles: ReadonlyArray<TaskHandle.TaskHandle>): Effect.Effect<
  ReadonlyArray<ProviderId>,
  Problem
> => {
  const found = new Set<ProviderId>()
  for (const { provider } of handles) {
    if (!isProviderId(provider)) {
      return Effect.fail(usage(
        `The handle names the provider ${provider}; this command knows ${providerIds.join(", ")}.`,
        ["A program of your own can follow it: register that provider with VideoProviders."]
      ))
    }
    found.add(provider)
  }
  return Effect.succeed([...found])
}

// internal

const expected = "a handle that begins with vt1_, whole and unchanged, or an id as `video-tasks list` shows it"

const longer = "at least the first 4 characters of an id"

const isTooShort = (text: string): boolean => /^[0-9a-f][0-9a-f-]{0,2}$/i.test(text)

const isId = (text: string): boolean => /^[0-9a-f][0-9a-f-]{3,35}$/i.test(text)

const idOf = (found: StoreReads.Found): string =>
  found._tag === "task" ? found.stored.snapshot.task.id : found.submission.id

const unsettled = (text: string): Problem =>
  new Problem({
    reason: "SubmissionAmbiguous",
    code: ExitCode.ofReason.SubmissionAmbiguous,
    message: `The answer to the create ${text} is not known: a task may exist, and money may have been spent.`,
    hint: [
      "Look for it in the provider's console, then",
      `  ${program} resolve ${text} --remote REMOTE_ID        or, if there is none, --discard`
    ]
  })
