/**
 * Handles as arguments of a command.
 */
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import * as TaskId from "@video-tasks/core/TaskId"
import * as Argument from "effect/cli/Argument"
import * as CliError from "effect/cli/CliError"
import * as Effect from "effect/Effect"
import { type Problem, usage } from "./problem.ts"
import { isProviderId, type ProviderId, providerIds } from "./settings.ts"

/** The argument `HANDLE`. */
export const handle: Argument.Argument<TaskHandle.TaskHandle> = Argument.String("handle").pipe(
  Argument.withDescription("A task handle (vt1_…), as create and attach print it"),
  Argument.mapEffect((text) => {
    const parsed = TaskHandle.parse(text.trim())
    return parsed === undefined
      ? Effect.fail(
        new CliError.InvalidValue({ option: "handle", value: text, expected: expected(text), kind: "argument" })
      )
      : Effect.succeed(parsed)
  })
)

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

const expected = (text: string): string =>
  TaskId.is(text)
    ? "a handle that begins with vt1_; ids are found in a store, and this version keeps tasks only as long as it runs"
    : "a handle that begins with vt1_, whole and unchanged, as create and attach print it"
