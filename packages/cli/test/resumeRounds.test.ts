import { assert, describe, it } from "@effect/vitest"
import {
  Observation,
  Submission,
  TaskHandle,
  TaskId,
  TaskMachine,
  Video,
  VideoProvider,
  VideoProviders
} from "@video-tasks/core"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import * as Reporter from "../src/internal/reporter.ts"
import { inRounds } from "../src/internal/resumeRounds.ts"
import { recorded } from "./utils/screen.ts"

const idOf = (n: number) => TaskId.TaskId.make(`01890a5d-ac96-774b-bcce-b3020000000${n}`)

const handleOf = (n: number) =>
  new TaskHandle.TaskHandle({
    provider: "double",
    family: "double",
    remoteId: `remote-${n}`,
    baseUrl: "https://double.invalid",
    account: "default"
  })

const success = new Observation.Observation({
  status: "SUCCESS",
  videos: [new Video.Video({ url: Redacted.make("https://cdn.example.com/v.mp4") })]
})

/** A task that somebody holds. */
const make = (n: number, claim?: TaskStore.Lease) =>
  TaskStore.TaskStore.use((store) => {
    const created = { type: "task.created" as const, at: 0, id: idOf(n), handle: handleOf(n), model: "m" }
    return store.append(created.id, 0, [created], {
      snapshot: TaskMachine.persist(TaskMachine.initial(created)),
      claim
    })
  })

const submission = (n: number, fields: Partial<Submission.Submission> = {}) =>
  new Submission.Submission({
    id: idOf(n),
    provider: "double",
    family: "double",
    model: "m",
    account: "default",
    baseUrl: "https://double.invalid",
    requestHash: "ab",
    reference: `ours-${n}`,
    startedAt: 0,
    outcome: { _tag: "pending" },
    ...fields
  })

/** Resumes as `us`, at a provider where a task ends so many ms after it was read first, and says what was followed. */
const resumed = Effect.fnUntraced(function*(
  lives: Readonly<Record<string, number>>,
  before: Effect.Effect<unknown, unknown, TaskStore.TaskStore>,
  meanwhile: Effect.Effect<unknown, unknown, TaskStore.TaskStore> = Effect.void
) {
  const since = new Map<string, number>()
  const provider = VideoProvider.double({
    family: { canFindCreated: true },
    observe: ({ remoteId }) =>
      Effect.clockWith((clock) =>
        Effect.sync(() => {
          const now = clock.currentTimeMillisUnsafe()
          const first = since.get(remoteId) ?? now
          since.set(remoteId, first)
          return now - first >= (lives[remoteId] ?? Infinity)
            ? success
            : new Observation.Observation({ status: "IN_PROGRESS", videos: [] })
        })
      ),
    findByTrace: (_, { reference }) =>
      Effect.succeed(
        reference === "ours-7"
          ? { handle: handleOf(7), observation: success }
          : reference === "ours-8"
          ? { handle: handleOf(8), observation: new Observation.Observation({ status: "IN_PROGRESS", videos: [] }) }
          : undefined
      )
  })
  const { layer, screen } = recorded()
  const body = Effect.gen(function*() {
    yield* Effect.orDie(before)
    const tasks = yield* VideoTasks.VideoTasks
    const rounds: Array<ReadonlyArray<string>> = []
    const fiber = yield* Effect.forkChild(
      inRounds("us", (mine) =>
        Effect.gen(function*() {
          rounds.push(mine.map(({ snapshot }) => snapshot.task.handle.remoteId))
          return yield* Effect.forEach(
            mine,
            ({ snapshot }) => Effect.map(tasks.awaitEnd(snapshot.task.handle), ({ handle }) => handle.remoteId),
            { concurrency: "unbounded" }
          )
        }))
    )
    yield* Effect.forkChild(Effect.orDie(meanwhile))
    for (let second = 0; second < 600; second++) yield* TestClock.adjust("1 second")
    const { done, held } = yield* Fiber.join(fiber)
    assert.deepStrictEqual(done, rounds.flat())
    return { rounds, held }
  })
  return yield* Effect.provide(
    body,
    Layer.mergeAll(
      layer,
      Layer.succeed(Reporter.Reporter, Reporter.make(screen, { json: false, quiet: true })),
      VideoTasks.layer({ owner: "us", poll: { floor: "2 seconds", ceiling: "2 seconds" } }).pipe(
        Layer.provideMerge(TaskStore.layerMemory),
        Layer.provide(Layer.effect(VideoProviders.VideoProviders, Effect.orDie(VideoProviders.make([provider]))))
      )
    ),
    { local: true }
  )
})

const dead = { owner: "dead", until: 60_000 }

describe("the rounds of resume", () => {
  it.effect("have what nobody holds followed, and then what lapses", () =>
    Effect.gen(function*() {
      const before = Effect.all([make(1), make(2, dead), make(3)])
      const { held, rounds } = yield* resumed({ "remote-1": 10_000, "remote-2": 5000, "remote-3": 0 }, before)
      assert.deepStrictEqual(rounds.map((round) => round.toSorted()), [["remote-1", "remote-3"], ["remote-2"]])
      assert.strictEqual(held, 0)
    }))

  it.effect("tell of a task that was taken over and ended while others were followed", () =>
    Effect.gen(function*() {
      const before = Effect.all([make(1), make(2, dead)])
      const { rounds } = yield* resumed({ "remote-1": 300_000, "remote-2": 5000 }, before)
      assert.deepStrictEqual(rounds, [["remote-1"], ["remote-2"]])
    }))

  it.effect("leave a task to the living process that brings it to its end", () =>
    Effect.gen(function*() {
      const alive = { owner: "alive", until: 60_000 }
      const before = Effect.all([make(1), make(2, alive), make(3, alive)])
      const ended = TaskStore.TaskStore.use((store) =>
        Effect.gen(function*() {
          const stored = yield* store.load(idOf(2))
          if (stored === undefined) return yield* Effect.die("there is no such task")
          const event = { type: "task.observed" as const, at: 90_000, observation: success }
          const { snapshot } = TaskMachine.step(TaskMachine.restore(stored.snapshot), event)
          yield* store.append(idOf(2), 1, [event], { snapshot: TaskMachine.persist(snapshot) })
        })
      )
      const living = Effect.clockWith((clock) =>
        TaskStore.TaskStore.use((store) =>
          Effect.suspend(() => store.renew("alive", clock.currentTimeMillisUnsafe() + 60_000))
        )
      )
      const meanwhile = Effect.all([
        Effect.delay(ended, "90 seconds"),
        Effect.forever(Effect.andThen(Effect.sleep("20 seconds"), living))
      ], { concurrency: 2 })
      const { held, rounds } = yield* resumed({ "remote-1": 200_000 }, before, meanwhile)
      assert.deepStrictEqual([rounds, held], [[["remote-1"]], 1])
    }))

  it.effect("have the tasks of lost creates followed that were found by their references", () =>
    Effect.gen(function*() {
      const before = TaskStore.TaskStore.use((store) =>
        Effect.all([
          store.begin(submission(7, { owner: "gone" })),
          store.begin(submission(8, { owner: "dead" }), dead),
          store.begin(submission(9, { owner: "gone" }))
        ])
      )
      const { rounds } = yield* resumed({ "remote-8": 5000 }, before)
      assert.deepStrictEqual(rounds, [["remote-7"], ["remote-8"]])
    }))
})
