import { assert, describe, it } from "@effect/vitest"
import { VideoTaskError } from "@video-tasks/core"
import { TaskObserver, TaskStore } from "@video-tasks/runtime"
import { Context, Deferred, Effect, Fiber, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import { type Contract, DashboardHub } from "../src/index.ts"
import * as Events from "../src/internal/events.ts"
import { failing, idOf, running, stepOf, success } from "./support/world.ts"

const fixed = { version: "1", store: "memory", isReadOnly: false, isDemo: false }

/** A store of which nothing is heard, so that only the observer tells of tasks. */
const silent = Layer.effect(
  TaskStore.TaskStore,
  Effect.map(TaskStore.TaskStore, (store) => TaskStore.TaskStore.of({ ...store, list: () => Effect.never }))
).pipe(Layer.provide(TaskStore.layerMemory))

/** The hub, and the observer that `VideoTasks` would tell. */
const withHub = <A, E>(
  use: (
    hub: DashboardHub.DashboardHub["Service"],
    observer: TaskObserver.Observer
  ) => Effect.Effect<A, E>,
  options: DashboardHub.Options = {}
) =>
  Effect.gen(function*() {
    const hub = yield* DashboardHub.DashboardHub
    return yield* use(hub, yield* TaskObserver.TaskObserver)
  }).pipe(Effect.provide(Layer.provideMerge(DashboardHub.layer(options), silent)))

interface Event {
  readonly event: string
  readonly id: string
  readonly data: Contract.Reset & Contract.Changes
}

/** Reads events as a browser would, until it is interrupted. */
const viewer = (hub: DashboardHub.DashboardHub["Service"], lastEventId?: string) =>
  Effect.gen(function*() {
    const events: Array<Event> = []
    let text = ""
    yield* Effect.forkChild(Stream.runForEach(Events.make(hub, fixed, lastEventId), (piece) =>
      Effect.sync(() => {
        text += piece
        for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
          const lines = text.slice(0, end).split("\n")
          text = text.slice(end + 2)
          const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
          const data = field("data")
          if (data !== undefined) events.push({ event: field("event")!, id: field("id")!, data: JSON.parse(data) })
        }
      })))
    yield* TestClock.adjust(0)
    return events
  })

const pollOf = (
  n: number,
  fields: Partial<TaskObserver.ObservedPoll> = {}
): TaskObserver.ObservedPoll => ({
  id: idOf(n),
  provider: "double",
  at: 1000,
  tookMs: 12,
  poll: 1,
  failuresInARow: 0,
  outcome: "unchanged",
  nextPollAt: 9000,
  ...fields
})

