import { assert, describe, it } from "@effect/vitest"
import { Observation, Task, TaskHandle, Video, VideoProvider, VideoProviders, VideoTaskError } from "@video-tasks/core"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Duration, Effect, Fiber, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { type Ending, follow, underWay } from "../src/internal/progress.ts"
import * as Reporter from "../src/internal/reporter.ts"
import { recorded } from "./utils/screen.ts"
import * as fixtures from "./utils/tasks.ts"

const running = (progress: number) => new Observation.Observation({ status: "IN_PROGRESS", progress, videos: [] })

const success = new Observation.Observation({
  status: "SUCCESS",
  videos: [new Video.Video({ url: Redacted.make(fixtures.signedUrl, { label: "video url" }) })]
})

const down = VideoTaskError.make({
  provider: "double",
  operation: "observe",
  reason: new VideoTaskError.ProviderUnavailable({ status: 503, detail: "HTTP 503" })
})

/** Everything that follows a task of a double, on a screen that is recorded. */
const stage = (
  observations: ReadonlyArray<Observation.Observation | VideoTaskError.VideoTaskError>,
  options: { readonly animated?: boolean; readonly json?: boolean; readonly quiet?: boolean } = {}
) => {
  const screen = recorded(options)
  const provider = VideoProvider.double({ observations })
  const tasks = VideoTasks.layer({ poll: { floor: "10 seconds", ceiling: "10 seconds" } }).pipe(
    Layer.provide(TaskStore.layerMemory),
    Layer.provide(Layer.effect(VideoProviders.VideoProviders, VideoProviders.make([provider])))
  )
  const reporter = Layer.succeed(
    Reporter.Reporter,
    Reporter.make(screen.screen, { json: options.json ?? false, quiet: options.quiet ?? false })
  )
  const layer = Layer.mergeAll(tasks, reporter, screen.layer)
  return {
    written: screen.written,
    run: <A, E>(effect: Effect.Effect<A, E, Layer.Success<typeof layer>>) => Effect.provide(effect, layer)
  }
}

const submitted = VideoTasks.VideoTasks.use((tasks) =>
  tasks.submit({ provider: "double", family: "double", model: "m", prompt: "a fox" })
)

/** Follows one task while the time passes. */
const followed = Effect.gen(function*() {
  const handle = yield* submitted
  const fiber = yield* Effect.forkChild(follow([handle]))
  yield* TestClock.adjust("2 minutes")
  return yield* Fiber.join(fiber)
})

