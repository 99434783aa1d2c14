/**
 * What every provider must do, as cases for any test runner: run them on a provider of your own.
 *
 * @since 0.1.0
 */
import type { VideoProvider } from "@video-tasks/core/VideoProvider"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import { abilityCases } from "./internal/suiteAbilities.ts"
import { createCases, noCreateCases } from "./internal/suiteCreates.ts"
import { declarationCases } from "./internal/suiteDeclaration.ts"
import { hygieneCases } from "./internal/suiteHygiene.ts"
import { observeCases } from "./internal/suiteReads.ts"

/**
 * A provider under test, and its API's own words.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** Builds the provider over the client that is in the context. */
  readonly make: Effect.Effect<VideoProvider, unknown, HttpClient.HttpClient>
  /**
   * How your program makes its client out of a plain one. A client that sends again by itself, such as one with
   * `HttpClient.retryTransient`, does not pass: it sends a create more than once.
   */
  readonly client?: ((client: HttpClient.HttpClient) => HttpClient.HttpClient) | undefined
  /** The key that it is built with: at least 12 characters, so that it can be looked for everywhere. */
  readonly secret: string
  /** A request that it accepts; leave it out for an API without a create. */
  readonly request?: VideoRequest | undefined
  /** The id of a task. */
  readonly remoteId: string
  /** The route that made it, where the family has several. */
  readonly route?: string | undefined
  /** What the API answers, as parsed JSON. */
  readonly answers: {
    /** To a create; it names `remoteId`. Needed where there is a `request`. */
    readonly created?: unknown
    /** To a query about a task that the provider works on. */
    readonly running: unknown
    /** To a query about a task that succeeded, with a link to the video. */
    readonly succeeded: unknown
    /** To a query about a task that failed, with the reason in words. */
    readonly failed: unknown
    /** To a query about a task that does not exist. */
    readonly unknownTask: { readonly status: number; readonly body: unknown }
    /** To a list of tasks: it holds `remoteId` and at least one other task. Leave it out for an API without one. */
    readonly page?: unknown
  }
}

/**
 * A case did not hold. Test runners show the difference between `expected` and `actual`.
 *
 * @category errors
 * @since 0.1.0
 */
export class SuiteFailure extends Data.TaggedError("SuiteFailure")<{
  readonly message: string
  readonly expected: unknown
  readonly actual: unknown
}> {}

/**
 * One case: it succeeds when the provider does what it must.
 *
 * @category models
 * @since 0.1.0
 */
export interface Case {
  readonly name: string
  readonly effect: Effect.Effect<void, SuiteFailure>
}

/**
 * Makes the cases of a provider. No network, no clock: they run on a client that answers from a table.
 *
 * **Example** (Running them)
 *
 * ```ts
 * for (const { effect, name } of VideoProviderSuite.cases(options)) it.effect(name, () => effect)
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const cases = (options: Options): ReadonlyArray<Case> =>
  [
    ...declarationCases(options),
    ...abilityCases(options),
    ...(options.request === undefined ? noCreateCases(options) : createCases(options, options.request)),
    ...observeCases(options),
    ...hygieneCases(options)
  ].map(({ effect, name }) => ({ name, effect: Effect.mapError(effect, (mismatch) => new SuiteFailure(mismatch)) }))
