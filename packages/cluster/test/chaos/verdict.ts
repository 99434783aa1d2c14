/**
 * Judges a run of chaos: what must never be, and what must have been, or the run proves nothing.
 */
import type { Attempt, Wish } from "./customers.ts"
import type { Deed, Outcome, Plan } from "./outcome.ts"

/** Each word about something that must never be, or is missing; none when all is well. */
export const violations = (outcome: Outcome): ReadonlyArray<string> => [
  ...floors(outcome),
  ...money(outcome),
  ...promises(outcome),
  ...ends(outcome),
  ...doubt(outcome),
  ...together(outcome),
  ...rows(outcome)
]

const known: ReadonlySet<string> = new Set(["SUCCESS", "FAILED", "ERROR"])

/** So many of each there must have been in a time; by the times between them there are more. */
export const least = ({ seconds }: Plan): Readonly<Record<Deed["what"], number>> => ({
  kill: Math.max(1, Math.floor(seconds / 8)),
  nap: Math.max(1, Math.floor(seconds / 60)),
  silence: Math.max(1, Math.floor(seconds / 100)),
  reset: Math.max(1, Math.floor(seconds / 100)),
  cut: 1,
  restart: 1
})

/** Whether something was done in earnest. */
const isReal = ({ connections, from, to, what }: Deed, lockMs: number): boolean =>
  what === "nap" ? to - from > lockMs : connections === undefined || connections > 0

export const countOf = ({ deeds, lockMs }: Outcome, what: Deed["what"]): number =>
  deeds.filter((deed) => deed.what === what && isReal(deed, lockMs)).length

const floors = (outcome: Outcome): ReadonlyArray<string> => {
  const { asked, buckets, left, plan, polls, takes, tasks } = outcome
  const wanted = least(plan)
  const missing = (Object.keys(wanted) as ReadonlyArray<Deed["what"]>).filter((what) =>
    countOf(outcome, what) < wanted[what]
  )
  return [
    ...missing.map((what) => `${countOf(outcome, what)} of ${what}, not ${wanted[what]}`),
    ...when(countOf(outcome, "restart") > 1, "the database was restarted more than once"),
    ...when(takes <= buckets, `${takes} takings of ${buckets} buckets: none has moved`),
    ...when(asked.wishes.length !== plan.tasks, `${asked.wishes.length} wishes, not ${plan.tasks}`),
    ...when(polls.polls < tasks.length, `${polls.polls} polls of ${tasks.length} tasks`),
    ...left.filter((code) => code !== 0).map((code) => `a worker that was asked to stop ended with ${code}`)
  ]
}

/** No create twice, for a submission or for a customer, and no task that is not in the ledger. */
const money = ({ asked, ledger, submissions }: Outcome): ReadonlyArray<string> => {
  const createsOf = createsBy(ledger)
  const outcomes = new Map<string, string>(submissions.map(({ id, outcome }) => [id, outcome._tag]))
  const made = ({ attempts }: Wish) => attempts.flatMap(({ id }) => createsOf.get(id) ?? []).length
  const judged = submissions.flatMap(({ id, outcome }) => {
    if (outcome._tag === "pending") return [`${id} was never judged`]
    if (outcome._tag !== "created") return []
    const creates = createsOf.get(id) ?? []
    if (creates.length === 0) return [`${id} was never created`]
    return when(creates[0]?.taskId !== outcome.handle.remoteId, `${id} has the task of somebody else`)
  })
  return [
    ...[...createsOf].flatMap(([id, creates]) => [
      ...when(creates.length > 1, `${id} was created ${creates.length} times`),
      ...when(
        !["created", "ambiguous"].includes(outcomes.get(id) ?? ""),
        `${id} was created, and is ${outcomes.get(id)}`
      )
    ]),
    ...judged,
    ...asked.wishes.flatMap((wish, n) => when(made(wish) > 1, `customer ${n} paid ${made(wish)} times`))
  ]
}

/** What customers were told is so: by the ledger, and by the store. */
const promises = ({ asked, ledger, submissions }: Outcome): ReadonlyArray<string> => {
  const createsOf = createsBy(ledger)
  const outcomes = new Map<string, string>(submissions.map(({ id, outcome }) => [id, outcome._tag]))
  const of = ({ answer, id, said }: Attempt) => {
    const creates = createsOf.get(id)?.length ?? 0
    const outcome = outcomes.get(id)
    switch (answer) {
      case "made":
        return when(outcome !== "created", `${id} was told to be made, and is ${outcome}`)
      case "again":
        return when(
          creates > 0 || outcome === "created",
          `${id} may be repeated, it was said, and was created: ${said}`
        )
      case "ambiguous":
        return when(outcome === undefined, `${id} was told to be ambiguous, and is not listed`)
      case "refused":
        return [`${id} was refused: ${said}`]
    }
  }
  return asked.wishes.flatMap(({ attempts }) => attempts.flatMap(of))
}

