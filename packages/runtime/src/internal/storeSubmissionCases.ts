/**
 * What every store must do about the intents of creates.
 */
import { RequestRecord } from "@video-tasks/core/RequestRecord"
import { type Outcome, Submission } from "@video-tasks/core/Submission"
import * as Effect from "effect/Effect"
import { TaskStore } from "../TaskStore.ts"
import type { Case } from "../TaskStoreSuite.ts"
import type { Expect } from "./storeClaimCases.ts"
import { advance, handleOf, idOf, make, submissionOf, succeeded } from "./storeFixtures.ts"

/** @internal */
export const submissionCases = (expect: Expect): ReadonlyArray<Case> => [
  { name: "refuses an intent whose id a task has", effect: refusesTaken(expect) },
  { name: "takes back that a create made a task, once that has ended", effect: takesBack(expect) },
  { name: "forgets what was asked for with the task that is removed", effect: forgets(expect) }
]

const refusesTaken = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    for (const n of [1, 2]) yield* make(n)
    const intent = yield* Effect.result(store.begin(submissionOf(1), { owner: "a", until: 10_000 }))
    const outcome = intent._tag === "Failure" ? [intent.failure._tag, intent.failure.retryable] : intent._tag
    yield* expect("an intent for what is there", outcome, ["TaskStoreError", false])
    yield* expect("nothing of it is kept", yield* store.submission(idOf(1)), undefined)
    yield* expect("nor its lease", yield* store.leaseOf("a"), undefined)
    yield* expect("the task", (yield* store.load(idOf(1)))?.version, 1)
    const { outcome: _, ...rest } = submissionOf(2)
    const record = new Submission({ ...rest, outcome: { _tag: "created", handle: handleOf(2) } })
    yield* store.begin(record)
    yield* expect("the record of how a task was made", yield* store.submission(idOf(2)), record)
  })

const takesBack = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    const ambiguous: Outcome = { _tag: "ambiguous", detail: "another one" }
    for (const n of [1, 2]) {
      yield* store.begin(submissionOf(n))
      yield* make(n)
    }
    yield* advance(2, 1, succeeded(2000))
    yield* expect("one that goes on", yield* store.takeBack(idOf(1), ambiguous), false)
    yield* expect("its outcome", (yield* store.submission(idOf(1)))?.outcome._tag, "created")
    yield* expect("none at all", yield* store.takeBack(idOf(3), ambiguous), false)
    yield* expect("one that has ended", yield* store.takeBack(idOf(2), ambiguous), true)
    yield* expect("its outcome then", (yield* store.submission(idOf(2)))?.outcome, ambiguous)
    yield* expect("the task", yield* store.load(idOf(2)), undefined)
    yield* expect("its journal", yield* store.events(idOf(2)), [])
    yield* expect("the open ones", (yield* store.submissions({ outcome: "ambiguous" })).items.map(({ id }) => id), [
      idOf(2)
    ])
    yield* make(2)
    yield* expect("made again", (yield* store.submission(idOf(2)))?.outcome._tag, "created")
  })

const forgets = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    const request = new RequestRecord({ prompt: "a secret fox \u0000", isWhole: true })
    const asked = (n: number) => {
      const { ...fields } = submissionOf(n)
      return new Submission({ ...fields, request })
    }
    for (const n of [1, 2, 3, 4]) yield* store.begin(asked(n))
    for (const n of [1, 2]) yield* make(n)
    yield* advance(1, 1, succeeded(2000))
    yield* store.settle(idOf(3), { _tag: "rejected", reason: "Unauthorized" })
    yield* store.settle(idOf(4), { _tag: "ambiguous", detail: "lost" })
    yield* expect("what is removed", yield* store.remove([1, 2, 3, 4, 5].map(idOf)), 1)
    const { items } = yield* store.submissions({})
    yield* expect("what was asked for", items.map((one) => one.request?.prompt), [
      undefined,
      request.prompt,
      undefined,
      request.prompt
    ])
    yield* expect("the outcomes", items.map((one) => one.outcome._tag), ["created", "created", "rejected", "ambiguous"])
    const { outcome: _, request: __, ...rest } = asked(1)
    const left = new Submission({ ...rest, outcome: { _tag: "created", handle: handleOf(1) } })
    yield* expect("all else", yield* store.submission(idOf(1)), left)
    const again = yield* Effect.result(store.begin(asked(1)))
    yield* expect("its id", again._tag, "Failure")
  })
