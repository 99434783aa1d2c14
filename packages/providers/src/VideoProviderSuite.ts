/**
 * What every provider must do, as cases for any test runner: run them on a provider of your own.
 *
 * @since 0.1.0
 */
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import type { VideoProvider } from "@video-tasks/core/VideoProvider"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Fiber from "effect/Fiber"
import * as Formatter from "effect/Formatter"
import * as HttpClient from "effect/http/HttpClient"
import * as Redacted from "effect/Redacted"
import * as Client from "./internal/suiteClient.ts"
import * as Tables from "./internal/suiteTables.ts"

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
export const cases = (options: Options): ReadonlyArray<Case> => [
  ...declarationCases(options),
  ...(options.request === undefined ? noCreateCases(options) : createCases(options, options.request)),
  ...observeCases(options),
  ...hygieneCases(options)
]

// internal

/** Builds the provider over a client that does one thing, and lets a check use both. */
const on = (
  options: Options,
  act: Client.Act,
  check: (provider: VideoProvider, recorder: Client.Recorder) => Effect.Effect<void, SuiteFailure>
): Effect.Effect<void, SuiteFailure> =>
  Effect.suspend(() => {
    const recorder = Client.make(act)
    return options.make.pipe(
      Effect.provideService(HttpClient.HttpClient, options.client?.(recorder.client) ?? recorder.client),
      Effect.mapError((error) =>
        new SuiteFailure({ message: "cannot be built", expected: "a provider", actual: error })
      ),
      Effect.flatMap((provider) => check(provider, recorder))
    )
  })

const equals = (message: string, actual: unknown, expected: unknown): Effect.Effect<void, SuiteFailure> =>
  Equal.equals(actual, expected) ? Effect.void : Effect.fail(new SuiteFailure({ message, expected, actual }))

const holds = (message: string, condition: boolean, actual: unknown): Effect.Effect<void, SuiteFailure> =>
  condition ? Effect.void : Effect.fail(new SuiteFailure({ message, expected: true, actual }))

const succeeds = <A>(effect: Effect.Effect<A, VideoTaskError>): Effect.Effect<A, SuiteFailure> =>
  Effect.mapError(
    effect,
    (error) => new SuiteFailure({ message: error.message, expected: "a success", actual: error.reason._tag })
  )

const fails = <A>(effect: Effect.Effect<A, VideoTaskError>): Effect.Effect<VideoTaskError, SuiteFailure> =>
  Effect.mapError(
    Effect.flip(effect),
    (value) => new SuiteFailure({ message: "succeeds", expected: "a failure", actual: value })
  )

const handleOf = (
  options: Options,
  provider: VideoProvider,
  family = options.request?.family ?? provider.families[0]?.id
): TaskHandle.TaskHandle =>
  new TaskHandle.TaskHandle({
    provider: provider.id,
    family: family ?? "none",
    remoteId: options.remoteId,
    baseUrl: provider.baseUrl,
    account: provider.account,
    ...(options.route === undefined ? {} : { route: options.route })
  })

const declarationCases = (options: Options): ReadonlyArray<Case> => [
  {
    name: "declares families, each id once, with cadences that make sense",
    effect: on(options, { _tag: "hangs" }, (provider) => {
      const ids = provider.families.map(({ id }) => id)
      const sensible = provider.families.every(({ graceMs, poll }) =>
        graceMs >= 0 && poll.minGapMs > 0 && poll.minGapMs <= poll.floorMs && poll.floorMs <= poll.ceilingMs &&
        poll.pollTimeoutMs > 0 && poll.deadlineMs >= poll.ceilingMs
      )
      return holds("families", ids.length > 0 && new Set(ids).size === ids.length && sensible, provider.families)
    })
  },
  {
    name: "says where its API is in the one spelling that handles use, and sends nothing while it is built",
    effect: on(options, { _tag: "hangs" }, (provider, { requests }) =>
      Effect.andThen(
        equals("base URL", TaskHandle.normalizeBaseUrl(provider.baseUrl), provider.baseUrl),
        equals("requests", requests.length, 0)
      ))
  },
  {
    name: "says that it cannot cancel, where it cannot",
    effect: on(options, { _tag: "hangs" }, (provider, { requests }) => {
      const family = provider.families.find(({ canCancel }) => !canCancel)
      if (family === undefined) return Effect.void
      const handle = handleOf(options, provider, family.id)
      return succeeds(provider.cancel(handle)).pipe(
        Effect.flatMap((outcome) => equals("outcome", outcome, "unsupported")),
        Effect.andThen(() => equals("requests", requests.length, 0))
      )
    })
  }
]

const noCreateCases = (options: Options): ReadonlyArray<Case> => [
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

const createCases = (options: Options, request: VideoRequest): ReadonlyArray<Case> => [
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

const observeCases = (options: Options): ReadonlyArray<Case> => [
  ...([
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
  })),
  ...[
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
  })),
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

const hygieneCases = (options: Options): ReadonlyArray<Case> => [
  {
    name: "never follows a redirect",
    effect: on(
      options,
      { _tag: "answers", status: 307, body: "", headers: { location: "https://elsewhere.invalid/v1" } },
      (provider, { requests }) =>
        fails(provider.observe(handleOf(options, provider))).pipe(
          Effect.flatMap((error) => equals("reason", error.reason._tag, "UnexpectedResponse")),
          Effect.andThen(() => equals("requests", requests.length, 1))
        )
    )
  },
  {
    name: "sends no trace headers, names itself, and takes its key to its own API only",
    effect: on(
      options,
      Client.json(200, options.answers.running),
      (provider, { requests }) =>
        succeeds(provider.observe(handleOf(options, provider))).pipe(
          Effect.withSpan("suite"),
          Effect.andThen(() => {
            const [request] = requests
            const names = Object.keys(request?.headers ?? {})
            return Effect.all([
              equals("trace headers", names.filter((name) => name === "traceparent" || name === "b3"), []),
              equals("has a user-agent", names.includes("user-agent"), true),
              equals("is at its API", request?.url.startsWith(`${provider.baseUrl}/`), true),
              equals("the key is no part of the URL", request?.url.includes(options.secret), false)
            ], { discard: true })
          })
        )
    )
  },
  {
    name: "gives its key to no other origin",
    effect: on(options, { _tag: "hangs" }, (provider) => {
      const foreign = [
        "https://elsewhere.invalid/v.mp4",
        `https://${new URL(provider.baseUrl).host}.elsewhere.invalid/v`
      ]
      return equals("headers", foreign.map((url) => provider.credentials(new URL(url))), [{}, {}])
    })
  },
  {
    name: "keeps its key out of every error, also when the API quotes it",
    effect: on(
      options,
      Client.json(401, { error: { message: `the key ${options.secret} is not valid`, code: options.secret } }),
      (provider) =>
        Effect.flatMap(fails(provider.observe(handleOf(options, provider))), (error) => {
          const written = [JSON.stringify(error), String(error), error.message, Formatter.format(error)].join("\n")
          return equals("key in the error", written.includes(options.secret), false)
        })
    )
  }
]
