/**
 * What every store must do, as data: run the cases with any test runner, each on a fresh store.
 *
 * @since 0.1.0
 */
import type { Outcome } from "@video-tasks/core/Submission"
import type { Created } from "@video-tasks/core/TaskEvent"
import { TaskHandle } from "@video-tasks/core/TaskHandle"
import * as TaskMachine from "@video-tasks/core/TaskMachine"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { claimCases } from "./internal/storeClaimCases.ts"
import {
  advance,
  createdOf,
  handleOf,
  idOf,
  make,
  progressed,
  submissionOf,
  succeeded
} from "./internal/storeFixtures.ts"
import { stepCases } from "./internal/storeStepCases.ts"
import { submissionCases } from "./internal/storeSubmissionCases.ts"
import { TaskStore, type TaskStoreError, type VersionConflict } from "./TaskStore.ts"

/**
 * The store did something else than it must.
 *
 * @category errors
 * @since 0.1.0
 */
export class Mismatch extends Data.TaggedError("Mismatch")<{
  readonly what: string
  readonly actual: string
  readonly expected: string
}> {
  override get message(): string {
    return `${this.what}: got ${this.actual}, expected ${this.expected}`
  }
}

/**
 * One thing that a store must do.
 *
 * @category models
 * @since 0.1.0
 */
export interface Case {
  readonly name: string
  readonly effect: Effect.Effect<void, Mismatch | TaskStoreError | VersionConflict | Schema.SchemaError, TaskStore>
}

/**
 * Everything that a store must do.
 *
 * **Example** (Testing a store)
 *
 * ```ts import.meta.vitest
 * import { TaskStore, TaskStoreSuite } from "@video-tasks/runtime"
 * import { Effect } from "effect"
 *
 * const results = TaskStoreSuite.cases.map((one) => Effect.provide(one.effect, TaskStore.layerMemory, { local: true }))
 * const passed = await Effect.runPromise(Effect.forEach(results, Effect.result))
 * passed.every((result) => result._tag === "Success") // => true
 * ```
 *
 * @category testing
 * @since 0.1.0
 */
export const cases: ReadonlyArray<Case> = [
  { name: "keeps the intent of a create and what became of it", effect: Effect.suspend(() => keepsSubmissions) },
  { name: "never takes back that a create made a task", effect: Effect.suspend(() => keepsCreated) },
  {
    name: "refuses a second intent of the same id and an outcome without intent",
    effect: Effect.suspend(() => refuses)
  },
  { name: "lists submissions by outcome, oldest first", effect: Effect.suspend(() => listsSubmissions) },
  { name: "knows nothing of a task that was never appended", effect: Effect.suspend(() => knowsNothing) },
  { name: "keeps a task whole, its link included", effect: Effect.suspend(() => keepsTasks) },
  { name: "counts versions and keeps the journal in order", effect: Effect.suspend(() => countsVersions) },
  { name: "refuses an append at another version and writes nothing", effect: Effect.suspend(() => refusesConflicts) },
  { name: "lets one of two concurrent appends through", effect: Effect.suspend(() => refusesRaces) },
  { name: "keeps one task for each handle", effect: Effect.suspend(() => keepsHandlesUnique) },
  { name: "finds a task by its handle, whatever its creation time", effect: Effect.suspend(() => findsHandles) },
  { name: "keeps the last answer only", effect: Effect.suspend(() => keepsRaw) },
  { name: "lists tasks by status and provider, oldest first, page by page", effect: Effect.suspend(() => listsTasks) },
  { name: "claims unfinished tasks for one owner at a time", effect: Effect.suspend(() => claims) },
  { name: "lets claims lapse, be renewed and be given back", effect: Effect.suspend(() => claimsLapse) },
  ...claimCases((what, actual, expected) => expect(what, actual, expected)),
  ...submissionCases((what, actual, expected) => expect(what, actual, expected)),
  ...stepCases((what, actual, expected) => expect(what, actual, expected))
]

// internal

const expect = (what: string, actual: unknown, expected: unknown): Effect.Effect<void, Mismatch> => {
  const [got, wanted] = [write(actual), write(expected)]
  return got === wanted ? Effect.void : Effect.fail(new Mismatch({ what, actual: got, expected: wanted }))
}

const write = (value: unknown): string => JSON.stringify(value) ?? "undefined"

/** As text, secrets included: a link that comes back without its query is lost. */
const encode = Schema.encodeEffect(TaskMachine.Persisted)

const keepsSubmissions = Effect.gen(function*() {
  const store = yield* TaskStore
  yield* store.begin(submissionOf(1))
  yield* expect("the intent", (yield* store.submissions({})).items, [submissionOf(1)])
  const outcome: Outcome = { _tag: "created", handle: handleOf(1) }
  yield* store.settle(idOf(1), outcome)
  yield* expect("the outcome", (yield* store.submissions({})).items.map((one) => one.outcome), [outcome])
})

