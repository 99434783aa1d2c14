import { assert, describe, it } from "@effect/vitest"
import { SqlBuckets } from "@video-tasks/runtime"
import type { Attempt, Wish } from "./chaos/customers.ts"
import * as History from "./chaos/history.ts"
import type { Deed, Outcome, Submission } from "./chaos/outcome.ts"
import * as Verdict from "./chaos/verdict.ts"

const attempt = (id: string, answer: Attempt["answer"], said?: string): Attempt => ({
  id,
  from: 1000,
  to: 2000,
  answer,
  ...(said === undefined ? {} : { said })
})

const created = (id: string): Submission => ({ id, outcome: { _tag: "created", handle: { remoteId: `of-${id}` } } })

const create = (id: string) => ({ prompt: `${id} [job=4]`, taskId: `of-${id}` })

const wishes: ReadonlyArray<Wish> = [
  { end: "SUCCESS", isWatched: true, attempts: [attempt("a", "made")], told: "SUCCESS" },
  { end: "FAILED", isWatched: false, attempts: [attempt("b", "made")] },
  { end: "SUCCESS", isWatched: true, attempts: [attempt("x", "again"), attempt("c", "made")], told: "SUCCESS" },
  { end: "ERROR", isWatched: true, attempts: [attempt("d", "ambiguous", "lost")] }
]

const deeds: ReadonlyArray<Deed> = [
  { what: "kill", from: 1500, to: 1510 },
  { what: "kill", from: 6000, to: 6010 },
  { what: "nap", from: 5000, to: 12_000 },
  { what: "silence", connections: 2, from: 5000, to: 8000 },
  { what: "reset", connections: 1, from: 9000, to: 10_000 },
  { what: "cut", connections: 9, from: 5000, to: 5001 },
  { what: "restart", from: 7000, to: 7300 }
]

/** A run in which all went as it should. */
const good: Outcome = {
  plan: { seed: 1, tasks: 4, seconds: 16 },
  buckets: 32,
  lockMs: 6000,
  concurrency: 64,
  began: 0,
  asked: { wishes, errors: new Map() },
  submissions: [
    created("a"),
    created("b"),
    created("c"),
    { id: "x", outcome: { _tag: "rejected", reason: "no runner took it" } },
    { id: "d", outcome: { _tag: "ambiguous", detail: "lost" } }
  ],
  tasks: [{ id: "a", status: "SUCCESS" }, { id: "b", status: "FAILED" }, { id: "c", status: "SUCCESS" }],
  ledger: { posts: 4, bills: 4, creates: ["a", "b", "c", "d"].map(create) },
  polls: { polls: 9, late: [], overlapMs: 0 },
  takes: 40,
  starts: 5,
  deeds,
  left: [0, 0, 0],
  rows: { video_tasks_buckets: 32, video_tasks_events: 1000 },
  seconds: 30
}

const without = (what: Deed["what"]) => deeds.filter((deed) => deed.what !== what)

const instead = (deed: Deed) => [...without(deed.what), deed]

/** The wishes, with another one in the place of the n-th. */
const wishing = (n: number, change: Partial<Wish>): Pick<Outcome, "asked"> => ({
  asked: { ...good.asked, wishes: wishes.map((wish, m) => m === n ? { ...wish, ...change } : wish) }
})

const judging = (submission: Submission): Pick<Outcome, "submissions"> => ({
  submissions: good.submissions.map((one) => one.id === submission.id ? submission : one)
})

const creating = (...ids: ReadonlyArray<string>): Pick<Outcome, "ledger"> => ({
  ledger: { posts: ids.length, bills: ids.length, creates: ids.map(create) }
})

const ending = (id: string, status: string): Pick<Outcome, "tasks"> => ({
  tasks: good.tasks.map((task) => task.id === id ? { id, status } : task)
})

