/**
 * The figures of a run of chaos.
 */
import type { Outcome } from "./outcome.ts"
import * as Verdict from "./verdict.ts"

/** A run as lines of figures. */
export const figures = (outcome: Outcome): string => {
  const { asked, ledger, plan, polls, rows, seconds, starts, submissions, takes, tasks } = outcome
  const of = (tag: string) => submissions.filter(({ outcome }) => outcome._tag === tag).length
  const made = Verdict.createsBy(ledger)
  const ambiguous = submissions.filter(({ outcome }) => outcome._tag === "ambiguous")
  const deeds = Object.keys(Verdict.least(plan)).map((what) =>
    `${Verdict.countOf(outcome, what as keyof ReturnType<typeof Verdict.least>)} ${what}`
  )
  const awake = polls.late.filter(({ wasAsleep }) => !wasAsleep)
  const slept = polls.late.filter(({ wasAsleep }) => wasAsleep)
  const late = (all: typeof polls.late) =>
    `${all.reduce((sum, one) => sum + one.polls, 0)} polls, the last ${
      Math.round(Math.max(0, ...all.map(({ overlapMs }) => overlapMs)))
    } ms after`
  const attempts = asked.wishes.flatMap((wish) => wish.attempts)
  const statuses = [...Verdict.grouped(tasks, ({ status }) => status)].map(([status, some]) =>
    `${some.length} ${status}`
  )
  const errors = [...asked.errors].map(([what, times]) => `${times} × ${what}`)
  return [
    `seed ${plan.seed}: ${plan.tasks} tasks in ${plan.seconds} s, ${seconds.toFixed(0)} s in all`,
    `${deeds.join(", ")}; ${starts} starts, ${takes} takings of buckets`,
    `${ledger.posts} POSTs made ${ledger.bills} tasks for ${submissions.length} submissions of ${attempts.length} ` +
    `attempts: ${of("created")} created, ${of("ambiguous")} ambiguous (${
      ambiguous.filter(({ id }) => made.has(id)).length
    } of them made; ${Verdict.mostAmbiguous(outcome)} at most), ${of("rejected")} never sent`,
    `${tasks.length} tasks ended: ${statuses.join(", ")}`,
    `${polls.polls} polls; by those that had lost the bucket: ${late(awake)} the loss; by those that woke up: ${
      late(slept)
    } they woke; of one task by two: ${Math.round(polls.overlapMs)} ms`,
    `why ambiguous: ${details(ambiguous)}`,
    `errors that customers saw: ${errors.join(", ") || "none"}`,
    `rows: ${Object.entries(rows).map(([table, n]) => `${table} ${n}`).join(", ")}`
  ].map((line) => `  ${line}\n`).join("")
}

/** The words of ambiguous submissions, without what differs between them. */
const details = (ambiguous: Outcome["submissions"]): string =>
  [...Verdict.grouped(
    ambiguous,
    ({ outcome }) => outcome._tag === "ambiguous" ? outcome.detail.replaceAll(/\d+/g, "…") : ""
  )]
    .map(([detail, some]) => `${some.length} × ${detail}`).join(", ") || "none"

/** What was done to whom and when, a line each. */
export const diary = ({ began, deeds }: Outcome): string =>
  deeds.toSorted((one, other) => one.from - other.from).map(({ connections, from, to, what, who }) => {
    const seconds = (at: number) => ((at - began) / 1000).toFixed(1)
    return `  ${seconds(from)}–${seconds(to)} s: ${what}${who === undefined ? "" : ` of ${who}`}${
      connections === undefined ? "" : `, ${connections} connections`
    }\n`
  }).join("")
