/**
 * The progress of a batch: one line of counts, however many lines there are.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Report from "./batchReport.ts"
import * as Format from "./duration.ts"
import { Reporter } from "./reporter.ts"
import { Screen } from "./screen.ts"
import * as Style from "./style.ts"

/** Counts what happens. */
export class Counts {
  readonly total: number
  running = 0
  succeeded = 0
  failed = 0
  ambiguous = 0
  unsent = 0
  /** By unit; the bill where there is one, else the estimate. */
  readonly spent = new Map<string, number>()

  constructor(total: number) {
    this.total = total
  }

  get done(): number {
    return this.succeeded + this.failed + this.ambiguous + this.unsent
  }

  /** A line is over. */
  add(entry: Report.Entry): void {
    if (entry.status === "ambiguous") this.ambiguous++
    else if (entry.status === undefined) this.unsent++
    else if (Report.codeOf(entry) === 0) this.succeeded++
    else this.failed++
    const cost = entry.cost ?? (entry.status === "ambiguous" ? entry.estimate : undefined)
    if (cost !== undefined) this.spent.set(cost.unit, (this.spent.get(cost.unit) ?? 0) + cost.amount)
  }

  /** In words. */
  get words(): string {
    return [
      `${this.done} of ${this.total}`,
      ...(this.running === 0 ? [] : [`${this.running} running`]),
      `${this.succeeded} succeeded`,
      ...(this.failed === 0 ? [] : [`${this.failed} failed`]),
      ...(this.ambiguous === 0 ? [] : [`${this.ambiguous} ambiguous`]),
      ...(this.unsent === 0 ? [] : [`${this.unsent} not sent`]),
      ...[...this.spent].map(([unit, amount]) => Style.harmless(`${Number(amount.toPrecision(6))} ${unit}`))
    ].join(" · ")
  }
}

/** Shows the counts while the work is done. */
export const shown = <A, E, R>(counts: Counts, work: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const reporter = yield* Reporter
    const screen = yield* Screen
    if (reporter.quiet || (reporter.json && !screen.animated)) return yield* work
    const startedAt = yield* Clock.currentTimeMillis
    const draw = screen.animated
      ? Effect.flatMap(Clock.currentTimeMillis, (now) => screen.live([line(screen.errStyle, counts, now - startedAt)]))
      : plain(reporter, counts)
    const every = screen.animated ? Duration.millis(200) : Duration.seconds(10)
    return yield* work.pipe(
      Effect.raceFirst(Effect.forever(Effect.andThen(draw, Effect.sleep(every)))),
      Effect.ensuring(screen.live([]))
    )
  })

// internal

const columns = 24

const line = (style: Style.Style, counts: Counts, elapsedMs: number): string => {
  const filled = counts.total === 0 ? columns : Math.floor(counts.done / counts.total * columns)
  const bar = style.green("█".repeat(filled)) + style.dim("░".repeat(columns - filled))
  return `${bar}  ${counts.words}  ${style.dim(Format.format(elapsedMs))}`
}

/** Where there is no terminal: a line when something has changed. */
const plain = (reporter: Reporter["Service"], counts: Counts): Effect.Effect<void> => {
  let before = ""
  return Effect.suspend(() => {
    const now = counts.words
    if (now === before) return Effect.void
    before = now
    return reporter.note(now)
  })
}
