/**
 * The work of `batch`: reads the file, plans, runs and reports.
 */
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import * as TaskId from "@video-tasks/core/TaskId"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import { Backend, withStore } from "./backend.ts"
import { Counts } from "./batchBoard.ts"
import * as Limit from "./batchLimit.ts"
import * as Lines from "./batchLines.ts"
import { type Item, plan } from "./batchPlan.ts"
import * as Report from "./batchReport.ts"
import { run, type RunOptions } from "./batchRun.ts"
import * as Standing from "./batchStanding.ts"
import type { MaxCost } from "./createRequest.ts"
import * as ExitCode from "./exitCode.ts"
import * as Folder from "./folder.ts"
import * as Globals from "./globals.ts"
import { type Problem, usage } from "./problem.ts"
import * as Render from "./render.ts"
import { Reporter } from "./reporter.ts"
import { Screen } from "./screen.ts"
import { isProviderId, type ProviderId, providerIds } from "./settings.ts"
import * as Store from "./store.ts"

/** What the flags of `batch` say. */
export interface BatchInput {
  readonly file: string
  readonly concurrency: number
  readonly output: Option.Option<string>
  readonly overwrite: boolean
  readonly "max-cost": Option.Option<MaxCost>
  readonly report: Option.Option<string>
  readonly run: string
}

/** Runs it. */
export const runBatch = Effect.fnUntraced(function*(input: BatchInput) {
  const { faults, lines } = yield* read(input.file)
  const output = Option.getOrUndefined(input.output)
  if (Option.isSome(input.report)) yield* checkReport(input.report.value, input.file)
  if (output !== undefined) yield* Folder.make(output)
  const { providers, services } = yield* grounds(lines)
  yield* withStore(Effect.gen(function*() {
    const planned = Effect.provide(plan(lines, { ...input, output, faults }), services)
    const items = yield* planned
    if (Option.isNone(input["max-cost"])) return yield* carriedOut(input, items, { providers })
    const limit = input["max-cost"].value
    // What others have sent in the meantime counts as well.
    yield* Limit.alone(
      items,
      (check) =>
        Effect.flatMap(planned, (items) =>
          Effect.provide(Limit.left(limit, items), services).pipe(
            Effect.flatMap((budget) => carriedOut(input, items, { providers, budget, check }))
          ))
    )
  }))
})

// internal

const checkReport = Effect.fnUntraced(function*(report: string, file: string) {
  const store = yield* Store.file
  yield* Report.check(report, [
    { file, name: "the batch itself," },
    ...(store === undefined ? [] : [{ file: store, name: "the store," }])
  ])
})

const read = Effect.fnUntraced(function*(file: string) {
  const fs = yield* FileSystem.FileSystem
  const text = yield* Effect.mapError(fs.readFileString(file), () => usage(`The file ${file} cannot be read.`))
  const { faults, lines } = Lines.parse(text)
  const foreign = lines.filter(({ provider }) => !isProviderId(provider)).map(({ line, provider }): Lines.Fault => ({
    line,
    field: "provider",
    message: `is ${provider}; allowed: ${providerIds.join(", ")}`
  }))
  return { faults: [...faults, ...foreign], lines: lines.filter(({ provider }) => isProviderId(provider)) }
})

/** The providers of the lines, and what is needed to look at requests. */
const grounds = Effect.fnUntraced(function*(lines: ReadonlyArray<Lines.BatchLine>) {
  const backend = yield* Backend
  const found = new Set<ProviderId>()
  for (const { provider } of lines) if (isProviderId(provider)) found.add(provider)
  const providers = [...found]
  return { providers, services: backend.services(providers, { needsKey: false }) }
})

/** Who is asked, and how much may be spent. */
interface Means {
  readonly providers: ReadonlyArray<ProviderId>
  readonly budget?: Limit.Left | undefined
  /** Fails when nothing may be sent any more. */
  readonly check?: Effect.Effect<void, Problem> | undefined
}

const carriedOut = Effect.fnUntraced(function*(input: BatchInput, items: Array<Item>, means: Means) {
  const backend = yield* Backend
  const owner = yield* Effect.provide(TaskId.make, SecureRandom.layerWebCrypto)
  const tasks = backend.tasks(means.providers, { archives: true, budget: means.budget, owner })
  yield* Effect.provide(ran(input, items, { owner, check: means.check ?? Effect.void }), tasks)
})

