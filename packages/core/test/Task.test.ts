import { assert, describe, it } from "@effect/vitest"
import { type Observation, Task, TaskMachine, VideoTaskError } from "@video-tasks/core"
import { Effect } from "effect"
import { created, observed, video } from "./utils/arbitraries.ts"

const ended = (fields: Partial<Observation.Observation>): Task.Ended => {
  const task = TaskMachine.toTask(TaskMachine.step(TaskMachine.initial(created()), observed(2_000, fields)).snapshot)
  return Task.isEnded(task) ? task : assert.fail(`${task.status} is no end`)
}

describe("Task", () => {
  describe("successOf", () => {
    it.effect("is the task itself when it has a video", () =>
      Effect.gen(function*() {
        const task = ended({ status: "SUCCESS", videos: [video()] })
        assert.strictEqual(yield* Task.successOf(task), task)
        assert.isUndefined(Task.failureOf(task))
      }))

    it.effect("fails with the error of every other end, with its handle", () =>
      Effect.gen(function*() {
        const success = yield* Task.successOf(ended({ status: "SUCCESS", videos: [video()] }))
        const ends = [
          new Task.Success({ ...success, videos: [] }),
          ended({ status: "CANCELLED" }),
          ended({ status: "EXPIRED" })
        ]
        const errors = yield* Effect.forEach(ends, (task) => Effect.flip(Task.successOf(task)))
        assert.deepStrictEqual(errors, ends.map(Task.failureOf))
        assert.deepStrictEqual(
          errors.map(({ handle, reason }) => [handle, reason]),
          [
            new VideoTaskError.MissingResult({ detail: "the provider reported success without a link" }),
            new VideoTaskError.TaskCancelled(),
            new VideoTaskError.TaskExpired()
          ].map((reason, n) => [ends[n]?.handle, reason])
        )
      }))
  })
})
