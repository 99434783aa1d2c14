/**
 * What every store must do about claims, beyond one owner after the other.
 */
import * as TaskMachine from "@video-tasks/core/TaskMachine"
import * as Effect from "effect/Effect"
import { longestLeaseMs } from "../Standing.ts"
import { type StoredTask, TaskStore } from "../TaskStore.ts"
import type { Case, Mismatch } from "../TaskStoreSuite.ts"
import { advance, createdOf, idOf, make, progressed, submissionOf, succeeded } from "./storeFixtures.ts"

/** @internal */
export type Expect = (what: string, actual: unknown, expected: unknown) => Effect.Effect<void, Mismatch>

/** @internal */
export const claimCases = (expect: Expect): ReadonlyArray<Case> => [
  { name: "gives no task to two owners, however many ask at once", effect: atOnce(expect) },
  { name: "hands out what it claims whole, as it was stored last", effect: whole(expect) },
  { name: "frees a claim at the very moment at which its time is over", effect: atTheMoment(expect) },
  { name: "ends a claim with its task", effect: endsWithTheTask(expect) },
  { name: "claims a new task from its first moment", effect: fromTheFirstMoment(expect) },
  { name: "claims only the tasks that are asked for", effect: onlyThese(expect) },
  { name: "does not give an owner back what lapsed while it was away", effect: comesBack(expect) },
  { name: "does not shorten a claim by a later one", effect: neverShorter(expect) },
  { name: "takes a lease for over that ends later than any lease may", effect: wrongClocks(expect) },
  { name: "leaves alone who renews or releases what it does not hold", effect: strangers(expect) },
  { name: "says until when an owner holds what it holds", effect: tellsLeases(expect) },
  { name: "gives a lease to who is about to send, with the intent", effect: sendersHold(expect) },
  { name: "gives a name to one of those who ask for it at once, until its time is over", effect: locks(expect) }
]

const idsOf = (tasks: ReadonlyArray<StoredTask>): ReadonlyArray<string> => tasks.map((one) => one.snapshot.task.id)

const atOnce = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    const all = Array.from({ length: 100 }, (_, n) => n + 1)
    yield* Effect.forEach(all, (n) => make(n), { discard: true })
    const claims = yield* Effect.forEach(
      Array.from({ length: 10 }, (_, n) => `owner-${n}`),
      (owner) => store.claim(owner, 20, 10_000, 5000),
      { concurrency: "unbounded" }
    )
    yield* expect("each task, once", claims.flatMap(idsOf).sort(), all.map(idOf))
    yield* expect("nobody has more than it asked for", claims.filter((one) => one.length > 20).length, 0)
    const owners = yield* Effect.forEach(claims.flat(), (one) =>
      Effect.map(store.load(one.snapshot.task.id), (kept) => kept?.claim?.owner === one.claim?.owner))
    yield* expect(
      "the owners that are kept",
      owners.filter((isSame) =>
        !isSame
      ).length,
      0
    )
  })

const whole = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    for (const n of [1, 2, 3]) yield* make(n)
    yield* advance(3, 1, progressed(2000, 40), "{\"progress\":40}")
    yield* advance(1, 1, progressed(3000, 10), "\u0000")
    const claimed = yield* store.claim("a", 10, 10_000, 5000)
    yield* expect("what is claimed", claimed.map(({ raw, version }) => [version, raw]), [
      [2, "\u0000"],
      [1, undefined],
      [2, "{\"progress\":40}"]
    ])
    const loaded = yield* Effect.forEach([1, 2, 3], (n) => store.load(idOf(n)))
    yield* expect("what is stored", claimed, loaded)
  })

const atTheMoment = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    yield* make(1)
    yield* store.claim("a", 1, 10_000, 5000)
    yield* expect("1 ms before", idsOf(yield* store.claim("b", 1, 20_000, 9999)), [])
    yield* expect("at that moment", idsOf(yield* store.claim("b", 1, 20_000, 10_000)), [idOf(1)])
    yield* store.renew("a", 90_000)
    yield* expect("who holds it", (yield* store.load(idOf(1)))?.claim, { owner: "b", until: 20_000 })
  })

const endsWithTheTask = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    yield* make(1)
    yield* store.claim("a", 1, 10_000, 5000)
    yield* advance(1, 1, succeeded(6000))
    yield* expect("the claim", (yield* store.load(idOf(1)))?.claim, undefined)
    yield* expect("an ended task", idsOf(yield* store.claim("b", 10, 90_000, 50_000)), [])
  })

const fromTheFirstMoment = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    const created = createdOf(1)
    const snapshot = TaskMachine.persist(TaskMachine.initial(created))
    yield* store.append(created.id, 0, [created], { snapshot, claim: { owner: "a", until: 10_000 } })
    yield* expect("the claim", (yield* store.load(idOf(1)))?.claim, { owner: "a", until: 10_000 })
    yield* expect("for another", idsOf(yield* store.claim("b", 10, 20_000, 5000)), [])
    yield* expect("for another, later", idsOf(yield* store.claim("b", 10, 20_000, 10_000)), [idOf(1)])
  })

