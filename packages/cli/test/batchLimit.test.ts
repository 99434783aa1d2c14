import { assert, describe, it } from "@effect/vitest"
import { Price, Submission, type TaskEvent, TaskMachine, Video } from "@video-tasks/core"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as Keys from "../src/internal/batchKeys.ts"
import * as Limit from "../src/internal/batchLimit.ts"
import type { Item } from "../src/internal/batchPlan.ts"
import * as Reporter from "../src/internal/reporter.ts"
import { recorded } from "./utils/screen.ts"
import * as Tasks from "./utils/tasks.ts"

const id = Keys.idOf("n", 0, 0)

const estimate = new Video.Cost({ amount: 0.5, unit: "USD", kind: "estimate" })

const submission = (outcome: Submission.Outcome, cost?: Video.Cost) =>
  new Submission.Submission({
    id,
    provider: "cometapi",
    family: "seedance",
    model: "m",
    account: "default",
    requestHash: "ab",
    startedAt: 0,
    outcome,
    ...(cost === undefined ? {} : { estimate: cost })
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

const another = { ...item(), name: "o", id: Keys.idOf("o", 0, 0) }

const created = submission({ _tag: "created", handle: Tasks.handle }, estimate)

/** Makes the task, with what became of it. */
const made = Effect.fnUntraced(function*(...events: ReadonlyArray<TaskEvent.TaskEvent>) {
  const first = { type: "task.created", at: 0, id, handle: Tasks.handle, model: "m", estimate } as const
  const snapshot = TaskMachine.persist(TaskMachine.replay([first, ...events]))
  const store = yield* TaskStore.TaskStore
  yield* store.append(id, 0, [first, ...events], { snapshot })
})

const leftOf = (known: Submission.Submission, price: Price.Estimate = Price.unknown("nobody knows")) =>
  Limit.left({ amount: 2 }, [item(known), another]).pipe(
    Effect.provide(Layer.mock(VideoTasks.VideoTasks)({ estimate: () => Effect.succeed(price) }))
  )

describe("what is left of a limit", () => {
  it.effect.each<[string, ReadonlyArray<TaskEvent.TaskEvent>, number]>([
    ["runs", [], 1.5],
    ["was cancelled without a bill", [{ type: "task.cancelled", at: 1 }], 1.5],
    ["was forgotten by its provider", [{ type: "task.lost", at: 1, message: "gone" }], 1.5]
  ])("counts the estimate of a task that %s", ([_, events, expected]) =>
    Effect.gen(function*() {
      yield* made(...events)
      assert.deepStrictEqual(yield* leftOf(created), { max: expected, currency: "USD" })
    }).pipe(Effect.provide(TaskStore.layerMemory)))

  it.effect("counts a create without a task, and asks for the price of one that has none", () =>
    Effect.gen(function*() {
      const open = { _tag: "ambiguous", detail: "lost" } as const
      const known = { _tag: "known", cost: estimate, price: { amount: 0.5, unit: "USD", per: "video" } }
      assert.strictEqual((yield* leftOf(submission(open, estimate))).max, 1.5)
      assert.strictEqual((yield* leftOf(submission(open), known as never)).max, 1.5)
      const problem = yield* Effect.flip(leftOf(submission(open)))
      assert.deepStrictEqual([problem.code, problem.hint?.[0]], [
        2,
        "line 1: was sent in an earlier run, and its price is unknown"
      ])
    }).pipe(Effect.provide(TaskStore.layerMemory)))
})

const { layer, screen } = recorded()

const services = Layer.mergeAll(
  layer,
  Layer.succeed(Reporter.Reporter, Reporter.make(screen, { json: false, quiet: true })),
  TaskStore.layerMemory
)

describe("a limited batch", () => {
  it.effect("has its lines alone: another one begins when it has ended", () =>
    Effect.gen(function*() {
      const [isOver, order] = [yield* Deferred.make<void>(), [] as Array<string>]
      const first = yield* Effect.forkChild(
        Limit.alone([item(), another], () => Effect.andThen(Deferred.await(isOver), Effect.sync(() => order.push("1"))))
      )
      yield* TestClock.adjust("10 seconds")
      const second = yield* Effect.forkChild(Limit.alone([another], () => Effect.sync(() => order.push("2"))))
      const other = { ...item(), name: "p" }
      yield* Limit.alone([other], () => Effect.sync(() => order.push("of other lines")))
      yield* TestClock.adjust("5 minutes")
      yield* Deferred.succeed(isOver, undefined)
      yield* Fiber.join(first)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(second)
      assert.deepStrictEqual(order, ["of other lines", "1", "2"])
    }).pipe(Effect.provide(services)))

  it.effect("waits no longer than a lease for one that was killed", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const { lock } = store
      const killed = Effect.provideService(Limit.alone([item()], () => Effect.never), TaskStore.TaskStore, {
        ...store,
        lock: (name, until, now, held) => held === undefined ? lock(name, until, now) : Effect.succeed(false)
      })
      const first = yield* Effect.forkChild(killed)
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(first)
      const waiting = yield* Effect.forkChild(Limit.alone([item()], () => Effect.succeed("mine")))
      yield* TestClock.adjust("18 seconds")
      assert.isUndefined(waiting.pollUnsafe())
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(yield* Fiber.join(waiting), "mine")
    }).pipe(Effect.provide(services)))

  it.effect("sends nothing more when it could not say for too long that it lives", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const away = TaskStore.TaskStore.of({
        ...store,
        lock: (name, until, now, held) =>
          held === undefined
            ? store.lock(name, until, now)
            : Effect.fail(new TaskStore.TaskStoreError({ detail: "away", retryable: true }))
      })
      const checks: Array<string> = []
      const work = (check: Effect.Effect<void, { readonly reason: string }>) =>
        Effect.forEach([19, 2], (seconds) =>
          Effect.sleep(seconds * 1000).pipe(
            Effect.andThen(check),
            Effect.match({ onFailure: ({ reason }) => reason, onSuccess: () => "sends" }),
            Effect.map((said) => checks.push(said))
          ), { discard: true })
      const running = yield* Effect.forkChild(
        Effect.provideService(Limit.alone([item()], work), TaskStore.TaskStore, away)
      )
      yield* TestClock.adjust("30 seconds")
      yield* Fiber.join(running)
      assert.deepStrictEqual(checks, ["sends", "BudgetExceeded"])
    }).pipe(Effect.provide(services)))
})
