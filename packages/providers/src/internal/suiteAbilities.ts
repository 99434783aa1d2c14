/**
 * What the families say that they can do, and whether they do it.
 */
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { Family, VideoProvider } from "@video-tasks/core/VideoProvider"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import type { Options } from "../VideoProviderSuite.ts"
import { type Draft, equals, fails, handleOf, holds, type Mismatch, on, succeeds } from "./suiteCheck.ts"
import * as Client from "./suiteClient.ts"
import * as Tables from "./suiteTables.ts"

export const abilityCases = (options: Options): ReadonlyArray<Draft> => [
  ...abilities.map((ability) => agreement(options, ability)),
  ...endCases(options),
  ...(options.answers.page === undefined ? [] : [manyCase(options, options.answers.page)])
]

/** Something that a family may be able to do. */
interface Ability {
  readonly name: string
  readonly isDeclared: (family: Family) => boolean
  readonly use: (
    provider: VideoProvider,
    handle: TaskHandle,
    request: VideoRequest
  ) => Effect.Effect<unknown, VideoTaskError>
}

const abilities: ReadonlyArray<Ability> = [
  {
    name: "lists tasks",
    isDeclared: ({ canList }) => canList === true,
    use: (provider, { family }) => provider.list(family)
  },
  {
    name: "reads many tasks at once",
    isDeclared: ({ batchSize }) => batchSize !== undefined,
    use: (provider, handle) => provider.observeMany([handle])
  },
  {
    name: "removes tasks",
    isDeclared: ({ canRemove }) => canRemove === true,
    use: (provider, handle) => provider.remove(handle)
  },
  {
    name: "finds a create whose answer was lost",
    isDeclared: ({ canFindCreated }) => canFindCreated === true,
    use: (provider, _, request) => provider.findCreated(request, { reference: "reference" })
  }
]

/** An API that always fails tells the one from the other: what can be done is asked for, all else is not. */
const agreement = (options: Options, { isDeclared, name, use }: Ability): Draft => ({
  name: `${name} where its family says so, and is Unsupported elsewhere`,
  effect: on(
    options,
    Client.json(500, Tables.refusal),
    (provider, { requests }) =>
      Effect.forEach(provider.families, (family) =>
        Effect.suspend(() => {
          const before = requests.length
          const request = { model: "any", prompt: "any", ...options.request, provider: provider.id, family: family.id }
          return Effect.flatMap(fails(use(provider, handleOf(options, provider, family.id), request)), ({ reason }) =>
            equals(
              `Unsupported and unasked, in the family ${family.id}`,
              [reason._tag === "Unsupported", requests.length === before],
              isDeclared(family) ? [false, false] : [true, true]
            ))
        }), { discard: true })
  )
})

const endCases = (options: Options): ReadonlyArray<Draft> => [
  {
    name: "sends no DELETE to cancel a task that has ended",
    effect: onFamilies(
      options,
      options.answers.succeeded,
      ({ canCancel }) => canCancel,
      (provider, handle) =>
        Effect.flatMap(succeeds(provider.cancel(handle)), (outcome) => equals("outcome", outcome, "failed"))
    )
  },
  {
    name: "sends no DELETE to remove a task that runs",
    effect: onFamilies(
      options,
      options.answers.running,
      ({ canRemove }) => canRemove === true,
      (provider, handle) =>
        Effect.flatMap(fails(provider.remove(handle)), ({ reason }) => equals("reason", reason._tag, "InvalidRequest"))
    )
  }
]

/** Does something in the family of the options, where that can do it, and sees to it that it only reads. */
const onFamilies = (
  options: Options,
  answer: unknown,
  isMeant: (family: Family) => boolean,
  check: (provider: VideoProvider, handle: TaskHandle) => Effect.Effect<void, Mismatch>
): Effect.Effect<void, Mismatch> =>
  on(options, Client.json(200, answer), (provider, { requests }) => {
    const handle = handleOf(options, provider)
    const family = provider.families.find(({ id }) => id === handle.family)
    if (family === undefined || !isMeant(family)) return Effect.void
    return Effect.andThen(check(provider, handle), () => {
      const methods = requests.map(({ method }) => method)
      return holds("only reads", methods.length > 0 && methods.every((method) => method === "GET"), methods)
    })
  })

const manyCase = (options: Options, page: unknown): Draft => ({
  name: "reads many tasks at once and hands over those that were asked for, no others",
  effect: on(options, Client.json(200, page), (provider) => {
    const handle = handleOf(options, provider)
    const absent = handleOf(options, provider, handle.family, `${options.remoteId}-of-nobody`)
    return Effect.flatMap(succeeds(provider.observeMany([handle, absent])), (found) =>
      Effect.andThen(
        equals("tasks", [...found.keys()], [handle]),
        equals("their ids", [...found.values()].map(({ remoteId }) => remoteId), [options.remoteId])
      ))
  })
})