const onlyThese = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    for (const n of [1, 2, 3]) yield* make(n)
    yield* advance(3, 1, succeeded(2000))
    const asked = [idOf(2), idOf(3), idOf(4)]
    yield* expect("what is free of them", idsOf(yield* store.claim("a", 10, 10_000, 5000, asked)), [idOf(2)])
    yield* expect("once more", idsOf(yield* store.claim("b", 10, 10_000, 5000, asked)), [])
    yield* expect("none asked for", idsOf(yield* store.claim("b", 10, 10_000, 5000, [])), [])
    yield* expect("the rest", idsOf(yield* store.claim("b", 10, 10_000, 5000)), [idOf(1)])
  })

const comesBack = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    for (const n of [1, 2]) yield* make(n)
    yield* store.claim("a", 2, 10_000, 5000)
    yield* expect("what it claims again", idsOf(yield* store.claim("a", 1, 30_000, 20_000)), [idOf(1)])
    yield* expect("what is left", idsOf(yield* store.claim("b", 2, 30_000, 20_000)), [idOf(2)])
  })

const neverShorter = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    for (const n of [1, 2]) yield* make(n)
    yield* store.claim("a", 1, 20_000, 5000)
    yield* store.claim("a", 1, 10_000, 5000)
    yield* expect("the first one", (yield* store.load(idOf(1)))?.claim, { owner: "a", until: 20_000 })
    yield* expect("for another", idsOf(yield* store.claim("b", 2, 30_000, 15_000)), [])
  })

const wrongClocks = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    for (const n of [1, 2]) yield* make(n)
    yield* store.claim("a", 1, 10_000, 5000)
    yield* store.renew("a", 5000 + longestLeaseMs)
    yield* expect("the longest lease", idsOf(yield* store.claim("b", 1, 10_000, 5000, [idOf(1)])), [])
    yield* store.renew("a", 5001 + longestLeaseMs)
    yield* expect("a longer one", idsOf(yield* store.claim("b", 1, 10_000, 5000, [idOf(1)])), [idOf(1)])
    yield* store.renew("a", 20_000 + longestLeaseMs)
    yield* store.claim("a", 1, 10_000, 5000, [idOf(2)])
    yield* expect("the lease once the clock is right", yield* store.leaseOf("a"), 10_000)
  })

const strangers = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    yield* make(1)
    yield* store.renew("b", 90_000)
    yield* store.claim("a", 1, 10_000, 5000)
    yield* store.renew("b", 90_000)
    yield* store.release("b", [idOf(1), idOf(2)])
    yield* store.release("a", [])
    yield* expect("the claim", (yield* store.load(idOf(1)))?.claim, { owner: "a", until: 10_000 })
  })

const tellsLeases = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    yield* make(1)
    yield* expect("who never held anything", yield* store.leaseOf("a"), undefined)
    yield* store.claim("a", 1, 10_000, 5000)
    yield* expect("after a claim", yield* store.leaseOf("a"), 10_000)
    yield* store.renew("a", 20_000)
    yield* expect("after it was renewed", yield* store.leaseOf("a"), 20_000)
    yield* store.renew("a", 6000)
    yield* expect("given up before its time", idsOf(yield* store.claim("b", 1, 30_000, 6000)), [idOf(1)])
  })

const sendersHold = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    yield* store.begin(submissionOf(1), { owner: "a", until: 10_000 })
    yield* store.begin(submissionOf(2), { owner: "a", until: 9000 })
    yield* store.begin(submissionOf(3))
    yield* expect("the lease", yield* store.leaseOf("a"), 10_000)
    yield* expect("a submission by its id", yield* store.submission(idOf(2)), submissionOf(2))
    yield* expect("a submission that is not there", yield* store.submission(idOf(4)), undefined)
    yield* store.settle(idOf(2), { _tag: "ambiguous", detail: "lost" })
    const settled = yield* store.submission(idOf(2))
    yield* expect("its outcome", settled?.outcome, { _tag: "ambiguous", detail: "lost" })
    const second = yield* Effect.result(store.begin(submissionOf(1), { owner: "b", until: 10_000 }))
    yield* expect("an intent that is refused", second._tag, "Failure")
    yield* expect("gives no lease", yield* store.leaseOf("b"), undefined)
  })

const locks = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    const asked = Effect.forEach([1, 2, 3, 4], (n) => store.lock("a", 10_000 + n, 5000), { concurrency: "unbounded" })
    const taken = yield* asked
    yield* expect("how many have it", taken.filter((is) => is).length, 1)
    const held = 10_001 + taken.indexOf(true)
    yield* expect("another name", yield* store.lock("b", 10_000, 5000), true)
    yield* expect("who does not have it", yield* store.lock("a", 20_000, 6000, 9999), false)
    yield* expect("who has it", yield* store.lock("a", 20_000, 6000, held), true)
    yield* expect("with the time before", yield* store.lock("a", 30_000, 6000, held), false)
    yield* expect("1 ms before its time is over", yield* store.lock("a", 30_000, 19_999), false)
    yield* expect("at that moment", yield* store.lock("a", 30_000, 20_000), true)
    yield* expect("who had it before", yield* store.lock("a", 40_000, 20_000, 20_000), false)
    yield* expect("given back", yield* store.lock("a", 21_000, 21_000, 30_000), true)
    yield* expect("and taken", yield* store.lock("a", 40_000, 21_000), true)
    yield* store.lock("far", 90_000_000, 21_000)
    yield* expect("by a clock that was wrong", yield* store.lock("far", 40_000, 21_000), true)
  })
