/**
 * Creating.
 */
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import * as Effect from "effect/Effect"
import type { Options } from "../VideoProviderSuite.ts"
import { type Draft, equals, fails, handleOf, holds, on, succeeds } from "./suiteCheck.ts"
import * as Client from "./suiteClient.ts"
import * as Tables from "./suiteTables.ts"

export const noCreateCases = (options: Options): ReadonlyArray<Draft> => [
  {
    name: "refuses to create with Unsupported, and sends nothing",
    effect: on(options, { _tag: "hangs" }, (provider, { requests }) => {
      const family = provider.families[0]?.id ?? "none"
      return fails(provider.create({ provider: provider.id, family, model: "any", prompt: "any" })).pipe(
        Effect.flatMap((error) => equals("reason", error.reason._tag, "Unsupported")),
        Effect.andThen(() => equals("requests", requests.length, 0))
      )
    })
  }
]

export const createCases = (options: Options, request: VideoRequest): ReadonlyArray<Draft> => [
  {
    name: "creates with one request, and hands over a handle that finds the task again",
    effect: on(
      options,
      Client.json(200, options.answers.created),
      (provider, { requests }) =>
        succeeds(provider.create(request, { requestHash: "hash" })).pipe(
          Effect.flatMap(({ handle }) =>
            Effect.andThen(
              equals("task", TaskHandle.isSameTask(handle, handleOf(options, provider)), true),
              equals("family and fingerprint", [handle.family, handle.requestHash], [request.family, "hash"])
            )
          ),
          Effect.andThen(() => equals("requests", requests.length, 1))
        )
    )
  },
  {
    name: "refuses a request that its own validation refuses, and sends nothing",
    effect: on(options, Client.json(200, options.answers.created), (provider, { requests }) => {
      const bad = { ...request, prompt: " " }
      const found = provider.validate(bad)
      return holds("violations", found.length > 0, found).pipe(
        Effect.andThen(fails(provider.create(bad))),
        Effect.flatMap((error) => equals("reason", error.reason._tag, "InvalidRequest")),
        Effect.andThen(() => equals("requests", requests.length, 0))
      )
    })
  },
  ...Tables.createOutcomes.map(([name, act, reason]) => ({
    name: `a create is sent once when ${name}, and is ${reason}`,
    effect: on(options, act, (provider, { requests }) =>
      fails(provider.create(request)).pipe(
        Effect.flatMap((error) => equals("reason", error.reason._tag, reason)),
        Effect.andThen(() => equals("requests", requests.length, 1))
      ))
  }))
]