const ran = Effect.fnUntraced(function*(
  input: BatchInput,
  items: Array<Item>,
  sender: Pick<RunOptions, "owner" | "check">
) {
  const entries: Array<Report.Entry> = []
  const counts = new Counts(items.length)
  const reporter = yield* Reporter
  const { deadline, store } = yield* Globals.values
  const report = Option.getOrUndefined(input.report)
  const earlier = report === undefined ? Report.none : yield* Report.earlier(report)
  const under = new Map<TaskId.TaskId, TaskHandle | "sending">()
  const standing: Standing.Standing = { items, entries, under, earlier: earlier.lines }
  const written = report === undefined ? Effect.void : Standing.stored(standing).pipe(
    Effect.catch(() => Effect.succeed(Standing.seen(standing))),
    Effect.flatMap((all) => Report.write(report, all, store))
  )
  const files = { overwrite: input.overwrite, known: earlier.files }
  const shared = { counts, entries, under, files, earlier: earlier.lines, deadline, store, ...sender }
  yield* run(items, { concurrency: input.concurrency, ...shared }).pipe(
    report === undefined ? identity : Effect.raceFirst(refreshing(report, standing, store)),
    Effect.onInterrupt(() =>
      Effect.andThen(
        Effect.ignore(written),
        reporter.warn(`Stopped at ${counts.words}. Nothing is lost: the same command goes on.`)
      )
    )
  )
  // What was paid is told first, whatever becomes of the report.
  const unwritten = yield* Effect.result(written)
  yield* tell(input, counts, entries)
  if (unwritten._tag === "Failure") yield* reporter.failed(unwritten.failure)
  const code = ExitCode.combine([
    ...[ExitCode.combine(entries.map(Report.codeOf))].filter((one) => one !== 0),
    ...(unwritten._tag === "Failure" ? [unwritten.failure.code] : [])
  ])
  if (code !== 0) return yield* new ExitCode.Exit({ code })
})

/**
 * Keeps the report up to date, so that it tells of every task even when the process is killed. The longer it is, the
 * rarer it is written: this takes a twentieth of the time at most, unless the machine is so busy that nobody can wait for that.
 */
const refreshing = (report: string, standing: Standing.Standing, store: Globals.Globals["store"]) => {
  let before = ""
  const once = Effect.suspend(() => {
    const { entries, under } = standing
    const now = `${entries.length} ${[...under.values()].filter((one) => one !== "sending").length} ${under.size}`
    if (now === before) return Effect.void
    before = now
    return Effect.uninterruptible(Effect.ignore(Report.write(report, Standing.seen(standing), store)))
  })
  return Effect.timed(once).pipe(
    Effect.flatMap(([took]) => Effect.sleep(Duration.clamp(Duration.times(took, 20), rest))),
    Effect.forever
  )
}

/** How long it stays as it is at least and at most. */
const rest = { minimum: Duration.millis(250), maximum: Duration.seconds(5) }

/** How many lines that did not end well are told on the screen. */
const told = 20

const tell = Effect.fnUntraced(function*(input: BatchInput, counts: Counts, entries: ReadonlyArray<Report.Entry>) {
  const reporter = yield* Reporter
  const { errStyle } = yield* Screen
  const bad = entries.filter((entry) => Report.codeOf(entry) !== 0).toSorted((a, b) =>
    a.item.line.line - b.item.line.line
  )
  for (const { error, item } of bad.slice(0, told)) {
    if (error !== undefined) yield* reporter.warn(`line ${item.line.line}: ${Render.failure(errStyle, error)}`)
  }
  if (bad.length > told) {
    const where = Option.isSome(input.report) ? input.report.value : "the report (--report FILE)"
    yield* reporter.warn(`… and ${bad.length - told} more: see ${where}.`)
  }
  const { ambiguous, failed, succeeded, total, unsent } = counts
  yield* reporter.result(counts.words, {
    type: "batch",
    total,
    succeeded,
    failed,
    ambiguous,
    unsent,
    spent: Object.fromEntries(counts.spent)
  })
})
