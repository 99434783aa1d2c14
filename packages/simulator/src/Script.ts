/**
 * Faults on demand, one JSON object a line.
 *
 * ```jsonl
 * {"on":"create","fault":"reset-after-accept"}
 * {"on":"poll","api":"cometapi","nth":2,"fault":"429","retryAfter":3}
 * {"on":"poll","nth":3,"times":{"p":0.1},"fault":"503-html"}
 * ```
 *
 * Blank lines and lines that begin with `#` or `//` are skipped. A line counts
 * the requests it fits, polls and downloads for each task apart; `nth` says
 * from which of them on it strikes and `times` how often. Of several lines that
 * would strike, the first one does.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { type Fault, faults } from "./Fault.ts"

/**
 * The requests a line can strike. `poll` reads one task and `list` many; `cancel` is every `DELETE`; `download` is both the
 * signed link and the content route.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Operation = Schema.Literals(["create", "poll", "list", "cancel", "download", "models"])

/**
 * The requests a line can strike.
 *
 * @category models
 * @since 0.1.0
 */
export type Operation = typeof Operation.Type

/**
 * The APIs that are simulated. `generic` is `/v1/video/generations` and everything under `/newapi`; a vendor's name stands
 * for its own API, wherever it is mounted.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Api = Schema.Literals(["cometapi", "seeany", "generic", "openai", "runway", "kling", "xai", "ark"])

/**
 * The APIs that are simulated.
 *
 * @category models
 * @since 0.1.0
 */
export type Api = typeof Api.Type

/**
 * The `Retry-After` of an answer, in each spelling that clients meet.
 *
 * **Details**
 *
 * A number is seconds; `{ "date": 3 }` an HTTP date three seconds from now;
 * `{ "ms": 1500 }` the header `retry-after-ms`; a string goes out as it is,
 * which is how to send nonsense. The seconds are the caller's own, whatever
 * `speed` the simulator runs at.
 *
 * @category schemas
 * @since 0.1.0
 */
export const RetryAfter = Schema.Union([
  Schema.Finite,
  Schema.String,
  Schema.Struct({ date: Schema.Finite }),
  Schema.Struct({ ms: Schema.Finite })
])

const positive = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))

/**
 * One line of a script.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Line = Schema.Struct({
  on: Operation,
  /**
   * Only requests to this API.
   */
  api: Schema.optionalKey(Api),
  /**
   * Only requests about this task.
   */
  task: Schema.optionalKey(Schema.NonEmptyString),
  /**
   * The first of the fitting requests that is struck, counted from 1 (default 1).
   */
  nth: Schema.optionalKey(positive),
  /**
   * How many requests are struck from there on (default 1), or each with a probability.
   */
  times: Schema.optionalKey(Schema.Union([
    positive,
    Schema.Literal("always"),
    Schema.Struct({ p: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })) })
  ])),
  fault: Schema.Literals(Object.keys(faults) as [Fault, ...Array<Fault>]),
  retryAfter: Schema.optionalKey(RetryAfter),
  /**
   * How long an answer is late or hangs, or the pause between two dripping bytes; the caller's own seconds.
   */
  seconds: Schema.optionalKey(Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))),
  /**
   * After how many bytes a body is cut; half of it by default.
   */
  bytes: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))),
  /**
   * The word of `unknown-status` (default `TELEPORTING`).
   */
  status: Schema.optionalKey(Schema.String),
  /**
   * Where `redirect` points (default: another path of the simulator).
   */
  location: Schema.optionalKey(Schema.String),
  /**
   * For creates: whether the task is stored and billed in spite of the fault. The default depends on the fault.
   */
  accepted: Schema.optionalKey(Schema.Boolean)
})

/**
 * One line of a script.
 *
 * @category models
 * @since 0.1.0
 */
export type Line = typeof Line.Type

/**
 * A script that cannot be read: which line, and which field of it.
 *
 * @category errors
 * @since 0.1.0
 */
export class ScriptError extends Schema.TaggedError<ScriptError>("@video-tasks/simulator/Script/ScriptError")(
  "ScriptError",
  {
    /**
     * Counted from 1.
     */
    line: Schema.Int,
    /**
     * Absent when the line is not a JSON object at all.
     */
    field: Schema.optionalKey(Schema.String),
    problem: Schema.String
  }
) {
  /**
   * Names the line, the field and the problem.
   *
   * @since 0.1.0
   */
  override get message(): string {
    return `script line ${this.line}${this.field === undefined ? "" : `, field "${this.field}"`}: ${this.problem}`
  }
}

/**
 * Reads a script; the first line that cannot be read fails it as a whole.
 *
 * **Example** (A misspelt field)
 *
 * ```ts import.meta.vitest
 * import { Script } from "@video-tasks/simulator"
 * import { Result } from "effect"
 *
 * const script = Script.parseResult(`{"on":"poll","fault":"500","tmes":2}`)
 * Result.isFailure(script) && script.failure.field // => "tmes"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const parseResult = (text: string): Result.Result<ReadonlyArray<Line>, ScriptError> => {
  const lines: Array<Line> = []
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const source = raw.trim()
    if (source === "" || source.startsWith("#") || source.startsWith("//")) continue
    const line = parseLine(index + 1, source)
    if (Result.isFailure(line)) return Result.fail(line.failure)
    lines.push(line.success)
  }
  return Result.succeed(lines)
}

/**
 * Reads a script as an effect.
 *
 * @see {@link parseResult} for the rules
 *
 * @category constructors
 * @since 0.1.0
 */
export const parse = (text: string): Effect.Effect<ReadonlyArray<Line>, ScriptError> =>
  Effect.suspend(() => Effect.fromResult(parseResult(text)))

// internal

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(Line), { onExcessProperty: "error" })

const format = SchemaIssue.makeFormatterStandardSchemaV1()

const parseLine = (line: number, source: string): Result.Result<Line, ScriptError> => {
  const decoded = decode(source)
  if (Result.isFailure(decoded)) {
    const issue = format(decoded.failure.issue).issues[0]
    const field = issue?.path?.map(String).join(".")
    return Result.fail(
      new ScriptError({
        line,
        ...(field === undefined || field === "" ? {} : { field }),
        problem: issue?.message ?? "cannot be read"
      })
    )
  }
  const { fault, on } = decoded.success
  const only: ReadonlyArray<Operation> | undefined = faults[fault].only
  return only === undefined || only.includes(on)
    ? Result.succeed(decoded.success)
    : Result.fail(
      new ScriptError({ line, field: "fault", problem: `"${fault}" strikes ${only.join(", ")}, not ${on}` })
    )
}
