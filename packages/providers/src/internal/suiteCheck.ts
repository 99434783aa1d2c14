/**
 * How the cases look at a provider.
 */
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import type { VideoProvider } from "@video-tasks/core/VideoProvider"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as HttpClient from "effect/http/HttpClient"
import type { Options } from "../VideoProviderSuite.ts"
import * as Client from "./suiteClient.ts"

/** What did not hold. */
export interface Mismatch {
  readonly message: string
  readonly expected: unknown
  readonly actual: unknown
}

/** A case before its failure has a class. */
export interface Draft {
  readonly name: string
  readonly effect: Effect.Effect<void, Mismatch>
}

/** Builds the provider over a client that does one thing, and lets a check use both. */
export const on = (
  options: Options,
  act: Client.Act,
  check: (provider: VideoProvider, recorder: Client.Recorder) => Effect.Effect<void, Mismatch>
): Effect.Effect<void, Mismatch> =>
  Effect.suspend(() => {
    const recorder = Client.make(act)
    return options.make.pipe(
      Effect.provideService(HttpClient.HttpClient, options.client?.(recorder.client) ?? recorder.client),
      Effect.mapError((error): Mismatch => ({ message: "cannot be built", expected: "a provider", actual: error })),
      Effect.flatMap((provider) => check(provider, recorder))
    )
  })

/** Holds when both are the same. */
export const equals = (message: string, actual: unknown, expected: unknown): Effect.Effect<void, Mismatch> =>
  Equal.equals(actual, expected) ? Effect.void : Effect.fail({ message, expected, actual })

/** Holds when a condition does. */
export const holds = (message: string, condition: boolean, actual: unknown): Effect.Effect<void, Mismatch> =>
  condition ? Effect.void : Effect.fail({ message, expected: true, actual })

/** The value; a failure does not hold. */
export const succeeds = <A>(effect: Effect.Effect<A, VideoTaskError>): Effect.Effect<A, Mismatch> =>
  Effect.mapError(
    effect,
    (error): Mismatch => ({ message: error.message, expected: "a success", actual: error.reason._tag })
  )

/** The failure; a success does not hold. */
export const fails = <A>(effect: Effect.Effect<A, VideoTaskError>): Effect.Effect<VideoTaskError, Mismatch> =>
  Effect.mapError(
    Effect.flip(effect),
    (value): Mismatch => ({ message: "succeeds", expected: "a failure", actual: value })
  )

/** The handle of the task of the options. */
export const handleOf = (
  options: Options,
  provider: VideoProvider,
  family = options.request?.family ?? provider.families[0]?.id,
  remoteId = options.remoteId
): TaskHandle.TaskHandle =>
  new TaskHandle.TaskHandle({
    provider: provider.id,
    family: family ?? "none",
    remoteId,
    baseUrl: provider.baseUrl,
    account: provider.account,
    ...(options.route === undefined ? {} : { route: options.route })
  })
