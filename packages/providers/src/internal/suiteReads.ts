/**
 * Reading one task.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import type { Options } from "../VideoProviderSuite.ts"
import { type Draft, equals, fails, handleOf, on, succeeds } from "./suiteCheck.ts"
import * as Client from "./suiteClient.ts"
import * as Tables from "./suiteTables.ts"

export const observeCases = (options: Options): ReadonlyArray<Draft> => [
  ...statusCases(options),
  ...failureCases(options),
  ...patienceCases(options)
]

const statusCases = (options: Options): ReadonlyArray<Draft> =>
  ([
    ["running", "IN_PROGRESS"],
    ["succeeded", "SUCCESS"],
    ["failed", "FAILED"]
  ] as const).map(([answer, status]) => ({
    name: `reads a task that is ${answer} as ${status}`,
    effect: on(
      options,
      Client.json(200, options.answers[answer]),
      (provider, { requests }) =>
        succeeds(provider.observe(handleOf(options, provider))).pipe(
          Effect.flatMap((observation) =>
            Effect.all([
              equals("status", observation.status, status),
              equals("has videos", observation.videos.length > 0, status === "SUCCESS"),
              equals("links are redacted", observation.videos.every(({ url }) => Redacted.isRedacted(url)), true),
              equals("has a reason", observation.failure !== undefined, status === "FAILED"),
              equals("requests", requests.length, 1)
            ], { discard: true })
          )
        )
    )
  }))

const failureCases = (options: Options): ReadonlyArray<Draft> =>
  [
    ...Tables.readFailures,
    [
      "the API does not know the task",
      Client.json(options.answers.unknownTask.status, options.answers.unknownTask.body),
      "TaskNotFound"
    ] as const
  ].map(([name, act, reason]) => ({
    name: `a read is ${reason}, with the handle, when ${name}`,
    effect: on(options, act, (provider, { requests }) => {
      const handle = handleOf(options, provider)
      return fails(provider.observe(handle)).pipe(
        Effect.flatMap((error) =>
          Effect.all([
            equals("reason", error.reason._tag, reason),
            equals("handle", error.handle, handle),
            equals("requests", requests.length, 1)
          ], { discard: true })
        )
      )
    })
  }))

const patienceCases = (options: Options): ReadonlyArray<Draft> => [
  {
    name: "hands over how long the API asks to wait",
    effect: on(
      options,
      { _tag: "answers", status: 429, body: Tables.refusal, headers: { "retry-after": "7" } },
      (provider) =>
        Effect.flatMap(
          fails(provider.observe(handleOf(options, provider))),
          ({ reason }) => equals("wait in ms", reason._tag === "RateLimited" ? reason.retryAfterMs : undefined, 7000)
        )
    )
  },
  {
    name: "gives a read up in the moment of its interruption",
    effect: on(options, { _tag: "hangs" }, (provider, { aborted, requests }) =>
      Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(provider.observe(handleOf(options, provider)), { startImmediately: true })
        yield* equals("requests", requests.length, 1)
        yield* Fiber.interrupt(fiber)
        yield* equals("requests given up", aborted(), 1)
      }))
  }
]