const keepsCreated = Effect.gen(function*() {
  const store = yield* TaskStore
  yield* store.begin(submissionOf(1))
  yield* store.settle(idOf(1), { _tag: "ambiguous", detail: "interrupted" })
  yield* store.settle(idOf(1), { _tag: "created", handle: handleOf(1) })
  yield* store.settle(idOf(1), { _tag: "ambiguous", detail: "too late" })
  const page = yield* store.submissions({})
  yield* expect("the outcome", page.items.map((one) => one.outcome._tag), ["created"])
})

const refuses = Effect.gen(function*() {
  const store = yield* TaskStore
  yield* store.begin(submissionOf(1))
  const second = yield* Effect.result(store.begin(submissionOf(1)))
  yield* expect("a second intent", second._tag, "Failure")
  const stray = yield* Effect.result(store.settle(idOf(2), { _tag: "rejected", reason: "Unauthorized" }))
  yield* expect("an outcome without intent", stray._tag, "Failure")
})

const listsSubmissions = Effect.gen(function*() {
  const store = yield* TaskStore
  for (let n = 1; n <= 250; n++) {
    yield* store.begin(submissionOf(n))
    if (n % 2 === 0) yield* store.settle(idOf(n), { _tag: "rejected", reason: "Unauthorized" })
  }
  const found: Array<string> = []
  let cursor: string | undefined
  do {
    const page = yield* cursor === undefined
      ? store.submissions({ outcome: "rejected" })
      : store.submissions({ outcome: "rejected" }, cursor)
    found.push(...page.items.map((one) => one.id))
    cursor = page.cursor
  } while (cursor !== undefined)
  yield* expect("the rejected ones", found, Array.from({ length: 125 }, (_, n) => idOf(2 * n + 2)))
})

const knowsNothing = Effect.gen(function*() {
  const store = yield* TaskStore
  yield* expect("load", yield* store.load(idOf(1)), undefined)
  yield* expect("find", yield* store.find(handleOf(1)), undefined)
  yield* expect("events", yield* store.events(idOf(1)), [])
  yield* expect("list", (yield* store.list({})).items, [])
})

const keepsTasks = Effect.gen(function*() {
  const store = yield* TaskStore
  yield* make(1)
  yield* advance(1, 1, succeeded(2000))
  const stored = yield* store.load(idOf(1))
  const events = yield* store.events(idOf(1))
  const [first, ...rest] = events
  if (stored === undefined || first?.type !== "task.created") {
    return yield* expect("the task", [stored, first?.type], ["a task", "task.created"])
  }
  const expected = TaskMachine.step(TaskMachine.initial(createdOf(1)), succeeded(2000)).snapshot
  const wanted = yield* encode(TaskMachine.persist(expected))
  yield* expect("the snapshot", yield* encode(stored.snapshot), wanted)
  const replayed = TaskMachine.replay([first, ...rest])
  yield* expect("the journal, lived through again", yield* encode(TaskMachine.persist(replayed)), wanted)
})

const countsVersions = Effect.gen(function*() {
  const store = yield* TaskStore
  yield* expect("the first version", yield* make(1), 1)
  yield* expect("the second version", yield* advance(1, 1, progressed(2000, 10)), 2)
  yield* expect("the third version", yield* advance(1, 2, progressed(3000, 20)), 3)
  yield* expect("the version that is kept", (yield* store.load(idOf(1)))?.version, 3)
  const events = yield* store.events(idOf(1))
  yield* expect("the journal", events.map((event) => [event.type, event.at]), [
    ["task.created", 1001],
    ["task.observed", 2000],
    ["task.observed", 3000]
  ])
})

const refusesConflicts = Effect.gen(function*() {
  const store = yield* TaskStore
  yield* make(1)
  yield* advance(1, 1, progressed(2000, 10))
  const late = yield* Effect.flip(advance(1, 1, progressed(3000, 90))).pipe(
    Effect.catch(() => expect("an append at an old version", "it succeeded", "VersionConflict"))
  )
  yield* expect(
    "the conflict",
    late?._tag === "VersionConflict" ? [late.id, late.expected, late.actual] : late?._tag,
    [idOf(1), 1, 2]
  )
  const early = yield* Effect.result(advance(1, 7, progressed(3000, 90)))
  yield* expect("an append at a version to come", early._tag, "Failure")
  const again = yield* Effect.result(make(1))
  yield* expect("making the task again", again._tag, "Failure")
  const missing = yield* Effect.result(advance(2, 3, progressed(3000, 90)))
  yield* expect("an append to a task that is not there", missing._tag, "Failure")
  yield* expect("the progress", (yield* store.load(idOf(1)))?.snapshot.task.progress, 10)
  yield* expect("the journal", (yield* store.events(idOf(1))).length, 2)
})

