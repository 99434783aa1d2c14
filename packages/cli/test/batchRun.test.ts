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
import { Counts } from "../src/internal/batchBoard.ts"
import type { Item } from "../src/internal/batchPlan.ts"
import * as Report from "../src/internal/batchReport.ts"
import { run } from "../src/internal/batchRun.ts"
import * as Reporter from "../src/internal/reporter.ts"
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
  items: ReadonlyArray<Item>,
  tasks: Layer.Layer<VideoTasks.VideoTasks, never, TaskStore.TaskStore>
) {
  const entries: Array<Report.Entry> = []
  const { layer, screen } = recorded()
  yield* run(items, {
    concurrency: 1,
    counts: new Counts(items.length),
    entries,
    under: new Map(),
    files: { overwrite: false, known: new Map() },
    owner: "us"
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
  return entries.map(Report.record)
})

/** Runs one line over services that do as they are told. */
const ran = (one: Item, tasks: Partial<VideoTasks.VideoTasks["Service"]>) =>
  ranAll([one], Layer.mock(VideoTasks.VideoTasks)(tasks))

const created = { type: "task.created", at: 0, id, handle: Tasks.handle, model: "m" } as const

/** The task of the line, as another process has made it. */
const theirs = Effect.gen(function*() {
  const store = yield* TaskStore.TaskStore
  const known = submission({ _tag: "created", handle: Tasks.handle }, "them")
  const snapshot = TaskMachine.persist(TaskMachine.initial(created))
  yield* store.begin(known)
  yield* store.append(id, 0, [created], { snapshot, claim: { owner: "them", until: 60_000 } })
  return item(known)
})

/** An engine whose provider must not be asked. */
const engine = VideoTasks.layer().pipe(Layer.provide(Layer.effect(
  VideoProviders.VideoProviders,
  Effect.orDie(VideoProviders.make([{
    ...VideoProvider.double({
      family: { id: Tasks.handle.family },
      observe: () => Effect.die(new Error("it was read"))
    }),
    id: Tasks.handle.provider,
    baseUrl: Tasks.handle.baseUrl
  }]))
)))

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
      const calls: Array<VideoTasks.ResumeOptions | undefined> = []
      const resume = (options?: VideoTasks.ResumeOptions) =>
        Effect.gen(function*() {
          calls.push(options)
          yield* Effect.orDie(store.settle(id, { _tag: "created", handle: Tasks.handle }))
          return { tracked: 1, found: [Tasks.handle], ambiguous: [], leftAlone: [] }
        })
      const [line] = yield* ran(item(known), { resume, awaitEnd: () => Effect.succeed(Tasks.success()) })
      assert.deepStrictEqual([line?.["remoteId"], line?.["status"]], ["task_abc123", "SUCCESS"])
      assert.deepStrictEqual(calls, [{ takeOver: false }])
    }).pipe(Effect.provide(TaskStore.layerMemory)))

  it.effect("is ambiguous when it is not found, and is not to be discarded at first", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const known = submission({ _tag: "ambiguous", detail: "lost" }, "dead")
      yield* store.begin(known)
      let looks = 0
      const resume = () =>
        Effect.sync(() => {
          looks++
          return { tracked: 0, found: [], ambiguous: [known], leftAlone: [] }
        })
      const [line] = yield* ran(item(known), { resume })
      assert.deepStrictEqual([line?.["status"], looks], ["ambiguous", 1])
      const words = JSON.stringify(line?.["error"])
      assert.match(words, /resolve \S+ --remote .*Only when you are sure.*--discard/)
    }).pipe(Effect.provide(TaskStore.layerMemory)))
})