describe("progress", () => {
  it.effect("writes a plain line for each change, and none for the end, which is a result", () =>
    Effect.gen(function*() {
      const { run, written } = stage([running(10), running(10), running(60), success])
      const [ending] = yield* run(followed)
      assert.strictEqual(ending?._tag, "ended")
      assert.deepStrictEqual(written.out, [])
      const told = written.err.map((line) => /(?:SUBMITTED|IN_PROGRESS|SUCCESS).*?(?=\(|$)/.exec(line)?.[0].trim())
      assert.deepStrictEqual(told, ["SUBMITTED", "IN_PROGRESS  10 %", "IN_PROGRESS  60 %"])
    }))

  it.effect("writes a plain line for each read that fails", () =>
    Effect.gen(function*() {
      const { run, written } = stage([down, down, success])
      yield* run(followed)
      const failing = written.err.filter((line) => line.includes("HTTP 503"))
      assert.strictEqual(failing.length, 2)
      assert.match(failing[0] ?? "", /\(retry in \d+s: HTTP 503\)$/)
      assert.match(failing[1] ?? "", /\(retry 2 in \d+s: HTTP 503\)$/)
    }))

  it.effect("draws live lines on a terminal, and takes them away at the end", () =>
    Effect.gen(function*() {
      const { run, written } = stage([running(50), success], { animated: true })
      yield* run(followed)
      assert.deepStrictEqual(written.err, [])
      assert.isTrue(written.all.some((line) => /^live: double {2}remote-1 .*50%/.test(line)))
      assert.strictEqual(written.all.at(-1), "live: ")
    }))

  it.effect("writes one JSON line for each change", () =>
    Effect.gen(function*() {
      const { run, written } = stage([running(50), success], { json: true })
      yield* run(followed)
      assert.deepStrictEqual(
        written.out.map((line) => JSON.parse(line)).map(({ task, type }) => [type, task.status]),
        [["task.updated", "SUBMITTED"], ["task.updated", "IN_PROGRESS"]]
      )
      assert.deepStrictEqual(written.err, [])
    }))

  it.effect("is silent with --quiet, on a terminal too", () =>
    Effect.gen(function*() {
      for (const animated of [true, false]) {
        const { run, written } = stage([running(50), success], { quiet: true, animated })
        yield* run(followed)
        assert.deepStrictEqual(written.all.filter((line) => line !== "live: "), [])
      }
    }))

  it.effect("tells each end as soon as it is there", () =>
    Effect.gen(function*() {
      const slow = new Observation.Observation({ status: "FAILED", failure: fixtures.notFound, videos: [] })
      const { run } = stage([running(50), slow])
      const ends: Array<Ending> = []
      yield* run(Effect.gen(function*() {
        const handles = [yield* submitted, yield* submitted]
        const fiber = yield* Effect.forkChild(
          follow(handles, { onEnding: (ending) => Effect.sync(() => ends.push(ending)) })
        )
        yield* TestClock.adjust("2 minutes")
        const all = yield* Fiber.join(fiber)
        assert.deepStrictEqual(all.map((ending) => ending.handle.remoteId), ["remote-1", "remote-2"])
      }))
      assert.deepStrictEqual(ends.map((ending) => ending._tag), ["ended", "ended"])
    }))

  it.effect("hands over the deadline as an ending, with the handle", () =>
    Effect.gen(function*() {
      const { run } = stage([running(50)])
      const [ending] = yield* run(Effect.gen(function*() {
        const handle = yield* submitted
        const fiber = yield* Effect.forkChild(follow([handle], { wait: { deadline: Duration.minutes(1) } }))
        yield* TestClock.adjust("2 minutes")
        return yield* Fiber.join(fiber)
      }))
      assert.strictEqual(ending?._tag === "failed" ? ending.error.reason._tag : undefined, "WaitTimedOut")
      assert.strictEqual(ending?._tag === "failed" ? ending.error.handle?.remoteId : undefined, "remote-1")
    }))

  it.effect("says how to go on when it is interrupted, with the tasks that still run", () =>
    Effect.gen(function*() {
      const { run, written } = stage([running(50)])
      const handle = yield* run(Effect.gen(function*() {
        const handle = yield* submitted
        const fiber = yield* Effect.forkChild(follow([handle]))
        yield* TestClock.adjust("1 minute")
        yield* Fiber.interrupt(fiber)
        return handle
      }))
      assert.include(written.err.at(-1), `video-tasks wait ${TaskHandle.format(handle)}`)
    }))

  it.effect("shows that something is under way once it takes a moment", () =>
    Effect.gen(function*() {
      const { run, written } = stage([], { animated: true })
      const fiber = yield* Effect.forkChild(run(underWay("asking", Effect.sleep("2 seconds"))))
      yield* TestClock.adjust("200 millis")
      assert.deepStrictEqual(written.all, [])
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(fiber)
      assert.include(written.all, "live: asking  1s")
      assert.strictEqual(written.all.at(-1), "live: ")
    }))

  it.each([
    ["a success with a video", fixtures.success(), undefined],
    ["a success without a video", fixtures.success({ videos: [] }), "MissingResult"],
    ["a failure", fixtures.failed(), "TaskFailed"],
    ["an internal fault", fixtures.errored(), "TaskErrored"],
    ["a task that was lost", fixtures.errored({ failure: fixtures.notFound }), "TaskNotFound"],
    ["a cancellation", fixtures.cancelled(), "TaskCancelled"],
    ["an expiry", fixtures.expired(), "TaskExpired"]
  ])("knows what %s amounts to", (_, task, reason) => {
    assert.strictEqual(Task.failureOf(task)?.reason._tag, reason)
  })
})