/** What is forged, and every word of the verdict. */
const forgeries: ReadonlyArray<readonly [string, Partial<Outcome>, ReadonlyArray<string>]> = [
  ["nobody was killed", { deeds: [...without("kill"), { what: "nap", from: 1400, to: 9000 }] }, ["0 of kill, not 2"]],
  ["too few were killed", { deeds: instead({ what: "kill", from: 1500, to: 1510 }) }, ["1 of kill, not 2"]],
  [
    "few were killed in a long run",
    { plan: { ...good.plan, seconds: 240 } },
    ["2 of kill, not 30", "1 of nap, not 4", "1 of silence, not 2", "1 of reset, not 2"]
  ],
  ["nobody slept", { deeds: without("nap") }, ["0 of nap, not 1"]],
  ["who slept woke in time", { deeds: instead({ what: "nap", from: 0, to: 5000 }) }, ["0 of nap, not 1"]],
  ["no link fell silent", { deeds: without("silence") }, ["0 of silence, not 1"]],
  [
    "a link that nobody used fell silent",
    { deeds: instead({ what: "silence", connections: 0, from: 0, to: 5000 }) },
    ["0 of silence, not 1"]
  ],
  ["no link was reset", { deeds: without("reset") }, ["0 of reset, not 1"]],
  ["no connection was cut", { deeds: without("cut") }, ["0 of cut, not 1"]],
  [
    "there was no connection to cut",
    { deeds: instead({ what: "cut", connections: 0, from: 0, to: 1 }) },
    ["0 of cut, not 1"]
  ],
  ["the database was not restarted", { deeds: without("restart") }, ["0 of restart, not 1"]],
  [
    "the database was restarted twice",
    { deeds: [...deeds, { what: "restart", from: 0, to: 1 }] },
    ["the database was restarted more than once"]
  ],
  ["each bucket was taken once", { takes: 32 }, ["32 takings of 32 buckets: none has moved"]],
  ["there were other customers", { plan: { ...good.plan, tasks: 5 } }, ["4 wishes, not 5"]],
  ["nothing was polled", { polls: { polls: 0, late: [], overlapMs: 0 } }, ["0 polls of 3 tasks"]],
  [
    "workers did not stop well",
    { left: [0, null, 1] },
    ["a worker that was asked to stop ended with null", "a worker that was asked to stop ended with 1"]
  ],
  [
    "a create was sent twice",
    creating("a", "a", "b", "c"),
    ["a was created 2 times", "customer 0 paid 2 times"]
  ],
  [
    "an ambiguous create was sent again",
    creating("a", "b", "c", "d", "d"),
    ["d was created 2 times", "customer 3 paid 2 times"]
  ],
  [
    "what is said to have been rejected was made",
    creating("a", "b", "c", "x"),
    [
      "x was created, and is rejected",
      "customer 2 paid 2 times",
      "x may be repeated, it was said, and was created: undefined"
    ]
  ],
  [
    "a create was never judged",
    judging({ id: "d", outcome: { _tag: "pending" } }),
    ["d was created, and is pending", "d was never judged"]
  ],
  [
    "a task was never made",
    creating("a", "b"),
    ["c was never created", "2 videos for 4 customers, of whom 1 were told that nobody knows"]
  ],
  [
    "somebody else's task was stored",
    judging({ id: "a", outcome: { _tag: "created", handle: { remoteId: "of-b" } } }),
    ["a has the task of somebody else"]
  ],
  [
    "a handle was told of a create that is ambiguous",
    { ...judging({ id: "a", outcome: { _tag: "ambiguous", detail: "?" } }), tasks: good.tasks.slice(1) },
    ["a was told to be made, and is ambiguous", "a ended as undefined, not as SUCCESS"]
  ],
  [
    "what was told to be ambiguous is not listed",
    { submissions: good.submissions.slice(0, -1), ...creating("a", "b", "c") },
    ["d was told to be ambiguous, and is not listed"]
  ],
  [
    "a customer was refused for good",
    wishing(3, { attempts: [attempt("d", "refused", "no")] }),
    ["d was refused: no", "customer 3 has nothing"]
  ],
  ["a task ended otherwise", ending("b", "SUCCESS"), ["b ended as SUCCESS, not as FAILED"]],
  [
    "a task never ended",
    ending("b", "IN_PROGRESS"),
    ["b ended as IN_PROGRESS, not as FAILED", "b is IN_PROGRESS in the end"]
  ],
  ["a customer was told of another end", wishing(0, { told: "ERROR" }), ["of a was told ERROR, not SUCCESS"]],
  [
    "an ambiguous create was found, and its task ended otherwise",
    { ...judging(created("d")), tasks: [...good.tasks, { id: "d", status: "SUCCESS" }] },
    ["d ended as SUCCESS, not as ERROR"]
  ],
  ["a task is missing", { tasks: good.tasks.slice(1) }, [
    "a ended as undefined, not as SUCCESS",
    "2 tasks of 3 creates"
  ]],
  [
    "nothing was wrong while a create became ambiguous",
    wishing(3, { attempts: [{ ...attempt("d", "ambiguous", "lost"), from: 3000, to: 4000 }] }),
    ["d is ambiguous for no reason: lost"]
  ],
  [
    "more are ambiguous than could be in flight",
    { concurrency: 0 },
    ["1 are ambiguous, 0 at most could be"]
  ],
  [
    "nearly half are ambiguous",
    {
      plan: { ...good.plan, tasks: 12 },
      asked: { ...good.asked, wishes: Array.from({ length: 12 }, (_, n) => wishes[n < 5 ? 3 : 0]!) }
    },
    ["4 videos for 12 customers, of whom 5 were told that nobody knows", "5 are ambiguous, 4 at most could be"]
  ],
  [
    "two polled one task at once",
    { polls: { ...good.polls, overlapMs: 6001 } },
    ["two polled one task at once for 6001 ms"]
  ],
  [
    "somebody went on polling",
    { polls: { ...good.polls, late: [{ bucket: 3, by: "a1", polls: 7, overlapMs: 6001, wasAsleep: false }] } },
    ["a1 polled bucket 3 7 times, until 6001 ms after it was lost"]
  ],
  ["a table grows", { rows: { video_tasks_leases: 41 } }, ["video_tasks_leases has 41 rows"]],
  ["messages are kept", { rows: { video_tasks_cluster_messages: 0 } }, ["video_tasks_cluster_messages is not known"]]
]

