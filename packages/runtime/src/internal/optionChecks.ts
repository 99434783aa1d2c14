/**
 * What is wrong with options that no compiler has seen, or that make no sense, before anything is sent.
 */
import { shown } from "@video-tasks/core/Redact"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import * as TaskId from "@video-tasks/core/TaskId"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { longestLeaseMs } from "../Standing.ts"
import type { Options, SubmitOptions, WaitOptions } from "../VideoTasks.ts"

/** An option: its name, its value, whether that may be, and what may. */
type Finding = readonly [field: string, value: unknown, isAllowed: boolean, allowed: string]

/** What is left out is always right. */
const violationsOf = (...findings: ReadonlyArray<Finding>): ReadonlyArray<VideoTaskError.Violation> =>
  findings.flatMap(([field, value, isAllowed, allowed]) =>
    value === undefined || isAllowed
      ? []
      : new VideoTaskError.Violation({
        field,
        value: Duration.isDuration(value) ? String(value) : shown(value),
        allowed
      })
  )

/** In ms; no number where it is no duration. */
const millisOf = (input: unknown): number =>
  typeof input === "number"
    ? input
    : Option.match(Duration.fromInput(input as Duration.Input), { onNone: () => Number.NaN, onSome: Duration.toMillis })

const duration = (
  field: string,
  value: unknown,
  isAllowed: (ms: number) => boolean,
  allowed: string
): Finding => [field, value, isAllowed(millisOf(value)), `${allowed} (a bare number is milliseconds)`]

const ofAnyLength = (field: string, value: unknown): Finding =>
  duration(field, value, (ms) => ms >= 0, "a duration of 0 or more")

/** Whom seconds were taken for milliseconds from: an engine, or options that several engines have. */
const warned = new WeakSet<object>()

/** Seconds are often meant. */
const warnOf = (entries: Readonly<Record<string, unknown>>, whose: object): Effect.Effect<void> => {
  const bare = Object.entries(entries).filter(([, value]) => typeof value === "number" && value > 0 && value < 100)
  if (bare.length === 0 || warned.has(whose)) return Effect.void
  warned.add(whose)
  const said = bare.map(([field, value]) => `${field} is ${String(value)} ms`).join(", ")
  return Effect.logWarning(`${said}: a bare number is milliseconds`)
}

const invalid = (
  violations: ReadonlyArray<VideoTaskError.Violation>,
  operation: VideoTaskError.Operation,
  { handle, provider }: { readonly provider: string; readonly handle?: TaskHandle | undefined }
) =>
  violations.length === 0
    ? Effect.void
    : Effect.fail(
      VideoTaskError.make({ provider, operation, handle, reason: new VideoTaskError.InvalidRequest({ violations }) })
    )

/** A lease is renewed several times while it holds. */
const shortestLeaseMs = 1000

/**
 * Fails with `InvalidRequest` that names every option that makes no sense.
 *
 * @internal
 */
export const check = (options: Options): Effect.Effect<void, VideoTaskError.VideoTaskError> => {
  const { lease } = options
  // What no compiler has seen may be null.
  const [budget, poll] = [options.budget ?? {}, options.poll ?? {}]
  const { ceiling, floor, timeout } = poll
  const floorMs = millisOf(floor ?? 0)
  const violations = violationsOf(
    duration("poll.floor", floor, (ms) => ms >= 0 && ms < Infinity, "a duration of 0 or more"),
    duration("poll.ceiling", ceiling, (ms) => ms >= 0 && ms < Infinity && !(ms < floorMs), "poll.floor or more"),
    duration("poll.timeout", timeout, (ms) => ms > 0 && ms < Infinity, "a duration above 0"),
    duration("lease", lease, (ms) => ms >= shortestLeaseMs && ms <= longestLeaseMs, "1 second to 1 hour"),
    ...(["requestsPerSecond", "burst", "concurrency"] as const).map((field): Finding => {
      const value: unknown = budget[field]
      const isAllowed = typeof value === "number" && value > 0 && (value < Infinity || field === "concurrency")
      return [`budget.${field}`, value, isAllowed, "a number above 0"]
    })
  )
  return Effect.andThen(
    invalid(violations, "configure", { provider: "VideoTasks" }),
    warnOf({ "poll.floor": floor, "poll.ceiling": ceiling, "poll.timeout": timeout }, poll)
  )
}

/**
 * Fails with `InvalidRequest` when a wait can't be waited.
 *
 * @internal
 */
export const checkWait = (
  options: WaitOptions,
  whose: { readonly provider: string; readonly handle?: TaskHandle | undefined }
): Effect.Effect<void, VideoTaskError.VideoTaskError> => {
  const violations = isObject(options) ? violationsOf(ofAnyLength("deadline", options.deadline)) : noObject(options)
  return invalid(violations, "await", whose)
}

const noObject = (options: unknown) => violationsOf(["options", options ?? null, false, "an object"])

/**
 * The patience of a wait in ms, where it has one of its own. Fails with `InvalidRequest`; warns once in an engine.
 *
 * @internal
 */
export const deadlineOf = Effect.fnUntraced(function*(
  options: WaitOptions,
  handle: TaskHandle,
  engine: object
): Effect.fn.Return<number | undefined, VideoTaskError.VideoTaskError> {
  yield* checkWait(options, { provider: handle.provider, handle })
  const { deadline } = options
  yield* warnOf({ deadline }, engine)
  return deadline === undefined ? undefined : millisOf(deadline)
})

/** @internal */
export const submitViolations = (options: SubmitOptions): ReadonlyArray<VideoTaskError.Violation> => {
  if (!isObject(options)) return noObject(options)
  const { id, interrupted, maxCost, resubmit } = options
  const patience = interrupted?.patience
  return violationsOf(
    ["resubmit", resubmit, resubmit === "never" || resubmit === "server-error", "never, server-error"],
    ["id", id, id !== undefined && TaskId.is(id), "an id as TaskId.make gives it"],
    ofAnyLength("interrupted.patience", patience),
    [
      "maxCost",
      maxCost,
      isObject(maxCost) && typeof maxCost.amount === "number" &&
      (maxCost.unit === undefined || typeof maxCost.unit === "string"),
      "{ amount, unit? }, as in { amount: 0.5, unit: \"USD\" }"
    ]
  )
}

const isObject = (value: object | null | undefined): value is object => typeof value === "object" && value !== null
