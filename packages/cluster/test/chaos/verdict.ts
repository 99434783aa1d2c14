/**
 * Judges a run of chaos: what must never be, and the figures of it.
 */
import { lockMs } from "../support/world.ts"
import type { Outcome } from "./conductor.ts"

/** Each word about something that must never be; none when all is well. */
export const violations = (outcome: Outcome): ReadonlyArray<string> => {
  const { asked, ledger, plan, polls, submissions, tasks } = outcome
  const found: Array<string> = []
  const isWrong = (is: boolean, what: string) => {
    if (is) found.push(what)
  }
  const createsOf = grouped(ledger.creates, ({ prompt }) => prompt.split(" ")[0] ?? "")
  const outcomes = new Map<string, string>(submissions.map(({ id, outcome }) => [id, outcome._tag]))
  for (const [id, creates] of createsOf) {
    isWrong(creates.length > 1, `${id} was created ${creates.length} times`)
    isWrong(!["created", "ambiguous"].includes(outcomes.get(id) ?? ""), `${id} was created, and is ${outcomes.get(id)}`)
  }
  for (const { id, outcome } of submissions) {
    const creates = createsOf.get(id) ?? []
    isWrong(outcome._tag === "pending", `${id} was never judged`)
    if (outcome._tag !== "created") continue
    isWrong(creates.length === 0, `${id} was never created`)
    isWrong(creates[0]?.taskId !== outcome.handle.remoteId, `${id} has the task of somebody else`)
  }
  for (const { id, status } of tasks) {
    isWrong(asked.ends.get(id) !== status, `${id} ended as ${status}, not as ${asked.ends.get(id)}`)
    isWrong(
      !asked.unwatched.has(id) && asked.told.get(id) !== status,
      `of ${id} was told ${asked.told.get(id)}, not ${status}`
    )
  }
  const created = submissions.filter(({ outcome }) => outcome._tag === "created").length
  isWrong(tasks.length !== created, `${tasks.length} tasks of ${created} creates`)
  const { size } = asked.unwatched
  isWrong(
    asked.told.size + size + asked.ambiguous.size !== plan.tasks,
    `${asked.told.size} ends, ${size} unwatched and ${asked.ambiguous.size} ambiguous of ${plan.tasks}`
  )
  for (const late of polls.late) {
    isWrong(
      late.overlapMs > lockMs,
      `${late.by} polled bucket ${late.bucket} ${late.polls} times, until ${
        Math.round(late.overlapMs)
      } ms after it was lost`
    )
  }
  for (const [table, count] of Object.entries(outcome.rows)) {
    const most = mostRows[table]
    isWrong(most === undefined && table.includes("cluster"), `${table} is not known`)
    isWrong(most !== undefined && count > most, `${table} has ${count} rows`)
  }
  return found
}

/** What the cluster keeps is bound by its size, not by what it has done. */
const mostRows: Readonly<Record<string, number>> = {
  video_tasks_buckets: 32,
  video_tasks_leases: 40,
  video_tasks_cluster_runners: 4,
  video_tasks_cluster_runner_migrations: 10,
  video_tasks_cluster_locks: 64
}

const grouped = <A>(all: ReadonlyArray<A>, keyOf: (one: A) => string): ReadonlyMap<string, ReadonlyArray<A>> => {
  const groups = new Map<string, Array<A>>()
  for (const one of all) {
    const key = keyOf(one)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [one])
    else group.push(one)
  }
  return groups
}

/** The words of ambiguous submissions, without what differs between them. */
const details = (ambiguous: Outcome["submissions"]): string =>
  [...grouped(ambiguous, ({ outcome }) => outcome._tag === "ambiguous" ? outcome.detail.replaceAll(/\d+/g, "…") : "")]
    .map(([detail, some]) => `${some.length} × ${detail}`).join(", ") || "none"

/** A run as lines of figures. */
export const figures = (outcome: Outcome): string => {
  const { asked, done, ledger, plan, polls, rows, seconds, starts, submissions, takes, tasks } = outcome
  const of = (tag: string) => submissions.filter(({ outcome }) => outcome._tag === tag).length
  const made = new Set(ledger.creates.map(({ prompt }) => prompt.split(" ")[0]))
  const ambiguous = submissions.filter(({ outcome }) => outcome._tag === "ambiguous")
  const count = (word: string) => done.filter((what) => what.includes(word)).length
  const awake = polls.late.filter(({ wasAsleep }) => !wasAsleep)
  const slept = polls.late.filter(({ wasAsleep }) => wasAsleep)
  const late = (all: typeof polls.late) =>
    `${all.reduce((sum, one) => sum + one.polls, 0)} polls, the last ${
      Math.round(Math.max(0, ...all.map(({ overlapMs }) => overlapMs)))
    } ms after`
  return [
    `seed ${plan.seed}: ${plan.tasks} tasks in ${plan.seconds} s, ${seconds.toFixed(0)} s in all`,
    `${count("SIGKILL")} kills, ${count("SIGCONT")} naps, ${starts} starts, ${takes} takings of buckets`,
    `${ledger.posts} POSTs made ${ledger.bills} tasks for ${submissions.length} submissions: ${
      of("created")
    } created, ` +
    `${of("ambiguous")} ambiguous (${ambiguous.filter(({ id }) => made.has(id)).length} of them made), ` +
    `${of("rejected")} never sent`,
    `${tasks.length} tasks ended: ${
      [...grouped(tasks, ({ status }) => status)].map(([status, some]) => `${some.length} ${status}`)
        .join(", ")
    }`,
    `${polls.polls} polls; by those that had lost the bucket: ${late(awake)} the loss; by those that woke up: ${
      late(slept)
    } they woke`,
    `why ambiguous: ${details(ambiguous)}`,
    `errors that customers saw: ${[...asked.errors].map(([what, times]) => `${times} × ${what}`).join(", ") || "none"}`,
    `rows: ${Object.entries(rows).map(([table, n]) => `${table} ${n}`).join(", ")}`
  ].map((line) => `  ${line}\n`).join("")
}
