import { assert, describe, it } from "@effect/vitest"
import { Submission, TaskId, VideoTaskError } from "@video-tasks/core"
import { TaskStore } from "@video-tasks/runtime"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { submit } from "../src/internal/frontSubmit.ts"
import type { Router } from "../src/internal/router.ts"

const request = { provider: "double", family: "double", model: "m", prompt: "A fox" }

const id = TaskId.TaskId.make("01a1fd84-fbdb-7747-a212-98ab37b40ec4")

const away = new TaskStore.TaskStoreError({ detail: "connection terminated", retryable: true })

const taken = new TaskStore.TaskStoreError({ detail: `submission ${id} exists already`, retryable: false })

/** A door that breaks after it was asked: nobody knows whether its runner has begun the create. */
const broken = {
  count: 16,
  patienceMs: 600,
  doors: () => ({ submit: () => Effect.die(new Error("the socket was closed")), ping: () => Effect.never })
} as unknown as Router

/** A door whose runner can't ask the store. */
const storeless = (retryable: boolean) =>
  ({
    ...broken,
    doors: () => ({
      submit: () =>
        Effect.fail(VideoTaskError.make({
          provider: "store",
          operation: "store",
          reason: new VideoTaskError.StoreError({ detail: "connection terminated", retryable })
        })),
      ping: () => Effect.never
    })
  }) as unknown as Router

const failing = (calls: Partial<TaskStore.TaskStore["Service"]>, router = broken) =>
  Effect.gen(function*() {
    const store = { ...(yield* TaskStore.TaskStore), ...calls }
    const order = { id, attempt: "1", request, options: {} }
    const fiber = yield* Effect.forkChild(Effect.flip(submit({ router, store }, order)))
    yield* TestClock.adjust("1 minute")
    const error: VideoTaskError.VideoTaskError = yield* Fiber.join(fiber)
    return { reason: error.reason, isRetryable: error.retryable }
  }).pipe(Effect.provide(TaskStore.layerMemory))

const begun = (outcome: Submission.Outcome) =>
  new Submission.Submission({
    id,
    provider: request.provider,
    family: request.family,
    model: request.model,
    account: "a",
    requestHash: "ab",
    startedAt: 0,
    outcome
  })

describe("a submit whose runner does not answer", () => {
  it.effect("is not sent only when nobody can begin it any more", () =>
    Effect.gen(function*() {
      const { reason } = yield* failing({})
      assert.strictEqual(reason._tag, "NotSent")
    }))

  it.effect("is unknown while the store can't be asked, and no reason to send it again", () =>
    Effect.gen(function*() {
      const { isRetryable, reason } = yield* failing({ submission: () => Effect.fail(away) })
      assert.deepStrictEqual([reason._tag, isRetryable], ["SubmissionAmbiguous", false])
      assert.strictEqual(reason._tag === "SubmissionAmbiguous" ? reason.submissionId : "", id)
    }))

  it.effect("goes by its outcome when a runner begins it in the last moment", () =>
    Effect.gen(function*() {
      let isBegun = false
      const { reason } = yield* failing({
        begin: () =>
          Effect.suspend(() => {
            isBegun = true
            return Effect.fail(taken)
          }),
        submission: () =>
          Effect.sync(() => isBegun ? begun({ _tag: "ambiguous", detail: "the answer is lost" }) : undefined)
      })
      assert.strictEqual(reason._tag, "SubmissionAmbiguous")
    }))

  it.effect.each([["RateLimited", "NotSent"], ["QuotaExceeded", "StoreError"]])(
    "that was refused with %s ends as %s",
    ([
      refusal,
      expected
    ]) =>
      Effect.gen(function*() {
        const outcome = { _tag: "rejected", reason: refusal ?? "" } as const
        const { reason } = yield* failing({ submission: () => Effect.succeed(begun(outcome)) })
        assert.strictEqual(reason._tag, expected)
      })
  )

  it.effect("goes by its outcome when the runner that took over can't ask the store", () =>
    Effect.gen(function*() {
      const outcome = { _tag: "ambiguous", detail: "the answer is lost" } as const
      for (const retryable of [true, false]) {
        const found = { submission: () => Effect.succeed(begun(outcome)) }
        const { isRetryable, reason } = yield* failing(found, storeless(retryable))
        assert.deepStrictEqual([reason._tag, isRetryable], ["SubmissionAmbiguous", false])
      }
    }))

  it.effect("fails with what the store says for good only when nobody can begin it any more", () =>
    Effect.gen(function*() {
      const written = yield* failing({}, storeless(false))
      assert.deepStrictEqual([written.reason._tag, written.isRetryable], ["StoreError", false])
      const unwritten = yield* failing({ begin: () => Effect.fail(away) }, storeless(false))
      assert.deepStrictEqual([unwritten.reason._tag, unwritten.isRetryable], ["SubmissionAmbiguous", false])
    }))
})
