import { assert, describe, it } from "@effect/vitest"
import { TaskHandle, Video, VideoProvider, type VideoRequest, VideoTaskError } from "@video-tasks/core"
import { Fallback, TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as Harness from "./support/harness.ts"

type Tag = VideoTaskError.Reason["_tag"]

type Made = { readonly [One in Tag]: Extract<VideoTaskError.Reason, { readonly _tag: One }> }

const failure = (fields: Partial<ConstructorParameters<typeof Video.Failure>[0]> = {}) =>
  new Video.Failure({ message: "it failed", ...fields })

/** Every reason there is: a new one does not compile before it is here. */
const reasons: Made = {
  InvalidRequest: new VideoTaskError.InvalidRequest({ violations: [] }),
  Unsupported: new VideoTaskError.Unsupported({ detail: "no" }),
  Unauthorized: new VideoTaskError.Unauthorized({ detail: "no" }),
  QuotaExceeded: new VideoTaskError.QuotaExceeded({ detail: "no" }),
  TaskNotFound: new VideoTaskError.TaskNotFound({ remoteId: "remote-1" }),
  ModelUnavailable: new VideoTaskError.ModelUnavailable({ model: "model-1", detail: "no" }),
  PayloadTooLarge: new VideoTaskError.PayloadTooLarge({ detail: "no" }),
  RateLimited: new VideoTaskError.RateLimited({ detail: "no" }),
  ProviderUnavailable: new VideoTaskError.ProviderUnavailable({ detail: "no" }),
  UnexpectedResponse: new VideoTaskError.UnexpectedResponse({ detail: "no" }),
  NotSent: new VideoTaskError.NotSent({ detail: "no" }),
  SubmissionAmbiguous: new VideoTaskError.SubmissionAmbiguous({ detail: "no" }),
  TaskFailed: new VideoTaskError.TaskFailed({ failure: failure() }),
  TaskErrored: new VideoTaskError.TaskErrored({ failure: failure() }),
  TaskCancelled: new VideoTaskError.TaskCancelled(),
  TaskExpired: new VideoTaskError.TaskExpired(),
  MissingResult: new VideoTaskError.MissingResult({ detail: "no" }),
  WaitTimedOut: new VideoTaskError.WaitTimedOut({ waitedMs: 1 }),
  DownloadFailed: new VideoTaskError.DownloadFailed({ detail: "no", retryable: true }),
  ResultExpired: new VideoTaskError.ResultExpired({ detail: "no" }),
  UnsafeAddress: new VideoTaskError.UnsafeAddress({ host: "h", detail: "no" }),
  BudgetExceeded: new VideoTaskError.BudgetExceeded({ detail: "no" }),
  ResumeIdentityChanged: new VideoTaskError.ResumeIdentityChanged({ field: "baseUrl", expected: "a", actual: "b" }),
  StoreError: new VideoTaskError.StoreError({ detail: "no", retryable: true })
}

const tags = Object.keys(reasons) as ReadonlyArray<Tag>

/** What a caller can ask for besides: everything that the type allows. */
const everything: { readonly [One in Fallback.Also]: true } = {
  InvalidRequest: true,
  PayloadTooLarge: true,
  Unauthorized: true,
  QuotaExceeded: true,
  BudgetExceeded: true,
  TaskFailed: true
}

const also = Object.keys(everything) as ReadonlyArray<Fallback.Also>

/** The truth, written down once more by hand: submit, await, and the same when the caller asks for all that there is. */
const truth: { readonly [One in Tag]: readonly [boolean, boolean, boolean, boolean] } = {
  NotSent: [true, false, true, false],
  Unsupported: [true, false, true, false],
  ModelUnavailable: [true, false, true, false],
  RateLimited: [true, false, true, false],
  InvalidRequest: [false, false, true, false],
  PayloadTooLarge: [false, false, true, false],
  Unauthorized: [false, false, true, false],
  QuotaExceeded: [false, false, true, false],
  BudgetExceeded: [false, false, true, false],
  TaskFailed: [false, true, false, true],
  TaskErrored: [false, true, false, true],
  TaskExpired: [false, true, false, true],
  TaskCancelled: [false, true, false, true],
  SubmissionAmbiguous: [false, false, false, false],
  ProviderUnavailable: [false, false, false, false],
  UnexpectedResponse: [false, false, false, false],
  StoreError: [false, false, false, false],
  TaskNotFound: [false, false, false, false],
  MissingResult: [false, false, false, false],
  WaitTimedOut: [false, false, false, false],
  ResumeIdentityChanged: [false, false, false, false],
  DownloadFailed: [false, false, false, false],
  ResultExpired: [false, false, false, false],
  UnsafeAddress: [false, false, false, false]
}

const a: VideoRequest.VideoRequest = { provider: "a", family: "double", model: "model-a", prompt: "a fox" }
const b: VideoRequest.VideoRequest = { provider: "b", family: "double", model: "model-b", prompt: "a fox" }

const handle = new TaskHandle.TaskHandle({
  provider: "a",
  family: "double",
  remoteId: "remote-1",
  baseUrl: "https://double.invalid",
  account: "default"
})

const fails = (reason: VideoTaskError.Reason, operation: VideoTaskError.Operation) =>
  Effect.fail(VideoTaskError.make({ provider: "a", operation, reason }))

/** `VideoTasks` that fails at a stage for a reason with `a`, and succeeds with `b`; and how often each was submitted. */
const stub = (stage: Fallback.Stage, reason: VideoTaskError.Reason) => {
  const seen: Array<string> = []
  const ok = Effect.succeed({ status: "SUCCESS" } as never)
  const service = {
    submit: (request: VideoRequest.VideoRequest) => {
      seen.push(request.provider)
      if (stage === "submit" && request.provider === "a") return fails(reason, "create")
      return Effect.succeed(new TaskHandle.TaskHandle({ ...handle, provider: request.provider }))
    },
    await: (ref: TaskHandle.TaskHandle) => stage === "await" && ref.provider === "a" ? fails(reason, "await") : ok
  } as unknown as VideoTasks.VideoTasks["Service"]
  return { seen, provide: Effect.provideService(VideoTasks.VideoTasks, VideoTasks.VideoTasks.of(service)) }
}

describe("Fallback", () => {
  describe("tries the next request, or not, after", () => {
    const cases = tags.flatMap((tag) => (["submit", "await"] as const).map((stage) => [tag, stage] as const))
    it.effect.each(cases)("%s at %s", ([tag, stage]) =>
      Effect.gen(function*() {
        for (const [asked, shift] of [[[], 0], [also, 2]] as const) {
          const expected = truth[tag][(stage === "submit" ? 0 : 1) + shift as 0 | 1 | 2 | 3]
          const { provide, seen } = stub(stage, reasons[tag])
          const exit = yield* Effect.exit(provide(Fallback.awaitWithFallback([a, b], { also: asked })))
          assert.deepStrictEqual([Exit.isSuccess(exit), seen], [expected, expected ? ["a", "b"] : ["a"]])
        }
      }))

    it("nothing at all when a submit has made a task, whatever it failed with", () => {
      for (const tag of tags) {
        const error = VideoTaskError.make({ provider: "a", operation: "create", reason: reasons[tag], handle })
        assert.isFalse(Fallback.mayTryNext("submit", error, also), tag)
      }
    })

    const next = (reason: VideoTaskError.Reason, asked: ReadonlyArray<Fallback.Also> = []) =>
      Fallback.mayTryNext("await", VideoTaskError.make({ provider: "a", operation: "await", reason, handle }), asked)

    it.each([
      [{ code: "moderation_blocked" }, false],
      [{ code: "content_policy_violation" }, false],
      [{ providerCode: "SAFETY.INPUT.TEXT" }, false],
      [{ providerCode: "OutputVideoSensitiveContentDetected" }, false],
      [{ message: "Failure to pass the risk control system" }, false],
      [{ code: "bad_input", retryable: false }, false],
      [{ providerCode: "THIRD_PARTY.UNAVAILABLE", retryable: true }, true],
      [{ providerCode: 500 }, true],
      [{ providerCode: null }, true],
      [{}, true]
    ])("a task that failed with %j: %s, unless the caller asks for it", (fields, expected) => {
      const reason = new VideoTaskError.TaskFailed({ failure: failure(fields) })
      assert.deepStrictEqual([next(reason), next(reason, ["TaskFailed"])], [expected, true])
    })

    it("a task that somebody else cancelled, and never after one that we had cancelled", () => {
      assert.isTrue(next(new VideoTaskError.TaskCancelled()))
      assert.isFalse(next(new VideoTaskError.TaskCancelled({ byRequest: true }), also))
    })
  })

  const provider = (id: string, options: VideoProvider.DoubleOptions = {}) => {
    let creates = 0
    const double = VideoProvider.double({ ...options, id })
    return {
      creates: () => creates,
      provider: {
        ...double,
        create: ((request, more) => {
          creates++
          return double.create(request, more)
        }) satisfies VideoProvider.VideoProvider["create"]
      }
    }
  }

  const failed = Harness.observed({ status: "FAILED", failure: failure({ code: "internal" }) })

  it.effect("hands over the first task that exists, with what was tried before it", () =>
    Effect.gen(function*() {
      const one = provider("a", { create: () => fails(reasons.ModelUnavailable, "create") })
      const two = provider("b")
      const told: Array<readonly [string, number]> = []
      const made = yield* Fallback.submitWithFallback([a, b], {
        onSubmitted: (handle, index) => Effect.sync(() => void told.push([handle.provider, index]))
      }).pipe(Effect.provide(Harness.layer([one.provider, two.provider])))
      assert.deepStrictEqual([one.creates(), two.creates()], [1, 1])
      assert.deepStrictEqual([made.handle.provider, made.index, made.request], ["b", 1, b])
      assert.deepStrictEqual(
        made.attempts.map(({ error, index, model, provider, stage }) => [index, provider, model, stage, error.reason]),
        [[0, "a", "model-a", "submit", reasons.ModelUnavailable]]
      )
      assert.deepStrictEqual(told, [["b", 1]])
    }))

  it.effect("gives each attempt an id of its own, and takes none", () =>
    Effect.gen(function*() {
      const one = provider("a", { create: () => fails(reasons.ModelUnavailable, "create") })
      const two = provider("b")
      const ids = yield* Effect.gen(function*() {
        const options: Fallback.SubmitOptions = { force: true }
        yield* Fallback.submitWithFallback([a, b], { submit: options })
        return (yield* (yield* TaskStore.TaskStore).submissions({})).items.map(({ id }) => id)
      }).pipe(Effect.provide(Harness.layer([one.provider, two.provider])))
      assert.deepStrictEqual([ids.length, new Set(ids).size, one.creates(), two.creates()], [2, 2, 1, 1])
      // @ts-expect-error the second attempt with this id would be refused
      const wide: Fallback.Options = { submit: { id: ids[0] } as VideoTasks.SubmitOptions }
      assert.isDefined(wide)
    }))

  it.effect("waits where the provider asks for it before it tries the next", () =>
    Effect.gen(function*() {
      const one = provider("a", {
        create: () => fails(new VideoTaskError.RateLimited({ detail: "HTTP 429" }), "create")
      })
      const two = provider("b")
      const fiber = yield* Effect.forkChild(
        Effect.provide(Fallback.submitWithFallback([a, b]), Harness.layer([one.provider, two.provider]))
      )
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual((yield* Fiber.join(fiber)).handle.provider, "b")
      assert.deepStrictEqual([one.creates(), two.creates()], [4, 1])
    }))

  it.effect("goes on to the next when a task is verified to have failed, and keeps its handle", () =>
    Effect.gen(function*() {
      const one = provider("a", { observations: [failed] })
      const two = provider("b", { observations: [Harness.success] })
      const fiber = yield* Effect.forkChild(
        Effect.provide(Fallback.awaitWithFallback([a, b]), Harness.layer([one.provider, two.provider]))
      )
      yield* TestClock.adjust("10 minutes")
      const { attempts, task } = yield* Fiber.join(fiber)
      assert.strictEqual(task.handle.provider, "b")
      assert.deepStrictEqual(attempts.map((one) => [one.stage, one.handle?.provider]), [["await", "a"]])
    }))

  it.effect("says how to go on where the next request is tried only when the caller says so", () =>
    Effect.gen(function*() {
      const one = provider("a", { create: () => fails(reasons.Unauthorized, "create") })
      const two = provider("b")
      const layer = Harness.layer([one.provider, two.provider])
      const error = yield* Effect.flip(Effect.provide(Fallback.submitWithFallback([a, b]), layer))
      assert.include(
        error.message,
        "a model-a: Unauthorized (1 not tried; `also: [\"Unauthorized\"]` goes on after this)"
      )
      assert.strictEqual(two.creates(), 0)
      const { handle } = yield* Effect.provide(Fallback.submitWithFallback([a, b], { also: ["Unauthorized"] }), layer)
      assert.strictEqual(handle.provider, "b")
      const last = yield* Effect.flip(Effect.provide(Fallback.submitWithFallback([a]), layer))
      assert.notInclude(last.message, "also")
    }))

  it.effect("lists every attempt with its handle when nothing led to a video", () =>
    Effect.gen(function*() {
      const one = provider("a", { observations: [failed] })
      const two = provider("b", { create: () => fails(reasons.SubmissionAmbiguous, "create") })
      const three = provider("c")
      const fiber = yield* Effect.forkChild(Effect.flip(Effect.provide(
        Fallback.awaitWithFallback([a, b, { ...b, provider: "c" }]),
        Harness.layer([one.provider, two.provider, three.provider])
      )))
      yield* TestClock.adjust("10 minutes")
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(error._tag, "FallbackFailed")
      assert.deepStrictEqual(
        error.attempts.map(({ error, handle, stage }) => [stage, error.reason._tag, handle?.remoteId]),
        [["await", "TaskFailed", "remote-1"], ["submit", "SubmissionAmbiguous", undefined]]
      )
      assert.deepStrictEqual([error.untried, three.creates(), error.last.provider], [1, 0, "b"])
      assert.include(error.message, "a model-a: TaskFailed; b model-b: SubmissionAmbiguous (1 not tried)")
    }))

  it.effect("stops when the wait times out, since the task may still succeed", () =>
    Effect.gen(function*() {
      const one = provider("a")
      const two = provider("b")
      const fiber = yield* Effect.forkChild(Effect.flip(Effect.provide(
        Fallback.awaitWithFallback([a, b], { wait: { deadline: "5 minutes" } }),
        Harness.layer([one.provider, two.provider])
      )))
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual((yield* Fiber.join(fiber)).last.error.reason._tag, "WaitTimedOut")
      assert.strictEqual(two.creates(), 0)
    }))

  it.effect("stops when we have the task cancelled while it is waited for", () =>
    Effect.gen(function*() {
      const one = provider("a", { family: { canCancel: true }, cancel: () => Effect.succeed("confirmed") })
      const two = provider("b")
      const error = yield* Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const fiber = yield* Effect.forkChild(Effect.flip(Fallback.awaitWithFallback([a, b], {
          onSubmitted: (handle) => Effect.asVoid(Effect.forkDetach(Effect.delay(tasks.cancel(handle), "1 minute")))
        })))
        yield* TestClock.adjust("2 minutes")
        return yield* Fiber.join(fiber)
      }).pipe(Effect.provide(Harness.layer([one.provider, two.provider])))
      assert.deepStrictEqual(error.last.error.reason, new VideoTaskError.TaskCancelled({ byRequest: true }))
      assert.strictEqual(two.creates(), 0)
    }))

  it.effect("sends nothing more when it is interrupted, or when something breaks", () =>
    Effect.gen(function*() {
      const one = provider("a", { create: () => Effect.never })
      const two = provider("b")
      yield* Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(Fallback.submitWithFallback([a, b]))
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(fiber)
        const store = yield* TaskStore.TaskStore
        const { items } = yield* store.submissions({})
        assert.deepStrictEqual(items.map((item) => [item.provider, item.outcome._tag]), [["a", "ambiguous"]])
      }).pipe(Effect.provide(Harness.layer([one.provider, two.provider])))
      const broken = { ...two.provider, id: "a", create: () => Effect.die(new Error("a fault")) }
      const error = yield* Effect.flip(
        Effect.provide(Fallback.submitWithFallback([a, b]), Harness.layer([broken, two.provider]))
      )
      assert.strictEqual(error.last.error.reason._tag, "SubmissionAmbiguous")
      assert.deepStrictEqual([one.creates(), two.creates()], [1, 0])
    }))
})
