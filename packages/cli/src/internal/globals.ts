/**
 * The options that every command takes, also after its own name.
 */
import * as Redact from "@video-tasks/core/Redact"
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import * as CliError from "effect/cli/CliError"
import * as Flag from "effect/cli/Flag"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ArchiveChoice from "./archiveChoice.ts"
import * as Durations from "./duration.ts"
import * as StoreChoice from "./storeChoice.ts"

/** The values of the options; what was not given is `undefined`. */
export interface Globals {
  readonly baseUrl: string | undefined
  readonly store: StoreChoice.Choice | undefined
  readonly archive: ArchiveChoice.Choice | undefined
  readonly pollFloor: Duration.Duration | undefined
  readonly pollCeiling: Duration.Duration | undefined
  readonly deadline: Duration.Duration | undefined
  readonly pollTimeout: Duration.Duration | undefined
  /** Where telemetry goes; may have a password. */
  readonly otlp: string | undefined
  readonly json: boolean
  readonly quiet: boolean
}

/** A value that may be an address with a password is not shown whole. */
const invalid = (option: string, value: string, expected: string) =>
  new CliError.InvalidValue({ option, value: Redact.url(value), expected, kind: "flag" })

/** A flag that takes a duration; a bad one is told with what is allowed. */
const duration = (name: string): Flag.Flag<Duration.Duration> =>
  Flag.String(name).pipe(
    Flag.mapEffect((text) => {
      const parsed = Durations.parse(text)
      return parsed === undefined
        ? Effect.fail(invalid(name, text, Durations.allowed))
        : Effect.succeed(parsed)
    }),
    Flag.withMetavar("<duration>")
  )

const BaseUrl = GlobalFlag.Setting("base-url")({
  flag: Flag.String("base-url").pipe(
    Flag.mapEffect((text) => {
      const url = TaskHandle.normalizeBaseUrl(text)
      return url === undefined
        ? Effect.fail(invalid("base-url", text, "an http(s) origin with an optional path, without a query"))
        : Effect.succeed(url)
    }),
    Flag.withDescription("Where the provider's API is, instead of its own address"),
    Flag.withMetavar("<url>"),
    Flag.optional
  )
})

const Store = GlobalFlag.Setting("store")({
  flag: Flag.String("store").pipe(
    Flag.mapEffect((text) => {
      const choice = StoreChoice.parse(text)
      return choice === undefined
        ? Effect.fail(invalid("store", text, StoreChoice.allowed))
        : Effect.succeed(choice)
    }),
    Flag.withDescription("Where tasks are kept, instead of a file of the user: memory forgets them with the command"),
    Flag.withMetavar("<path|memory|postgres://…>"),
    Flag.optional
  )
})

const Archive = GlobalFlag.Setting("archive")({
  flag: Flag.String("archive").pipe(
    Flag.mapEffect((text) => {
      const choice = ArchiveChoice.parse(text)
      return choice === undefined
        ? Effect.fail(invalid("archive", text, ArchiveChoice.allowed))
        : Effect.succeed(choice)
    }),
    Flag.withDescription("Where create --wait, wait, resume, batch, download and worker keep the files"),
    Flag.withMetavar("<folder|s3://bucket/prefix|none>"),
    Flag.optional
  )
})

const PollFloor = GlobalFlag.Setting("poll-floor")({
  flag: duration("poll-floor").pipe(
    Flag.withDescription("Average gap between two reads, instead of the provider's advice"),
    Flag.optional
  )
})

const PollCeiling = GlobalFlag.Setting("poll-ceiling")({
  flag: duration("poll-ceiling").pipe(Flag.withDescription("The longest gap while all goes well"), Flag.optional)
})

const Deadline = GlobalFlag.Setting("deadline")({
  flag: duration("deadline").pipe(
    Flag.withDescription(
      "How long create --wait, wait, resume and batch wait for a task, which itself goes on (exit code 8)"
    ),
    Flag.optional
  )
})

const PollTimeout = GlobalFlag.Setting("poll-timeout")({
  flag: duration("poll-timeout").pipe(
    Flag.withDescription("How long one answer of the provider may take"),
    Flag.optional
  )
})

const Otlp = GlobalFlag.Setting("otlp")({
  flag: Flag.String("otlp").pipe(
    Flag.mapEffect((text) =>
      /^https?:$/.test(URL.parse(text)?.protocol ?? "")
        ? Effect.succeed(text)
        : Effect.fail(invalid("otlp", text, "an http(s) address, such as http://localhost:4318"))
    ),
    Flag.withDescription("Send spans, metrics and logs to this OpenTelemetry collector (OTLP over HTTP)"),
    Flag.withMetavar("<url>"),
    Flag.optional
  )
})

const Json = GlobalFlag.Setting("json")({
  flag: Flag.Boolean("json").pipe(
    Flag.withDescription("Print one JSON object a line on stdout, and nothing else there"),
    Flag.withDefault(false)
  )
})

const Quiet = GlobalFlag.Setting("quiet")({
  flag: Flag.Boolean("quiet").pipe(
    Flag.withAlias("q"),
    Flag.withDescription("Print results and errors only"),
    Flag.withDefault(false)
  )
})

/** The options as effect/cli wants them. */
export const flags = [
  BaseUrl,
  Store,
  Archive,
  PollFloor,
  PollCeiling,
  Deadline,
  PollTimeout,
  Otlp,
  Json,
  Quiet
] as const

/** The services that hold their values inside a command. */
export type Identifiers = GlobalFlag.Setting.Identifier<(typeof flags)[number]["id"]>

/** Reads the values inside a command. */
export const values: Effect.Effect<Globals, never, Identifiers> = Effect.gen(function*() {
  return {
    baseUrl: Option.getOrUndefined(yield* BaseUrl),
    store: Option.getOrUndefined(yield* Store),
    archive: Option.getOrUndefined(yield* Archive),
    pollFloor: Option.getOrUndefined(yield* PollFloor),
    pollCeiling: Option.getOrUndefined(yield* PollCeiling),
    deadline: Option.getOrUndefined(yield* Deadline),
    pollTimeout: Option.getOrUndefined(yield* PollTimeout),
    otlp: Option.getOrUndefined(yield* Otlp),
    json: yield* Json,
    quiet: yield* Quiet
  }
})
