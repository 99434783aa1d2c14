import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import {
  Observation,
  Submission,
  TaskHandle,
  TaskId,
  TaskMachine,
  VideoProvider,
  VideoProviders,
  VideoTaskError
} from "@video-tasks/core"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import * as fs from "node:fs"
import * as path from "node:path"
import { Counts } from "../src/internal/batchBoard.ts"
import * as Keys from "../src/internal/batchKeys.ts"
import type { Item } from "../src/internal/batchPlan.ts"
import * as Report from "../src/internal/batchReport.ts"
import { run } from "../src/internal/batchRun.ts"
import * as Standing from "../src/internal/batchStanding.ts"
import * as Reporter from "../src/internal/reporter.ts"
import { emptyFolder } from "./utils/command.ts"
import { recorded } from "./utils/screen.ts"
import * as Tasks from "./utils/tasks.ts"

const id = TaskId.TaskId.make("01890a5d-ac96-774b-bcce-b302099a8057")

const submission = (outcome: Submission.Outcome, owner = "us-1") =>
  new Submission.Submission({
    id,
    provider: "cometapi",
    family: "seedance",
    model: "m",
    account: "default",
    requestHash: "ab",
    startedAt: 0,
    owner,
    outcome
  })

const item = (known?: Submission.Submission): Item => ({
  line: { line: 1, provider: "cometapi", model: "m", prompt: "A fox", images: [] },
  request: { provider: "cometapi", family: "seedance", model: "m", prompt: "A fox" },
  name: "n",
  occurrence: 0,
  id,
  known,
  file: undefined
})

const storeError = (handle?: TaskHandle.TaskHandle) =>
  VideoTaskError.make({
    provider: "cometapi",
    operation: "create",
    reason: new VideoTaskError.StoreError({ detail: "the disk is full", retryable: true }),
    handle
  })

/** Runs lines, one at once. */
const ranAll = Effect.fnUntraced(function*(
  items: Array<Item>,
  tasks: Layer.Layer<VideoTasks.VideoTasks, never, TaskStore.TaskStore>,
  earlier: Readonly<Record<string, Report.EarlierLine>> = {}
) {
  const entries: Array<Report.Entry> = []
  const { layer, screen } = recorded()
  yield* run(items, {
    concurrency: 1,
    counts: new Counts(items.length),
    entries,
    under: new Map(),
    files: { overwrite: false, known: new Map() },
    earlier: new Map(Object.entries(earlier)),
    owner: "us",
    check: Effect.void
  }).pipe(
    Effect.provide([
      layer,
      Layer.succeed(Reporter.Reporter, Reporter.make(screen, { json: false, quiet: true })),
      tasks,
      Layer.mock(VideoProviders.VideoProviders)({ all: [] }),
      NodeServices.layer,
      FetchHttpClient.layer
    ])
  )
  return entries.map((entry) => Report.record(entry))
})

/** Runs one line over services that do as they are told. */
const ran = (one: Item, tasks: Partial<VideoTasks.VideoTasks["Service"]>) =>
  ranAll([one], Layer.mock(VideoTasks.VideoTasks)(tasks))

const created = { type: "task.created", at: 0, id, handle: Tasks.handle, model: "m" } as const

/** Makes the task of the line. */
const made = Effect.fnUntraced(function*(owner?: string) {
  const store = yield* TaskStore.TaskStore
  const snapshot = TaskMachine.persist(TaskMachine.initial(created))
  yield* store.append(id, 0, [created], { snapshot, claim: owner === undefined ? owner : { owner, until: 60_000 } })
})

/** The task of the line, as another process has made it. */
const theirs = Effect.gen(function*() {
  const known = submission({ _tag: "created", handle: Tasks.handle }, "them")
  yield* TaskStore.TaskStore.use((store) => store.begin(known))
  yield* made("them")
  return item(known)
})

/** An engine whose provider must not be asked. */
const engine = VideoTasks.layer().pipe(
  Layer.orDie,
  Layer.provide(Layer.effect(
    VideoProviders.VideoProviders,
    Effect.orDie(VideoProviders.make([{
      ...VideoProvider.double({
        family: { id: Tasks.handle.family },
        observe: () => Effect.die(new Error("it was read"))
      }),
      id: Tasks.handle.provider,
      baseUrl: Tasks.handle.baseUrl
    }]))
  ))
)