describe("the verdict on chaos", () => {
  it("finds nothing in a good run", () => assert.deepStrictEqual(Verdict.violations(good), []))

  it.each(forgeries)(
    "is against it when %s",
    (_, forged, said) => assert.deepStrictEqual(Verdict.violations({ ...good, ...forged }), said)
  )
})

describe("the histories of chaos", () => {
  const id = "01890a5d-ac96-774b-bcce-000000000000"
  const bucket = SqlBuckets.bucketOf(id, 32)
  const lives = [
    { name: "a1", address: "h:1", startedAt: 0, pauses: [{ from: 2000, to: 5000 }] },
    { name: "b1", address: "h:2", startedAt: 0, pauses: [] }
  ]
  const takes = [{ bucket, address: "h:1", at: 100 }, { bucket, address: "h:2", at: 1000 }]
  const compare = (...polls: ReadonlyArray<readonly [string, number]>) =>
    History.compare(
      [{ taskId: "t", polledAt: polls.map(([, at]) => at), polledBy: polls.map(([by]) => by) }],
      takes,
      lives,
      32,
      (remoteId) => remoteId === "t" ? id : undefined
    )

  it("finds nothing where each one polls what it has", () =>
    assert.deepStrictEqual(compare(["a1", 200], ["b1", 1200]), { polls: 2, late: [], overlapMs: 0 }))

  it("finds polls by one that has lost the bucket, from the taking on", () =>
    assert.deepStrictEqual(compare(["a1", 200], ["a1", 1100], ["b1", 1200], ["a1", 1900]), {
      polls: 4,
      late: [{ bucket, by: "a1", polls: 2, overlapMs: 900, wasAsleep: false }],
      overlapMs: 700
    }))

  it("counts from when one woke up that was asleep meanwhile", () =>
    assert.deepStrictEqual(compare(["b1", 1200], ["a1", 5300]), {
      polls: 2,
      late: [{ bucket, by: "a1", polls: 1, overlapMs: 300, wasAsleep: true }],
      overlapMs: 300
    }))

  it("finds polls by somebody unknown", () =>
    assert.deepStrictEqual(compare(["z", 1500]), {
      polls: 1,
      late: [{ bucket, by: "z", polls: 1, overlapMs: 500, wasAsleep: false }],
      overlapMs: 0
    }))
})
