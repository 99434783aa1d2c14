/**
 * What every store must do about steps: all of one or nothing, whoever else writes, whatever stands in it.
 */
import type { Submission } from "@video-tasks/core/Submission"
import type { Created } from "@video-tasks/core/TaskEvent"
import { TaskHandle } from "@video-tasks/core/TaskHandle"
import * as TaskMachine from "@video-tasks/core/TaskMachine"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { type Page, type StoredTask, TaskStore } from "../TaskStore.ts"
import type { Case } from "../TaskStoreSuite.ts"
import type { Expect } from "./storeClaimCases.ts"
import { advance, createdOf, handleOf, idOf, make, progressed, submissionOf, succeeded } from "./storeFixtures.ts"

/** @internal */
export const stepCases = (expect: Expect): ReadonlyArray<Case> => [
  { name: "settles the submission of a task in the step that makes the task", effect: settles(expect) },
  { name: "writes nothing when nothing has happened", effect: writesNothing(expect) },
  { name: "makes one task of many attempts at once", effect: makesOne(expect) },
  { name: "lets tasks be written at once", effect: writesAtOnce(expect) },
  { name: "writes all of a step or nothing when it is interrupted", effect: interrupted(expect) },
  { name: "keeps a long journal in order", effect: longJournal(expect) },
  { name: "keeps any text as it is", effect: anyText(expect) },
  { name: "moves no page while tasks come and change", effect: stablePages(expect) },
  { name: "refuses a cursor that it did not make", effect: cursors(expect) },
  { name: "finds tasks and submissions by the beginning of their id", effect: beginnings(expect) },
  { name: "lists what changed since a time, and the newest first", effect: changes(expect) },
  { name: "removes ended tasks with their journals, and nothing else", effect: removes(expect) },
  { name: "moves no page while tasks are removed", effect: removesBetweenPages(expect) }
]

const settles = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    yield* store.begin(submissionOf(1))
    yield* store.begin(submissionOf(2))
    yield* make(1)
    const outcomes = (yield* store.submissions({})).items.map((one) => one.outcome)
    yield* expect("the outcomes", outcomes, [{ _tag: "created", handle: handleOf(1) }, { _tag: "pending" }])
    const pending = (yield* store.submissions({ outcome: "pending" })).items.map((one) => one.id)
    yield* expect("the open ones", pending, [idOf(2)])
    const twin: Created = { ...createdOf(2), handle: handleOf(1) }
    const snapshot = TaskMachine.persist(TaskMachine.initial(twin))
    yield* Effect.result(store.append(twin.id, 0, [twin], { snapshot }))
    const left = (yield* store.submissions({ outcome: "pending" })).items.map((one) => one.id)
    yield* expect("the open ones after a refused step", left, [idOf(2)])
  })

const beginnings = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    for (const n of [8, 9, 10, 11, 99, 100]) {
      yield* store.begin(submissionOf(n))
      if (n !== 11) yield* make(n)
    }
    const tasksOf = (idPrefix: string) =>
      Effect.map(store.list({ idPrefix }), ({ items }) => items.map(({ snapshot }) => snapshot.task.id))
    const whole = idOf(10)
    yield* expect("all of them", yield* tasksOf(""), [8, 9, 10, 99, 100].map(idOf))
    yield* expect("those of eight digits", yield* tasksOf(whole.slice(0, 8)), [8, 9, 10, 99, 100].map(idOf))
    yield* expect("those up to a hyphen", yield* tasksOf(whole.slice(0, 9)), [8, 9, 10, 99, 100].map(idOf))
    yield* expect("those of two digits", yield* tasksOf(whole.slice(0, -2)), [8, 9, 10, 99].map(idOf))
    yield* expect("those from 10 to 19", yield* tasksOf(whole.slice(0, -1)), [idOf(10)])
    yield* expect("a whole id", yield* tasksOf(whole), [whole])
    const foreign = ["f", `${whole}0`, whole.replaceAll("-", ""), "%", "_".repeat(9), "0000000g", "0000-"]
    yield* expect("what begins nothing", yield* Effect.forEach(foreign, tasksOf), foreign.map(() => []))
    const running = yield* store.list({ idPrefix: whole.slice(0, -2), status: ["SUCCESS"] })
    yield* expect("those that are in another state", running.items.length, 0)
    const open = yield* store.submissions({ idPrefix: whole.slice(0, -1), outcome: "pending" })
    yield* expect("the open submissions from 10 to 19", open.items.map(({ id }) => id), [idOf(11)])
    const none = yield* store.submissions({ idPrefix: "f" })
    yield* expect("the submissions of another beginning", none.items.length, 0)
  })