describe("DashboardHub", () => {
  it.effect("keeps a line of each task, as its last step left it", () =>
    withHub((hub, observer) =>
      Effect.gen(function*() {
        yield* observer.step(stepOf(1, 1000))
        yield* observer.step(stepOf(1, 2000, running(40)))
        assert.deepStrictEqual((yield* hub.everything).rows, [{
          id: idOf(1),
          remoteId: "remote-1",
          provider: "double",
          family: "double",
          model: "model-1",
          prompt: undefined,
          state: "IN_PROGRESS",
          isRetrying: false,
          followed: "nobody",
          progress: 40,
          createdAt: 1000,
          updatedAt: 2000,
          completedAt: undefined,
          nextPollAt: undefined,
          polls: undefined,
          failures: undefined,
          cost: undefined,
          isEstimate: undefined,
          last: "in progress, 40 %",
          lastAt: 2000
        }])
      })
    ))

  it.effect("ignores a step that it has already, in whatever order they come", () =>
    withHub((hub, observer) =>
      Effect.gen(function*() {
        yield* observer.step(stepOf(1, 2000, running(40)))
        yield* observer.step(stepOf(1, 1000))
        const { rows, seq } = yield* hub.everything
        assert.deepStrictEqual([rows.map(({ state }) => state), seq], [["IN_PROGRESS"], 1])
      })
    ))

  it.effect("says when a task is read next, how often it was, and what went wrong", () =>
    withHub((hub, observer) =>
      Effect.gen(function*() {
        yield* observer.step(stepOf(1, 1000, running(40)))
        yield* observer.poll!(pollOf(1))
        assert.deepStrictEqual(
          (yield* hub.everything).rows.map(({ followed, nextPollAt, polls }) => ({ followed, nextPollAt, polls })),
          [{ followed: "here", nextPollAt: 9000, polls: 1 }]
        )
        yield* observer.poll!(pollOf(1, {
          poll: 2,
          failuresInARow: 1,
          outcome: "failed",
          failure: { reason: "ProviderUnavailable", message: "HTTP 503" }
        }))
        const [row] = (yield* hub.everything).rows
        assert.deepStrictEqual([row?.isRetrying, row?.failures, row?.last], [
          true,
          1,
          "ProviderUnavailable, tried again in 8 s: HTTP 503"
        ])
        assert.strictEqual((yield* hub.summary).providers[0]?.retrying, 1)
        yield* observer.poll!(pollOf(1, { poll: 3 }))
        assert.strictEqual((yield* hub.summary).providers[0]?.retrying, 0)
      })
    ))

  it.effect("says which provider refuses the key, until it takes it again", () =>
    withHub((hub, observer) =>
      Effect.gen(function*() {
        const isRejected = Effect.map(hub.summary, ({ providers }) => providers.map((one) => one.isKeyRejected))
        yield* observer.step(stepOf(1, 1000, running(40)))
        const failure = { reason: "Unauthorized" as const, message: "HTTP 401" }
        yield* observer.poll!(pollOf(1, { outcome: "failed", failure, nextPollAt: undefined }))
        assert.deepStrictEqual(yield* isRejected, [true])
        yield* observer.poll!(pollOf(1, { outcome: "changed" }))
        assert.deepStrictEqual(yield* isRejected, [false])
      })
    ))

  it.effect("counts the tasks of a provider, and how long its successes take", () =>
    withHub((hub, observer) =>
      Effect.gen(function*() {
        for (let n = 1; n <= 10; n++) {
          yield* observer.step(stepOf(n, 1000))
          yield* observer.step(stepOf(n, 1000 + n * 100, success("https://x.example/v.mp4")))
        }
        yield* observer.step(stepOf(11, 1000))
        assert.deepStrictEqual((yield* hub.summary).providers, [{
          provider: "double",
          running: 1,
          ended: 10,
          failed: 0,
          p50Ms: 500,
          p90Ms: 900,
          retrying: 0,
          isKeyRejected: false
        }])
      })
    ))

  it.effect("holds at most as many tasks as it was told, and forgets those first that ended longest ago", () =>
    withHub((hub, observer) =>
      Effect.gen(function*() {
        yield* observer.step(stepOf(1, 1000, running(10)))
        for (const n of [2, 3, 4]) yield* observer.step(stepOf(n, n * 1000, success("https://x.example/v.mp4")))
        yield* observer.step(stepOf(5, 9000))
        const { rows } = yield* hub.everything
        assert.deepStrictEqual(rows.map(({ id }) => id), [1, 3, 4, 5].map(idOf))
        const { isTruncated, providers } = yield* hub.summary
        assert.deepStrictEqual([isTruncated, providers[0]?.ended], [true, 2])
      }), { maxTasks: 4 }))

  it.effect("keeps the last 200 reads of a task, and all of them within a bound", () =>
    withHub((hub, observer) =>
      Effect.gen(function*() {
        yield* observer.step(stepOf(1, 1000, running(10)))
        for (let poll = 1; poll <= 250; poll++) yield* observer.poll!(pollOf(1, { poll, at: poll }))
        const { moments } = yield* hub.polls(idOf(1))
        assert.deepStrictEqual([moments.length, moments[0]?.at, moments.at(-1)?.at], [200, 51, 250])
      })
    ))

  it.effect("lets an observer that is there hear everything too", () => {
    const heard: Array<string> = []
    const beside: TaskObserver.Observer = {
      step: ({ id }) => Effect.sync(() => void heard.push(`step ${id}`)),
      poll: ({ id }) => Effect.sync(() => void heard.push(`poll ${id}`))
    }
    return Effect.gen(function*() {
      const observer = yield* TaskObserver.TaskObserver
      yield* observer.step(stepOf(1, 1000))
      yield* observer.poll!(pollOf(1))
      assert.deepStrictEqual(heard, [`step ${idOf(1)}`, `poll ${idOf(1)}`])
    }).pipe(Effect.provide(
      DashboardHub.layer().pipe(
        Layer.provideMerge(silent),
        Layer.provide(Layer.succeed(TaskObserver.TaskObserver, beside))
      )
    ))
  })

  describe("for its viewers", () => {
    it.effect("gives all lines first, then each change once in its newest form, four times a second", () =>
      withHub((hub, observer) =>
        Effect.gen(function*() {
          yield* observer.step(stepOf(1, 1000))
          const events = yield* viewer(hub)
          assert.deepStrictEqual(
            events.map(({ data, event, id }) => [event, id, data.rows.map((row) => row.state)]),
            [["reset", `${hub.epoch}.1`, ["SUBMITTED"]]]
          )
          assert.deepStrictEqual(events[0]?.data.status, { ...fixed, maxTasks: 10_000, isTruncated: false })
          yield* TestClock.adjust(1000)
          for (let n = 2; n <= 50; n++) {
            yield* observer.step(stepOf(n, 2000))
            yield* observer.step(stepOf(n, 2000, running(n)))
          }
          yield* TestClock.adjust(0)
          // Nothing was told for a while, so the first change is told at once.
          yield* TestClock.adjust(249)
          yield* observer.step(stepOf(51, 2000))
          yield* observer.step(stepOf(51, 2000, running(51)))
          yield* TestClock.adjust(500)
          const rows = events.slice(1).flatMap(({ data }) => data.rows.map(({ progress, state }) => [state, progress]))
          assert.isAtMost(events.length, 4)
          assert.strictEqual(events.reduce((sum, { data }) => sum + (data.steps ?? 0), 0), 2 * 50)
          assert.deepStrictEqual(rows.at(-1), ["IN_PROGRESS", 51])
          assert.strictEqual(new Set(events.flatMap(({ data }) => data.rows.map(({ id }) => id))).size, 51)
          assert.isAtMost(rows.length, 52)
        })
      ))

    it.effect("goes on where a viewer was", () =>
      withHub((hub, observer) =>
        Effect.gen(function*() {
          yield* observer.step(stepOf(1, 1000))
          yield* observer.step(stepOf(2, 1000))
          const { seq } = yield* hub.everything
          yield* observer.step(stepOf(2, 1000, running(5)))
          const events = yield* viewer(hub, `${hub.epoch}.${seq}`)
          yield* TestClock.adjust(250)
          assert.deepStrictEqual(
            events.map(({ data, event, id }) => [event, id, data.rows.map((row) => row.id), data.removed]),
            [["changes", `${hub.epoch}.3`, [idOf(2)], []]]
          )
          // What holds for the page is told to whoever comes back.
          assert.deepStrictEqual(events[0]?.data.providers?.map(({ running }) => running), [2])
        })
      ))

    for (
      const [name, last] of [
        ["of another life", () => "another.1"],
        ["that make no sense", () => "nonsense"],
        ["from the future", (hub: DashboardHub.DashboardHub["Service"]) => `${hub.epoch}.999`]
      ] as const
    ) {
      it.effect(`begins anew with ids ${name}`, () =>
        withHub((hub, observer) =>
          Effect.gen(function*() {
            yield* observer.step(stepOf(1, 1000))
            const events = yield* viewer(hub, last(hub))
            yield* TestClock.adjust(250)
            assert.deepStrictEqual(events.map(({ event }) => event), ["reset"])
          })
        ))
    }

    it.effect("begins anew with a viewer who was away for more changes than are kept", () =>
      withHub((hub, observer) =>
        Effect.gen(function*() {
          yield* observer.step(stepOf(1, 1000, running(1)))
          for (let poll = 0; poll <= 32_768; poll++) yield* observer.poll!(pollOf(1, { poll }))
          const events = yield* viewer(hub, `${hub.epoch}.1`)
          yield* TestClock.adjust(250)
          assert.deepStrictEqual(events.map(({ data, event }) => [event, data.rows[0]?.polls]), [["reset", 32_768]])
          const before = yield* viewer(hub, `${hub.epoch}.2`)
          yield* TestClock.adjust(250)
          assert.deepStrictEqual(before.map(({ data, event }) => [event, data.rows[0]?.polls]), [["changes", 32_768]])
        })
      ))

    it.effect("says which lines went", () =>
      withHub((hub, observer) =>
        Effect.gen(function*() {
          yield* observer.step(stepOf(1, 1000, success("https://x.example/v.mp4")))
          const events = yield* viewer(hub)
          yield* observer.step(stepOf(2, 2000))
          yield* TestClock.adjust(250)
          assert.deepStrictEqual(events.at(-1)?.data.removed, [idOf(1)])
        }), { maxTasks: 1 }))

    it.effect("waits for nobody: a viewer who reads nothing slows neither tasks nor other viewers", () =>
      withHub((hub, observer) =>
        Effect.gen(function*() {
          const gate = yield* Deferred.make<void>()
          let read = 0
          const slow = yield* Effect.forkChild(Stream.runForEach(Events.make(hub, fixed, undefined), () => {
            read++
            return Deferred.await(gate)
          }))
          const events = yield* viewer(hub)
          for (let n = 1; n <= 20_000; n++) yield* observer.step(stepOf(n, n))
          yield* TestClock.adjust(250)
          assert.deepStrictEqual([events.flatMap(({ data }) => data.rows).length, read], [20_000, 1])
          yield* Deferred.succeed(gate, undefined)
          yield* TestClock.adjust(250)
          // All that it missed comes in one piece, each line in its newest form.
          assert.strictEqual(read, 3)
          yield* Fiber.interrupt(slow)
        }), { maxTasks: 50_000 }))

    it.effect("says something now and then, so that a dead connection is noticed", () =>
      withHub((hub) =>
        Effect.gen(function*() {
          const pieces: Array<string> = []
          yield* Effect.forkChild(
            Stream.runForEach(Events.make(hub, fixed, undefined), (piece) => Effect.sync(() => void pieces.push(piece)))
          )
          yield* TestClock.adjust(31_000)
          assert.deepStrictEqual(pieces.slice(2), [": still here\n\n", ": still here\n\n"])
        })
      ))
  })

  it.effect("hides what is secret in the words of a provider", () =>
    withHub((hub, observer) =>
      Effect.gen(function*() {
        const error = failing(
          new VideoTaskError.ProviderUnavailable({
            detail: "503 at https://api.example.com/?sign=SECRET Bearer abc123"
          })
        )
        yield* observer.step(stepOf(1, 1000, running(1)))
        yield* observer.poll!(pollOf(1, {
          outcome: "failed",
          failure: { reason: "ProviderUnavailable", message: error.message }
        }))
        const text = JSON.stringify([yield* hub.everything, yield* hub.polls(idOf(1))])
        assert.notMatch(text, /SECRET|abc123/)
      })
    ))

  it.effect("is another life each time", () =>
    Effect.gen(function*() {
      const layer = Layer.provideMerge(DashboardHub.layer(), TaskStore.layerMemory)
      const epochOf = Effect.map(Layer.build(Layer.fresh(layer)), (context) =>
        Context.get(context, DashboardHub.DashboardHub).epoch)
      const [a, b] = [yield* epochOf, yield* epochOf]
      assert.notStrictEqual(a, b)
    }))
})
