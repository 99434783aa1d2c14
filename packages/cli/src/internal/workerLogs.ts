/**
 * What a worker says of trouble: a line of each kind, without traces, and one when the database goes and one when it comes back.
 */
import type { Cluster } from "@video-tasks/cluster/Cluster"
import * as Redact from "@video-tasks/core/Redact"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"
import { Reporter } from "./reporter.ts"

/** What the logs of a worker have come to. */
export interface Trouble {
  /** The buckets that others have taken, until that is told. */
  readonly taken: Set<number>
  /** What was said that the database may be the reason of. */
  suspicion: string | undefined
  /** Whether somebody looks into suspicions. */
  isWatched: boolean
}

/** No trouble yet. */
export const make = (): Trouble => ({ taken: new Set(), suspicion: undefined, isWatched: false })

/** Logs in plain lines; whoever asks for more with `--log-level` gets everything as it is. */
export const plainly = (trouble: Trouble) => <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(
    Logger.CurrentLoggers,
    (loggers) => Effect.provideService(self, Logger.CurrentLoggers, new Set([plain(trouble, loggers)]))
  )

/** Looks at the database whenever it may be away, and says when it is and when it is back. */
export const watch = (trouble: Trouble, served: Cluster["Service"]["served"]) =>
  Effect.gen(function*() {
    const reporter = yield* Reporter
    const away = awayFor(served)
    let quietUntil = -Infinity
    trouble.isWatched = true
    for (;;) {
      yield* Effect.sleep(lookEvery)
      const { suspicion } = trouble
      if (suspicion === undefined) continue
      const reason = yield* away
      if (reason === undefined) {
        if ((yield* Clock.currentTimeMillis) >= quietUntil) yield* reporter.warn(`warning: ${suspicion}`)
      } else {
        yield* said(`The database can't be reached: ${reason}; waiting.`, { state: "away", reason })
        while ((yield* away) !== undefined) yield* Effect.sleep(tryEvery)
        yield* said("The database is back.", { state: "back" })
      }
      quietUntil = (yield* Clock.currentTimeMillis) + againMs
      trouble.suspicion = undefined
    }
  }).pipe(Effect.ensuring(Effect.sync(() => {
    trouble.isWatched = false
  })))

// internal

const lookEvery = "200 millis"

/** How often a database that is away is tried, and how long it may take to answer. */
const tryEvery = "1 second"
const answerWithin = "2 seconds"

/** How long the same words are not said again, in ms. */
const againMs = 30_000

const said = Effect.fnUntraced(function*(text: string, line: { readonly state: string; readonly reason?: string }) {
  const reporter = yield* Reporter
  return yield* reporter.json ? reporter.result("", { type: "worker.database", ...line }) : reporter.warn(text)
})

/** Why the database can't be reached; nothing when it can. */
const awayFor = (served: Cluster["Service"]["served"]): Effect.Effect<string | undefined> =>
  served.pipe(
    Effect.as(undefined),
    Effect.timeoutOrElse({ duration: answerWithin, orElse: () => Effect.succeed("it does not answer") }),
    Effect.catch(({ detail }) => Effect.succeed(detail.replace(/^which runners live could not be read: /, "")))
  )

/** What the database may be the reason of, in the words of those who log it, and in ours where theirs say little. */
const ofDatabase: ReadonlyMap<string, string> = new Map(Object.entries({
  "claims could not be renewed": "claims could not be renewed",
  "what others left could not be looked at": "what others left could not be looked at",
  "a bucket could not be served": "a bucket could not be served",
  "a bucket could not be resumed": "a bucket could not be resumed",
  "Shard lock storage is unhealthy": "the locks of the buckets could not be renewed",
  "Shard lock storage is still unhealthy": "the locks of the buckets could not be renewed",
  "Could not acquire/release shards": "locks of buckets could not be taken or given back",
  "Could not release shards, retrying": "locks of buckets could not be given back yet"
}))

const others: ReadonlyMap<string, string> = new Map(Object.entries({
  "Unhandled error in SocketServer": "the connection of another worker broke off",
  "No healthy runners available": "no worker is known to be healthy"
}))

const takenOver = /^bucket (\d+) was taken over by another /

const plain = (trouble: Trouble, loggers: ReadonlySet<Logger.Logger<unknown, unknown>>) => {
  const told = new Map<string, number>()
  return Logger.make<unknown, void>((options) => {
    const isTrouble = LogLevel.isGreaterThanOrEqualTo(options.logLevel, "Warn")
    const line = isTrouble ? lineOf(trouble, told, options) : undefined
    const isSought = !LogLevel.isGreaterThan(options.fiber.getRef(References.MinimumLogLevel), "Debug")
    if (isTrouble && line === undefined && !isSought) return
    const shown = line === undefined || isSought ? options : { ...options, logLevel: "Warn" as const, message: line }
    for (const logger of loggers) logger.log(shown)
  })
}

/** The line to say; nothing where it is told otherwise, or was told lately. */
const lineOf = (
  trouble: Trouble,
  told: Map<string, number>,
  { cause, date, message }: Logger.Options<unknown>
): string | undefined => {
  const parts = (Array.isArray(message) ? message : [message]).filter((part) => typeof part === "string")
  const words = parts[0] ?? ""
  // What a frozen worker writes late is refused for the same reason.
  const reasons = reasonOf(cause)
  const bucket = [words, ...reasons].map((text) => takenOver.exec(text)?.[1]).find((found) => found !== undefined)
  if (bucket !== undefined) {
    trouble.taken.add(Number(bucket))
    return undefined
  }
  const ours = ofDatabase.get(words) ?? others.get(words) ?? words
  // What is about a task names it, and is never the same twice.
  const about = [ours, ...parts.slice(1)].filter((part) => part !== "")
  const line = [...about, ...reasons].join(": ")
  if (ofDatabase.has(words) && trouble.isWatched) {
    trouble.suspicion ??= line
    return undefined
  }
  const now = date.getTime()
  const key = about.join(": ")
  if (now < (told.get(key) ?? -Infinity) + againMs) return undefined
  for (const [old, at] of told) if (at + againMs <= now) told.delete(old)
  told.set(key, now)
  return line
}

const reasonOf = (cause: Cause.Cause<unknown>): ReadonlyArray<string> =>
  Cause.prettyErrors(cause).slice(0, 1).map(({ message }) => Redact.text(message.split("\n")[0] ?? ""))