describe("a line of a batch", () => {
  it.effect("keeps the handle of a create that the store could not keep", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const submit = () =>
        Effect.andThen(
          Effect.orDie(store.begin(submission({ _tag: "pending" }), { owner: "us-1", until: 60_000 })),
          Effect.fail(storeError(Tasks.handle))
        )
      const [line] = yield* ran(item(), { submit })
      assert.deepStrictEqual([line?.["remoteId"], line?.["status"], line?.["id"]], ["task_abc123", "SUBMITTED", id])
    }).pipe(Effect.provide(TaskStore.layerMemory)))

  it.effect("does not wait for itself when the store fails in the middle of a create", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const submit = () =>
        Effect.andThen(
          Effect.orDie(store.begin(submission({ _tag: "pending" }), { owner: "us-1", until: 60_000 })),
          Effect.fail(storeError())
        )
      const [line] = yield* ran(item(), { submit })
      assert.include(line?.["error"], { reason: "StoreError" })
    }).pipe(Effect.provide(TaskStore.layerMemory)))

  it.effect("is left to the process that holds its task, and told as it ended there", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const running = yield* Effect.forkChild(ranAll([yield* theirs], engine))
      yield* TestClock.adjust("30 seconds")
      const observation = new Observation.Observation({ status: "SUCCESS", videos: Tasks.success().videos })
      const event = { type: "task.observed", at: 30_000, observation } as const
      const { snapshot } = TaskMachine.step(TaskMachine.initial(created), event)
      yield* store.append(id, 1, [event], { snapshot: TaskMachine.persist(snapshot) })
      yield* TestClock.adjust("29 seconds")
      const [line] = yield* Fiber.join(running)
      assert.deepStrictEqual([line?.["remoteId"], line?.["status"], line?.["error"]], ["task_abc123", "SUCCESS", null])
    }).pipe(Effect.provide(TaskStore.layerMemory)))

  it.effect("keeps no other line waiting while another process holds it", () =>
    Effect.gen(function*() {
      const free = { ...item(), id: TaskId.TaskId.make("01890a5d-ac96-774b-bcce-b302099a8058") }
      const other = TaskHandle.TaskHandle.make({ ...Tasks.handle, remoteId: "task_other" })
      const isOver = yield* Deferred.make<void>()
      const lines = yield* ranAll(
        [yield* theirs, free],
        Layer.mock(VideoTasks.VideoTasks)({
          submit: () => Effect.succeed(other),
          awaitEnd: (task) =>
            Effect.as(task === other ? Deferred.succeed(isOver, undefined) : Deferred.await(isOver), Tasks.success())
        })
      )
      assert.deepStrictEqual(new Set(lines.map((line) => line["remoteId"])), new Set(["task_other", "task_abc123"]))
    }).pipe(Effect.provide(TaskStore.layerMemory)))

  it.effect("is looked up when the answer to its create was lost, and goes on with what is found", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const known = submission({ _tag: "ambiguous", detail: "lost" }, "dead")
      yield* store.begin(known)
      const lookUp = () => Effect.as(Effect.orDie(Effect.provideService(made(), TaskStore.TaskStore, store)), known)
      const [line] = yield* ran(item(known), { lookUp, awaitEnd: () => Effect.succeed(Tasks.success()) })
      assert.deepStrictEqual([line?.["remoteId"], line?.["status"]], ["task_abc123", "SUCCESS"])
    }).pipe(Effect.provide(TaskStore.layerMemory)))

  it.effect("is ambiguous when it is not found, and is not to be discarded at first", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const known = submission({ _tag: "ambiguous", detail: "lost" }, "dead")
      yield* store.begin(known)
      let looks = 0
      const lookUp = () => Effect.sync(() => (looks++, known))
      const [line] = yield* ran(item(known), { lookUp })
      assert.deepStrictEqual([line?.["status"], looks], ["ambiguous", 1])
      const words = JSON.stringify(line?.["error"])
      assert.match(words, /resolve \S+ --remote .*Only when you are sure.*--discard/)
    }).pipe(Effect.provide(TaskStore.layerMemory)))

  it.effect("takes the handle of an open create from the earlier report, and asks nobody for it", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const known = submission({ _tag: "pending" }, "dead")
      yield* store.begin(known)
      const resolved: Array<unknown> = []
      const tasks = Layer.mock(VideoTasks.VideoTasks)({
        resolve: (...args) =>
          Effect.sync(() => resolved.push(args)).pipe(
            Effect.andThen(Effect.provideService(made(), TaskStore.TaskStore, store)),
            Effect.orDie,
            Effect.as(known)
          ),
        awaitEnd: () => Effect.succeed(Tasks.success())
      })
      const [line] = yield* ranAll([item(known)], tasks, { [id]: { handle: Tasks.handle, files: [] } })
      assert.deepStrictEqual([line?.["remoteId"], line?.["status"]], ["task_abc123", "SUCCESS"])
      assert.deepStrictEqual(resolved, [[id, { remoteId: "task_abc123", route: undefined }]])
    }).pipe(Effect.provide(TaskStore.layerMemory)))

  it.effect("keeps the handle of an earlier report that is of no use now, but not one of another API", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const known = submission({ _tag: "ambiguous", detail: "lost" }, "dead")
      yield* store.begin(known)
      const tasks = Layer.mock(VideoTasks.VideoTasks)({
        resolve: () => Effect.fail(storeError()),
        lookUp: () => Effect.succeed(known)
      })
      const foreign = TaskHandle.TaskHandle.make({ ...Tasks.handle, account: "other" })
      for (const [handle, kept] of [[Tasks.handle, "task_abc123"], [foreign, null]] as const) {
        const [line] = yield* ranAll([item(known)], tasks, { [id]: { handle, files: [] } })
        assert.deepStrictEqual([line?.["remoteId"], line?.["status"]], [kept, "ambiguous"])
      }
    }).pipe(Effect.provide(TaskStore.layerMemory)))

  it.effect("is told as refused when another process sent it and the provider refused", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const known = submission({ _tag: "pending" }, "them")
      yield* store.begin(known, { owner: "them", until: 60_000 })
      const running = yield* Effect.forkChild(ran(item(known), {}))
      yield* TestClock.adjust("5 seconds")
      yield* store.settle(id, { _tag: "rejected", reason: "QuotaExceeded" })
      yield* TestClock.adjust("5 seconds")
      const [line] = yield* Fiber.join(running)
      assert.deepStrictEqual([line?.["status"], line?.["id"]], [null, null])
      assert.include(line?.["error"], { reason: "QuotaExceeded", retryable: false })
    }).pipe(Effect.provide(TaskStore.layerMemory)))

  it.effect("is sent under its next id when another process was stopped before it sent it", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const first = { ...item(), id: Keys.idOf("n", 0, 0), file: undefined }
      const known = new Submission.Submission({ ...submission({ _tag: "pending" }, "them"), id: first.id })
      yield* store.begin(known)
      yield* store.settle(first.id, { _tag: "rejected", reason: "interrupted before it was sent" })
      const ids: Array<unknown> = []
      const [line] = yield* ran({ ...first, known }, {
        submit: (_, options) => Effect.sync(() => (ids.push(options?.id), Tasks.handle)),
        awaitEnd: () => Effect.succeed(Tasks.success())
      })
      assert.deepStrictEqual(ids, [Keys.idOf("n", 0, 1)])
      assert.deepStrictEqual([line?.["id"], line?.["status"]], [ids[0], "SUCCESS"])
    }).pipe(Effect.provide(TaskStore.layerMemory)))

  it.effect("whose task was removed is done when the earlier report proves it, and is never adopted anew", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const known = submission({ _tag: "created", handle: Tasks.handle })
      yield* store.begin(known)
      const file = path.join(emptyFolder(), "a.mp4")
      fs.writeFileSync(file, "film")
      const whole = { path: file, bytes: 4, sha256: Keys.fingerprint(Buffer.from("film")) }
      const success = { status: "SUCCESS", files: [] }
      const cases = [
        [undefined, success, "SUCCESS"],
        [undefined, { status: "FAILED", files: [] }, "removed"],
        [undefined, undefined, "removed"],
        [file, { status: "SUBMITTED", files: [whole] }, "SUCCESS"],
        [file, { status: "SUCCESS", files: [{ ...whole, bytes: 5 }] }, "removed"],
        [file, success, "removed"]
      ] as const
      for (const [wanted, earlier, expected] of cases) {
        const one = { ...item(known), file: wanted }
        const none = Layer.mock(VideoTasks.VideoTasks)({})
        const [line] = yield* ranAll([one], none, earlier === undefined ? {} : { [id]: earlier })
        const isDone = expected === "SUCCESS"
        assert.deepStrictEqual([line?.["remoteId"], line?.["status"]], ["task_abc123", expected])
        assert.deepStrictEqual(line?.["file"], isDone && wanted !== undefined ? file : null)
        if (isDone) assert.isNull(line?.["error"])
        else assert.include(line?.["error"], { reason: "TaskNotFound" })
      }
    }).pipe(Effect.provide(TaskStore.layerMemory)))

  it.effect("whose create was given the task of another one goes on with that", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const known = submission({ _tag: "created", handle: Tasks.handle })
      yield* store.begin(known)
      const twin = { ...created, id: TaskId.TaskId.make("01890a5d-ac96-774b-bcce-b302099a8058") }
      yield* store.append(twin.id, 0, [twin], { snapshot: TaskMachine.persist(TaskMachine.initial(twin)) })
      const [line] = yield* ran(item(known), { awaitEnd: () => Effect.succeed(Tasks.success()) })
      assert.deepStrictEqual([line?.["remoteId"], line?.["status"]], ["task_abc123", "SUCCESS"])
    }).pipe(Effect.provide(TaskStore.layerMemory)))
})

describe("a line that is not over", () => {
  it("keeps the handle that an earlier report tells", () => {
    const known = submission({ _tag: "pending" }, "dead")
    const earlier = new Map([[id, { handle: Tasks.handle, files: [] }]])
    const [line] = Standing.seen({ items: [item(known)], entries: [], under: new Map(), earlier }).map((entry) =>
      Report.record(entry)
    )
    assert.deepStrictEqual([line?.["remoteId"], line?.["status"]], ["task_abc123", "ambiguous"])
  })
})