const changes = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    const count = 205
    for (let n = 1; n <= count; n++) {
      yield* store.begin(submissionOf(n))
      if (n !== 1) yield* make(n)
    }
    yield* advance(7, 1, progressed(5000, 10))
    yield* advance(3, 1, progressed(6000, 10))
    const since = (changedSince: number) =>
      Effect.map(store.list({ changedSince }), ({ items }) => items.map(({ snapshot }) => snapshot.task.id))
    yield* expect("what changed since 5000", yield* since(5000), [3, 7].map(idOf))
    yield* expect("what changed since 5001", yield* since(5001), [3].map(idOf))
    yield* expect("what changed since 6001", yield* since(6001), [])
    const all: Array<string> = []
    const open: Array<string> = []
    let [tasks, creates]: [string | undefined, string | undefined] = [undefined, undefined]
    do {
      const page: Page<StoredTask> = yield* store.list({ newestFirst: true, changedSince: 0 }, tasks)
      all.push(...page.items.map(({ snapshot }) => snapshot.task.id))
      tasks = page.cursor
    } while (tasks !== undefined)
    do {
      const page: Page<Submission> = yield* store.submissions({ newestFirst: true }, creates)
      open.push(...page.items.map(({ id }) => id))
      creates = page.cursor
    } while (creates !== undefined)
    const newestFirst = Array.from({ length: count }, (_, n) => idOf(count - n))
    yield* expect("all submissions, the newest first", open, newestFirst)
    yield* expect("all tasks, the newest first", all, newestFirst.slice(0, -1))
    const pending = yield* store.submissions({ newestFirst: true, outcome: "pending" })
    yield* expect("the open ones", pending.items.map(({ id }) => id), [idOf(1)])
  })

const writesNothing = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    yield* make(1)
    const snapshot = TaskMachine.persist(
      TaskMachine.step(TaskMachine.initial(createdOf(1)), progressed(2000, 50)).snapshot
    )
    yield* expect("the version", yield* store.append(idOf(1), 1, [], { snapshot }), 1)
    const kept = yield* store.load(idOf(1))
    yield* expect("the task", [kept?.version, kept?.snapshot.value, kept?.snapshot.task.progress], [
      1,
      "SUBMITTED",
      null
    ])
    const late = yield* Effect.result(store.append(idOf(1), 7, [], { snapshot }))
    yield* expect("at another version", late._tag, "Failure")
  })

const makesOne = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    const same = Array.from({ length: 8 }, () => make(1))
    const twins = Array.from({ length: 8 }, (_, n) => {
      const twin: Created = { ...createdOf(n + 2), handle: handleOf(1) }
      return store.append(twin.id, 0, [twin], { snapshot: TaskMachine.persist(TaskMachine.initial(twin)) })
    })
    const results = yield* Effect.forEach([...same, ...twins], Effect.result, { concurrency: "unbounded" })
    yield* expect("those that went through", results.filter((one) => one._tag === "Success").length, 1)
    const tags = results.flatMap((one) => one._tag === "Failure" ? [one.failure._tag] : [])
    yield* expect("the others", tags.filter((tag) => tag !== "VersionConflict"), [])
    yield* expect("the tasks", (yield* store.list({})).items.length, 1)
    const id = (yield* store.list({})).items[0]?.snapshot.task.id
    yield* expect("its journal", id === undefined ? undefined : (yield* store.events(id)).length, 1)
  })

const writesAtOnce = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    const all = Array.from({ length: 40 }, (_, n) => n + 1)
    const live = (n: number) =>
      Effect.gen(function*() {
        yield* make(n)
        for (const version of [1, 2, 3]) yield* advance(n, version, progressed(2000 + version, version * 10))
        yield* advance(n, 4, succeeded(5000))
      })
    yield* Effect.forEach(all, live, { concurrency: "unbounded", discard: true })
    const kept = yield* Effect.forEach(all, (n) =>
      Effect.map(store.events(idOf(n)), (events) => events.map((event) => event.at).join(" ")))
    yield* expect(
      "the journals",
      kept,
      all.map((n) =>
        `${1000 + n} 2001 2002 2003 5000`
      )
    )
    const ended = (yield* store.list({ status: ["SUCCESS"] })).items.map((one) => one.version)
    yield* expect("the versions", ended, all.map(() => 5))
  })

const interrupted = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    const torn: Array<number> = []
    for (let n = 1; n <= 40; n++) {
      yield* store.begin(submissionOf(n))
      const fiber = yield* Effect.forkChild(Effect.andThen(make(n), advance(n, 1, progressed(2000, 10))))
      for (let turn = 0; turn < n; turn++) yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      const kept = yield* store.load(idOf(n))
      const events = yield* store.events(idOf(n))
      const progress = [undefined, undefined, 10][events.length]
      if ((kept?.version ?? 0) !== events.length || kept?.snapshot.task.progress !== progress) torn.push(n)
    }
    yield* expect("steps that were torn", torn, [])
    const tasks = (yield* store.list({})).items.map((one) => one.snapshot.task.id)
    const created = (yield* store.submissions({ outcome: "created" })).items.map((one) => one.id)
    yield* expect("submissions with a task", created, tasks)
  })