const refusesRaces = Effect.gen(function*() {
  yield* make(1)
  const results = yield* Effect.all(
    [10, 20, 30, 40].map((progress) => Effect.result(advance(1, 1, progressed(2000, progress)))),
    { concurrency: "unbounded" }
  )
  yield* expect("the appends that went through", results.filter((one) => one._tag === "Success").length, 1)
})

const keepsHandlesUnique = Effect.gen(function*() {
  const store = yield* TaskStore
  yield* make(1)
  const twin: Created = { ...createdOf(2), handle: handleOf(1) }
  const snapshot = TaskMachine.persist(TaskMachine.initial(twin))
  const conflict = yield* Effect.flip(store.append(twin.id, 0, [twin], { snapshot })).pipe(
    Effect.catch(() => expect("a second task of the same handle", "it was made", "VersionConflict"))
  )
  yield* expect("the task that has it", conflict?._tag === "VersionConflict" ? conflict.id : conflict?._tag, idOf(1))
  yield* expect("the second task", yield* store.load(idOf(2)), undefined)
})

const findsHandles = Effect.gen(function*() {
  const store = yield* TaskStore
  yield* make(1)
  const { createdAt: _, requestHash: __, ...bare } = handleOf(1)
  const found = yield* store.find(new TaskHandle(bare))
  yield* expect("the task", found?.snapshot.task.id, idOf(1))
  yield* expect("its handle", found?.snapshot.task.handle, handleOf(1))
  const other = yield* store.find(new TaskHandle({ ...bare, account: "other" }))
  yield* expect("another account's task", other, undefined)
})

const keepsRaw = Effect.gen(function*() {
  const store = yield* TaskStore
  yield* make(1)
  yield* advance(1, 1, progressed(2000, 10), "{\"n\":1}")
  yield* advance(1, 2, progressed(3000, 20), "{\"n\":2}")
  yield* expect("the answer", (yield* store.load(idOf(1)))?.raw, "{\"n\":2}")
})

const listsTasks = Effect.gen(function*() {
  const store = yield* TaskStore
  for (let n = 1; n <= 250; n++) {
    yield* make(n, n % 2 === 0 ? "even" : "odd")
    if (n % 10 === 0) yield* advance(n, 1, succeeded(5000))
  }
  const listed = Effect.fnUntraced(function*(filter: Parameters<typeof store.list>[0]) {
    const found: Array<string> = []
    let cursor: string | undefined
    do {
      const page = yield* cursor === undefined ? store.list(filter) : store.list(filter, cursor)
      found.push(...page.items.map((one) => one.snapshot.task.id))
      cursor = page.cursor
    } while (cursor !== undefined)
    return found
  })
  const all = Array.from({ length: 250 }, (_, n) => n + 1)
  yield* expect("all", yield* listed({}), all.map(idOf))
  yield* expect("one provider's", yield* listed({ provider: "odd" }), all.filter((n) => n % 2 === 1).map(idOf))
  const ended = yield* listed({ status: ["SUCCESS", "FAILED"] })
  yield* expect("the ended ones", ended, all.filter((n) => n % 10 === 0).map(idOf))
  const none = yield* listed({ status: ["SUCCESS"], provider: "odd" })
  yield* expect("both filters", none, [])
})

const claims = Effect.gen(function*() {
  const store = yield* TaskStore
  for (const n of [1, 2, 3, 4]) yield* make(n)
  yield* advance(2, 1, succeeded(2000))
  const first = yield* store.claim("a", 2, 10_000, 5000)
  yield* expect("the first two", first.map((one) => one.snapshot.task.id), [idOf(1), idOf(3)])
  yield* expect("the claim", first[0]?.claim, { owner: "a", until: 10_000 })
  const second = yield* store.claim("b", 10, 10_000, 5000)
  yield* expect("what is left", second.map((one) => one.snapshot.task.id), [idOf(4)])
  const third = yield* store.claim("c", 10, 10_000, 5000)
  yield* expect("nothing is left", third, [])
  yield* expect("the claim is kept", (yield* store.load(idOf(4)))?.claim, { owner: "b", until: 10_000 })
})

const claimsLapse = Effect.gen(function*() {
  const store = yield* TaskStore
  for (const n of [1, 2]) yield* make(n)
  yield* store.claim("a", 1, 10_000, 5000)
  yield* store.claim("b", 1, 10_000, 5000)
  yield* store.renew("a", 20_000)
  const lapsed = yield* store.claim("c", 10, 30_000, 15_000)
  yield* expect("the lapsed one", lapsed.map((one) => one.snapshot.task.id), [idOf(2)])
  yield* store.release("b", [idOf(2)])
  yield* expect("what others hold stays", yield* store.claim("d", 10, 30_000, 15_000), [])
  yield* store.release("a", [idOf(1)])
  const freed = yield* store.claim("d", 10, 30_000, 15_000)
  yield* expect("the one that was given back", freed.map((one) => one.snapshot.task.id), [idOf(1)])
})