/** Every wish was met, unless its customer was told that nobody knows. */
const ends = ({ asked, ledger, submissions, tasks }: Outcome): ReadonlyArray<string> => {
  const statuses = new Map<string, string>(tasks.map(({ id, status }) => [id, status]))
  const created = submissions.filter(({ outcome }) => outcome._tag === "created").length
  const lost = asked.wishes.filter(({ attempts }) => attempts.at(-1)?.answer === "ambiguous").length
  const of = ({ attempts, end, isWatched, told }: Wish, n: number) => {
    const { answer, id = "" } = attempts.at(-1) ?? {}
    const status = statuses.get(id)
    // Its task may have been found all the same.
    if (answer === "ambiguous" && status === undefined) return []
    if (answer === "ambiguous") return when(status !== end, `${id} ended as ${status}, not as ${end}`)
    if (answer !== "made") return [`customer ${n} has nothing`]
    return [
      ...when(status !== end, `${id} ended as ${status}, not as ${end}`),
      ...when(isWatched && told !== end, `of ${id} was told ${told}, not ${end}`)
    ]
  }
  return [
    ...asked.wishes.flatMap(of),
    ...tasks.flatMap(({ id, status }) => when(!known.has(status), `${id} is ${status} in the end`)),
    ...when(tasks.length !== created, `${tasks.length} tasks of ${created} creates`),
    ...when(
      ledger.bills < asked.wishes.length - lost,
      `${ledger.bills} videos for ${asked.wishes.length} customers, of whom ${lost} were told that nobody knows`
    )
  ]
}

/** An ambiguous create is due to something that went wrong while it was under way. */
const doubt = (outcome: Outcome): ReadonlyArray<string> => {
  const { asked, deeds } = outcome
  const attempts = asked.wishes.flatMap((wish) => wish.attempts)
  const ambiguous = attempts.filter(({ answer }) => answer === "ambiguous")
  const most = mostAmbiguous(outcome)
  return [
    ...when(ambiguous.length > most, `${ambiguous.length} are ambiguous, ${most} at most could be`),
    ...ambiguous.flatMap(({ from, id, said, to }) =>
      when(!deeds.some((deed) => deed.from <= to && deed.to >= from), `${id} is ambiguous for no reason: ${said}`)
    )
  ]
}

/** How many creates could be in flight whenever something went wrong, and in no case more than a third of all. */
export const mostAmbiguous = ({ asked, concurrency, deeds, plan }: Outcome): number => {
  const attempts = asked.wishes.flatMap((wish) => wish.attempts)
  const inFlight = deeds.map((deed) =>
    Math.min(concurrency, attempts.filter(({ from, to }) => from <= deed.from && to >= deed.from).length)
  )
  return Math.min(Math.ceil(plan.tasks / 3), inFlight.reduce((sum, some) => sum + some, 0))
}

/** No task is polled by two at once for longer than a lock holds. */
const together = ({ lockMs, polls: { late, overlapMs } }: Outcome): ReadonlyArray<string> => [
  ...when(overlapMs > lockMs, `two polled one task at once for ${Math.round(overlapMs)} ms`),
  ...late.flatMap(({ bucket, by, overlapMs, polls }) =>
    when(
      overlapMs > lockMs,
      `${by} polled bucket ${bucket} ${polls} times, until ${Math.round(overlapMs)} ms after it was lost`
    )
  )
]

/** What the cluster keeps is bound by its size, not by what it has done. */
const mostRows: Readonly<Record<string, number>> = {
  video_tasks_buckets: 32,
  video_tasks_leases: 40,
  video_tasks_cluster_runners: 4,
  video_tasks_cluster_runner_migrations: 10,
  video_tasks_cluster_locks: 64
}

const rows = (outcome: Outcome): ReadonlyArray<string> =>
  Object.entries(outcome.rows).flatMap(([table, count]) => {
    const most = mostRows[table]
    if (most === undefined) return when(table.includes("cluster"), `${table} is not known`)
    return when(count > most, `${table} has ${count} rows`)
  })

const when = (is: boolean, what: string): ReadonlyArray<string> => is ? [what] : []

/** The creates of each submission, which is named in its prompt. */
export const createsBy = ({ creates }: Outcome["ledger"]) =>
  grouped(creates, ({ prompt }) => prompt.split(" ")[0] ?? "")

export const grouped = <A>(all: ReadonlyArray<A>, keyOf: (one: A) => string): ReadonlyMap<string, ReadonlyArray<A>> => {
  const groups = new Map<string, Array<A>>()
  for (const one of all) {
    const key = keyOf(one)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [one])
    else group.push(one)
  }
  return groups
}