const longJournal = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    const created = createdOf(1)
    const rest = Array.from({ length: 1200 }, (_, n) => progressed(2000 + n, n % 100))
    const snapshot = TaskMachine.persist(TaskMachine.replay([created, ...rest]))
    yield* expect("the version", yield* store.append(created.id, 0, [created, ...rest], { snapshot }), 1201)
    const times = (yield* store.events(created.id)).map((event) => event.at)
    yield* expect("the journal", times, [1001, ...rest.map((event) => event.at)])
  })

const anyText = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    const odd = "'; DROP TABLE \"x\" -- %s ? $1 \u0000 \u{1F3AC} \uD800 é\n\\"
    const { account: _, remoteId: __, ...rest } = handleOf(1)
    const handle = new TaskHandle({ ...rest, remoteId: odd, account: odd })
    const created: Created = { ...createdOf(1), handle, model: odd }
    const snapshot = TaskMachine.persist(TaskMachine.initial(created))
    yield* store.append(created.id, 0, [created], { snapshot, raw: odd })
    const kept = yield* store.load(created.id)
    yield* expect("the task", kept?.snapshot, snapshot)
    yield* expect("the answer", kept?.raw, odd)
    yield* expect("by its handle", (yield* store.find(handle))?.snapshot.task.id, created.id)
    const other = new TaskHandle({ ...rest, remoteId: `${odd}\u0000`, account: odd })
    yield* expect("by another handle", yield* store.find(other), undefined)
    yield* expect("the journal", yield* store.events(created.id), [created])
  })

const stablePages = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    const all = Array.from({ length: 250 }, (_, n) => n + 1)
    yield* Effect.forEach(all, (n) => make(n), { discard: true })
    const found: Array<string> = []
    let cursor: string | undefined
    for (let page = 1;; page++) {
      const got = yield* cursor === undefined ? store.list({}) : store.list({}, cursor)
      found.push(...got.items.map((one) => one.snapshot.task.id))
      cursor = got.cursor
      if (cursor === undefined) break
      yield* make(1000 + page)
      yield* advance(page, 1, succeeded(5000))
      yield* advance(200 + page, 1, progressed(5000, 50))
    }
    yield* expect("those that were there, once and in order", found.slice(0, 250), all.map(idOf))
    yield* expect("those that came", found.slice(250), [1001, 1002].map(idOf))
  })

const cursors = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    yield* make(1)
    for (const cursor of ["nonsense", "-1", "1; SELECT 1", "1e400"]) {
      const tasks = yield* Effect.result(store.list({}, cursor))
      const submissions = yield* Effect.result(store.submissions({}, cursor))
      yield* expect(`the cursor ${cursor}`, [tasks._tag, submissions._tag], ["Failure", "Failure"])
    }
  })

const removes = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    yield* store.begin(submissionOf(1))
    for (const n of [1, 2, 3]) yield* make(n)
    yield* advance(1, 1, succeeded(2000))
    yield* advance(3, 1, succeeded(2000))
    yield* expect("how many", yield* store.remove([idOf(1), idOf(2), idOf(9)]), 1)
    yield* expect("what is left", (yield* store.list({})).items.map((one) => one.snapshot.task.id), [idOf(2), idOf(3)])
    yield* expect("the removed task", [yield* store.load(idOf(1)), yield* store.find(handleOf(1))], [null, null])
    yield* expect("its journal", yield* store.events(idOf(1)), [])
    yield* expect("the journal of another", (yield* store.events(idOf(3))).length, 2)
    const submission = yield* store.submission(idOf(1))
    yield* expect("its submission", submission?.outcome, { _tag: "created", handle: handleOf(1) })
    yield* expect("nothing at all", yield* store.remove([]), 0)
    yield* expect("the task made again", yield* make(1), 1)
  })

const removesBetweenPages = (expect: Expect) =>
  Effect.gen(function*() {
    const store = yield* TaskStore
    for (let n = 1; n <= 150; n++) {
      yield* make(n)
      if (n <= 50) yield* advance(n, 1, succeeded(2000))
    }
    const first = yield* store.list({})
    yield* store.remove(Array.from({ length: 50 }, (_, n) => idOf(n + 1)))
    const second = yield* store.list({}, first.cursor)
    const found = second.items.map((one) => one.snapshot.task.id)
    yield* expect("the second page", found, Array.from({ length: 50 }, (_, n) => idOf(n + 101)))
  })
