import { assert, describe, it } from "@effect/vitest"
import { ModelSpec, TaskHandle, TaskId, VideoProvider, VideoTaskError } from "@video-tasks/core"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Cause, Clock, Effect, Exit, Fiber, Layer, Logger, Option } from "effect"
import { TestClock } from "effect/testing"
import * as Harness from "./support/harness.ts"

const handleAt = (createdAt: number, requestHash?: string) =>
  new TaskHandle.TaskHandle({
    provider: "double",
    family: "double",
    remoteId: "remote-1",
    baseUrl: "https://double.invalid",
    account: "default",
    createdAt,
    ...(requestHash === undefined ? {} : { requestHash })
  })

const created: VideoProvider.VideoProvider["create"] = (_, options) =>
  Effect.map(Clock.currentTimeMillis, (now) => ({
    handle: handleAt(now, options?.requestHash),
    observation: Harness.observed({ status: "SUBMITTED" })
  }))

/** A provider whose creates answer in order; the last answer is repeated. */
const answering = (
  answers: ReadonlyArray<VideoTaskError.VideoTaskError | "created" | "silence" | "defect">,
  tookMs = 0
) => {
  const posts: Array<number> = []
  const provider = VideoProvider.double({
    create: (request, options) =>
      Effect.gen(function*() {
        const answer = answers[Math.min(posts.length, answers.length - 1)]
        posts.push(yield* Clock.currentTimeMillis)
        if (tookMs > 0) yield* Effect.sleep(tookMs)
        if (answer === "silence") return yield* Effect.never
        if (answer === "defect") return yield* Effect.die(new Error("GET https://x.example/?sig=SECRET broke"))
        return answer === "created" || answer === undefined
          ? yield* created(request, options)
          : yield* Effect.fail(answer)
      })
  })
  return { posts, provider }
}

const create = (reason: VideoTaskError.Reason) => Harness.error(reason, "create")

const ambiguous = (status?: number) =>
  create(
    new VideoTaskError.SubmissionAmbiguous({ detail: "connection reset", ...(status === undefined ? {} : { status }) })
  )

const notSent = create(new VideoTaskError.NotSent({ detail: "ECONNREFUSED" }))

const outcomes = Effect.gen(function*() {
  const store = yield* TaskStore.TaskStore
  return (yield* store.submissions({})).items.map((one) => one.outcome._tag)
})

const submitFor = (duration: string, options?: VideoTasks.SubmitOptions) =>
  Effect.gen(function*() {
    const tasks = yield* VideoTasks.VideoTasks
    const fiber = yield* Effect.forkChild(Effect.exit(tasks.submit(Harness.request, options)))
    yield* TestClock.adjust(duration as "1 minute")
    return yield* Fiber.join(fiber)
  })

const failureOf = (exit: Exit.Exit<unknown, VideoTaskError.VideoTaskError>) =>
  Exit.isFailure(exit) ? Option.getOrUndefined(Cause.findErrorOption(exit.cause)) : undefined

describe("VideoTasks.submit", () => {
  it.effect("sends once for an id that the caller derives, and refuses it again before anything is sent", () => {
    const { posts, provider } = answering(["created"])
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const id = TaskId.TaskId.make("01890a5d-ac96-774b-bcce-b302099a8057")
      const handle = yield* tasks.submit(Harness.request, { id })
      assert.strictEqual((yield* tasks.get(handle)).id, id)
      const again = yield* Effect.flip(tasks.submit(Harness.request, { id }))
      assert.deepStrictEqual([again.reason._tag, posts.length], ["StoreError", 1])
    }).pipe(Effect.provide(Harness.layer([provider])))
  })

  it.effect("refuses the id of a task that was not submitted here, before anything is sent", () => {
    const { posts, provider } = answering(["created"])
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const { id } = yield* tasks.get(yield* tasks.attach(handleAt(0)))
      const error = yield* Effect.flip(tasks.submit(Harness.request, { id }))
      assert.deepStrictEqual([error.reason._tag, posts.length, yield* outcomes], ["StoreError", 0, []])
    }).pipe(Effect.provide(Harness.layer([provider])))
  })

  it.effect("keeps the handle in the store before it returns, and does not read", () => {
    let reads = 0
    const provider = VideoProvider.double({
      observe: () => Effect.sync(() => (reads++, Harness.running()))
    })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const store = yield* TaskStore.TaskStore
      const handle = yield* tasks.submit(Harness.request)
      const stored = yield* store.find(handle)
      assert.strictEqual(stored?.snapshot.value, "SUBMITTED")
      assert.strictEqual(stored?.snapshot.task.model, "model-1")
      assert.match(handle.requestHash ?? "", /^[0-9a-f]{64}$/)
      assert.deepStrictEqual(yield* outcomes, ["created"])
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(reads, 0)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("gives equal requests equal fingerprints, and others another", () =>
    Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const hashes = yield* Effect.forEach([
        { ...Harness.request, options: { a: 1, b: 2 } },
        { ...Harness.request, options: { b: 2, a: 1 } },
        { ...Harness.request, options: { a: 1, b: 3 } },
        { ...Harness.request, images: [new Uint8Array([1, 2])] },
        { ...Harness.request, images: [new Uint8Array([1, 3])] },
        { ...Harness.request, images: [new Blob(["x"])] }
      ], (request) => Effect.map(tasks.submit(request), (handle) => handle.requestHash))
      assert.strictEqual(hashes[0], hashes[1])
      assert.strictEqual(new Set(hashes).size, 5)
    }).pipe(Effect.provide(Harness.layer(VideoProvider.double(), { budget: { burst: 10 } }))))

  it.effect("fails with every violation before anything is sent or recorded", () => {
    const { posts, provider } = answering(["created"])
    const strict: VideoProvider.VideoProvider = {
      ...provider,
      validate: (request) => ModelSpec.violations(request, { id: "m", seconds: { min: 4, max: 8, default: 4 } })
    }
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const error = yield* Effect.flip(tasks.submit({ ...Harness.request, prompt: "", seconds: 9 }))
      assert.strictEqual(error.reason._tag, "InvalidRequest")
      assert.deepStrictEqual(
        error.reason._tag === "InvalidRequest" && error.reason.violations.map((one) => one.field),
        ["prompt", "seconds"]
      )
      assert.deepStrictEqual([posts.length, yield* outcomes], [0, []])
    }).pipe(Effect.provide(Harness.layer(strict)))
  })

  it.effect("refuses a retired model unless it is forced", () => {
    const provider = VideoProvider.double({ family: { models: [{ id: "model-1", retired: "shut down" }] } })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const error = yield* Effect.flip(tasks.submit(Harness.request))
      assert.deepStrictEqual(
        error.reason,
        new VideoTaskError.ModelUnavailable({ model: "model-1", detail: "shut down" })
      )
      const handle = yield* tasks.submit(Harness.request, { force: true })
      assert.strictEqual(handle.remoteId, "remote-1")
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("refuses a model that is retired in another family, too", () => {
    const double = VideoProvider.double()
    const [first] = double.families
    const other = { ...first!, id: "other", models: [{ id: "model-1", retired: "shut down" }] }
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const error = yield* Effect.flip(tasks.submit(Harness.request))
      assert.strictEqual(error.reason._tag, "ModelUnavailable")
    }).pipe(Effect.provide(Harness.layer({ ...double, families: [...double.families, other] })))
  })

  it.effect("does not warn where the family is for any model", () => {
    const provider = VideoProvider.double({ family: { models: [{ id: "known" }], takesAnyModel: true } })
    const lines: Array<string> = []
    const logger = Logger.make((entry) => lines.push(Logger.formatJson.log(entry)))
    return Effect.gen(function*() {
      yield* (yield* VideoTasks.VideoTasks).submit(Harness.request)
      assert.deepStrictEqual(lines, [])
    }).pipe(Effect.provide(Harness.layer(provider).pipe(Layer.provideMerge(Logger.layer([logger])))))
  })

  it.effect("warns once of a model that is not on the list, and sends it as given", () => {
    const provider = VideoProvider.double({ family: { models: [{ id: "known" }] } })
    const lines: Array<string> = []
    const logger = Logger.make((entry) => lines.push(Logger.formatJson.log(entry)))
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      for (const model of ["your-model", "your-model", "known"]) yield* tasks.submit({ ...Harness.request, model })
      assert.strictEqual(lines.filter((line) => line.includes("nothing is known of model your-model")).length, 1)
      assert.strictEqual(lines.length, 1)
    }).pipe(Effect.provide(Layer.provideMerge(Harness.layer(provider), Logger.layer([logger]))))
  })

  it.effect("takes what the answer to the create says already, be it the end", () => {
    let reads = 0
    const provider = VideoProvider.double({
      create: (request, options) =>
        Effect.map(created(request, options), ({ handle }) => ({ handle, observation: Harness.success })),
      observe: () => Effect.sync(() => (reads++, Harness.success))
    })
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* tasks.submit(Harness.request)
      assert.deepStrictEqual((yield* tasks.await(handle)).videos, [Harness.video])
      assert.strictEqual(reads, 0)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("keeps one task when the provider answers two creates with the same one", () => {
    const { posts, provider } = answering(["created"])
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const store = yield* TaskStore.TaskStore
      const first = yield* tasks.submit(Harness.request)
      const second = yield* tasks.submit(Harness.request)
      assert.isTrue(TaskHandle.isSameTask(first, second))
      assert.strictEqual((yield* store.list({})).items.length, 1)
      assert.deepStrictEqual([posts.length, yield* outcomes], [2, ["created", "created"]])
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("is not sent at all when the account was asked to pause for longer than two minutes", () => {
    const { posts, provider } = answering(["created"])
    const paused: VideoProvider.VideoProvider = {
      ...provider,
      observe: () => Effect.fail(Harness.rateLimited(600_000))
    }
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      yield* tasks.track(yield* tasks.attach({ provider: "double", remoteId: "x" }))
      const error = failureOf(yield* submitFor("1 second"))
      assert.strictEqual(error?.reason._tag, "RateLimited")
      assert.deepStrictEqual([posts.length, yield* outcomes], [0, []])
    }).pipe(Effect.provide(Harness.layer(paused)))
  })

  it.effect("leaves nothing behind of a create that was stopped while it stood in line", () => {
    const { posts, provider } = answering(["created"], 1000)
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const first = yield* Effect.forkChild(tasks.submit(Harness.request))
      const second = yield* Effect.forkChild(tasks.submit(Harness.request))
      yield* TestClock.adjust(500)
      assert.deepStrictEqual([posts.length, yield* outcomes], [1, ["pending"]])
      yield* Fiber.interrupt(second)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(first)
      assert.deepStrictEqual([posts.length, yield* outcomes], [1, ["created"]])
    }).pipe(Effect.provide(Harness.layer(provider, { budget: { concurrency: 1 } })))
  })

  describe("sends a create once", () => {
    const final: ReadonlyArray<readonly [string, VideoTaskError.VideoTaskError, string]> = [
      ["an ambiguous answer", ambiguous(), "ambiguous"],
      ["a 500", ambiguous(500), "ambiguous"],
      ["a 502", ambiguous(502), "ambiguous"],
      ["a 401", create(new VideoTaskError.Unauthorized({ detail: "HTTP 401" })), "rejected"],
      ["no quota", create(new VideoTaskError.QuotaExceeded({ detail: "HTTP 402" })), "rejected"],
      ["a 400", create(new VideoTaskError.InvalidRequest({ violations: [], detail: "bad size" })), "rejected"],
      ["a 413", create(new VideoTaskError.PayloadTooLarge({ detail: "HTTP 413" })), "rejected"],
      ["a 503 model_not_found", create(new VideoTaskError.ModelUnavailable({ model: "m", detail: "x" })), "rejected"],
      ["an API without creates", create(new VideoTaskError.Unsupported({ detail: "no create" })), "rejected"]
    ]
    for (const [name, error, outcome] of final) {
      it.effect(`whatever comes: ${name}`, () => {
        const { posts, provider } = answering([error])
        return Effect.gen(function*() {
          const exit = yield* submitFor("10 minutes")
          assert.strictEqual(failureOf(exit)?.reason._tag, error.reason._tag)
          assert.strictEqual(posts.length, 1)
          assert.deepStrictEqual(yield* outcomes, [outcome])
        }).pipe(Effect.provide(Harness.layer(provider)))
      })
    }

    it.effect("and says which create it was and when it was sent when the answer is lost", () => {
      const { provider } = answering([ambiguous(502)])
      return Effect.gen(function*() {
        yield* TestClock.adjust("5 seconds")
        const store = yield* TaskStore.TaskStore
        const error = failureOf(yield* submitFor("1 minute"))
        const [submission] = (yield* store.submissions({})).items
        assert.deepStrictEqual(
          error?.reason,
          new VideoTaskError.SubmissionAmbiguous({
            detail: "connection reset",
            status: 502,
            submissionId: submission!.id,
            sentAt: 5000
          })
        )
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("and takes 180 s of silence for a lost answer", () => {
      const { posts, provider } = answering(["silence"])
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const fiber = yield* Effect.forkChild(Effect.flip(tasks.submit(Harness.request)))
        yield* TestClock.adjust("179 seconds")
        assert.deepStrictEqual(yield* outcomes, ["pending"])
        yield* TestClock.adjust("1 second")
        assert.strictEqual((yield* Fiber.join(fiber)).reason._tag, "SubmissionAmbiguous")
        assert.deepStrictEqual([posts.length, yield* outcomes], [1, ["ambiguous"]])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("and takes a fault of the provider module for a lost answer", () => {
      const { posts, provider } = answering(["defect"])
      return Effect.gen(function*() {
        const error = failureOf(yield* submitFor("1 minute"))
        assert.strictEqual(error?.reason._tag, "SubmissionAmbiguous")
        assert.notInclude(JSON.stringify(error), "SECRET")
        assert.deepStrictEqual([posts.length, yield* outcomes], [1, ["ambiguous"]])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })
  })

  describe("sends a create again", () => {
    it.effect("when no byte of it was sent", () => {
      const { posts, provider } = answering([notSent, notSent, "created"])
      return Effect.gen(function*() {
        const exit = yield* submitFor("1 minute")
        assert.isTrue(Exit.isSuccess(exit))
        assert.deepStrictEqual([posts.length, yield* outcomes], [3, ["created"]])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("at most five times when no byte is ever sent", () => {
      const { posts, provider } = answering([notSent])
      return Effect.gen(function*() {
        const error = failureOf(yield* submitFor("1 minute"))
        assert.strictEqual(error?.reason._tag, "NotSent")
        assert.deepStrictEqual([posts.length, yield* outcomes], [5, ["rejected"]])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("after the pause that a 429 asks for", () => {
      const { posts, provider } = answering([Harness.rateLimited(7000, "create"), "created"])
      return Effect.gen(function*() {
        assert.isTrue(Exit.isSuccess(yield* submitFor("1 minute")))
        assert.deepStrictEqual(posts, [0, 7000])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("three times at most after a 429", () => {
      const { posts, provider } = answering([Harness.rateLimited(undefined, "create")])
      return Effect.gen(function*() {
        assert.strictEqual(failureOf(yield* submitFor("10 minutes"))?.reason._tag, "RateLimited")
        assert.deepStrictEqual([posts, yield* outcomes], [[0, 1000, 3000, 7000], ["rejected"]])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("not when a 429 asks for more than two minutes in all", () => {
      const { posts, provider } = answering([Harness.rateLimited(80_000, "create")])
      return Effect.gen(function*() {
        assert.strictEqual(failureOf(yield* submitFor("10 minutes"))?.reason._tag, "RateLimited")
        assert.deepStrictEqual(posts, [0, 80_000])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("not when its lease has lapsed while it waited: another process may have judged it", () => {
      const { posts, provider } = answering([Harness.rateLimited(80_000, "create"), "created"])
      let isReachable = true
      const store = Layer.effect(
        TaskStore.TaskStore,
        Effect.map(TaskStore.TaskStore, (memory) => ({
          ...memory,
          renew: (owner: string, until: number) =>
            isReachable
              ? memory.renew(owner, until)
              : Effect.fail(new TaskStore.TaskStoreError({ detail: "no network", retryable: true }))
        }))
      ).pipe(Layer.provide(TaskStore.layerMemory))
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const fiber = yield* Effect.forkChild(Effect.exit(tasks.submit(Harness.request)))
        yield* TestClock.adjust("10 seconds")
        isReachable = false
        yield* TestClock.adjust("65 seconds")
        // It is back before the create has its turn, and what happened in between is not forgotten.
        isReachable = true
        yield* TestClock.adjust("1 minute")
        const error = failureOf(yield* Fiber.join(fiber))
        assert.strictEqual(error?.reason._tag, "NotSent")
        assert.include(error?.message, "away for longer than its lease")
        assert.deepStrictEqual([posts, yield* outcomes], [[0], ["rejected"]])
        assert.isTrue(Exit.isSuccess(yield* submitFor("1 minute")))
      }).pipe(Effect.provide(Layer.merge(Harness.layer(provider, {}, store), Logger.layer([]))))
    })

    it.effect("after a 5xx only for a caller who asks for it", () => {
      const { posts, provider } = answering([ambiguous(500), ambiguous(503), "created"])
      return Effect.gen(function*() {
        const exit = yield* submitFor("1 minute", { resubmit: "server-error" })
        assert.isTrue(Exit.isSuccess(exit))
        assert.strictEqual(posts.length, 3)
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("never after a reset, even for a caller who asks for it", () => {
      const { posts, provider } = answering([ambiguous()])
      return Effect.gen(function*() {
        const exit = yield* submitFor("1 minute", { resubmit: "server-error" })
        assert.strictEqual(failureOf(exit)?.reason._tag, "SubmissionAmbiguous")
        assert.strictEqual(posts.length, 1)
      }).pipe(Effect.provide(Harness.layer(provider)))
    })
  })

  describe("interrupted", () => {
    /** Every call to the store takes a second. */
    const slowStore = Layer.effect(
      TaskStore.TaskStore,
      Effect.map(TaskStore.TaskStore, (store) =>
        TaskStore.TaskStore.of({
          ...store,
          begin: (submission) => Effect.andThen(Effect.sleep("1 second"), store.begin(submission)),
          append: (id, version, events, next) =>
            Effect.andThen(Effect.sleep("1 second"), store.append(id, version, events, next)),
          settle: (id, outcome) => Effect.andThen(Effect.sleep("1 second"), store.settle(id, outcome))
        }))
    ).pipe(Layer.provide(TaskStore.layerMemory))

    for (let seconds = 0; seconds <= 10; seconds++) {
      it.effect(`after ${seconds} s, never loses a task and never sends a second create`, () => {
        // begin 0–1 s, create 1–6 s, append 6–7 s, settle 7–8 s
        const { posts, provider } = answering(["created"], 5000)
        return Effect.gen(function*() {
          const tasks = yield* VideoTasks.VideoTasks
          const store = yield* TaskStore.TaskStore
          const fiber = yield* Effect.forkChild(tasks.submit(Harness.request))
          yield* TestClock.adjust(seconds * 1000 + 500)
          yield* Effect.forkChild(Fiber.interrupt(fiber))
          yield* TestClock.adjust("1 minute")
          const submissions = (yield* store.submissions({})).items.map((one) => one.outcome._tag)
          const stored = (yield* store.list({})).items.map((one) => one.snapshot.task.handle.remoteId)
          const expected = seconds === 0 ? [[0], ["rejected"], []] : [[1], ["created"], ["remote-1"]]
          assert.deepStrictEqual([[posts.length], submissions, stored], expected)
        }).pipe(Effect.provide(Harness.layer(provider, {}, slowStore)))
      })
    }

    it.effect("while the answer is out, counts as lost at once", () => {
      const { posts, provider } = answering(["silence"])
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const fiber = yield* Effect.forkChild(tasks.submit(Harness.request))
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual([posts.length, yield* outcomes], [1, ["ambiguous"]])
        yield* TestClock.adjust("1 hour")
        assert.deepStrictEqual([posts.length, yield* outcomes], [1, ["ambiguous"]])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("between two attempts, sends no other one", () => {
      const { posts, provider } = answering([notSent])
      return Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const fiber = yield* Effect.forkChild(tasks.submit(Harness.request))
        yield* TestClock.adjust(100)
        yield* Fiber.interrupt(fiber)
        yield* TestClock.adjust("1 hour")
        assert.deepStrictEqual([posts.length, yield* outcomes], [1, ["rejected"]])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("together with everything else, counts as lost in the store that outlives it", () =>
      Effect.gen(function*() {
        const store = yield* TaskStore.TaskStore
        const { posts, provider } = answering(["silence"])
        const fiber = yield* Effect.forkChild(
          VideoTasks.VideoTasks.use((tasks) => tasks.submit(Harness.request)).pipe(
            Effect.provide(Harness.layer(provider, {}, Layer.succeed(TaskStore.TaskStore, store)))
          )
        )
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(fiber)
        const page = yield* store.submissions({})
        assert.deepStrictEqual([posts.length, page.items.map((one) => one.outcome._tag)], [1, ["ambiguous"]])
      }).pipe(Effect.provide(TaskStore.layerMemory)))
  })

  describe("when the store fails", () => {
    const failing = (calls: Partial<TaskStore.TaskStore["Service"]>) =>
      Layer.effect(
        TaskStore.TaskStore,
        Effect.map(TaskStore.TaskStore, (store) => TaskStore.TaskStore.of({ ...store, ...calls }))
      ).pipe(Layer.provide(TaskStore.layerMemory))
    const full = new TaskStore.TaskStoreError({ detail: "disk full", retryable: false })

    it.effect("to keep the intent, sends nothing", () => {
      const { posts, provider } = answering(["created"])
      return Effect.gen(function*() {
        const error = failureOf(yield* submitFor("1 minute"))
        assert.deepStrictEqual(
          error?.reason,
          new VideoTaskError.StoreError({ detail: "disk full", retryable: false })
        )
        assert.strictEqual(posts.length, 0)
      }).pipe(Effect.provide(Harness.layer(provider, {}, failing({ begin: () => Effect.fail(full) }))))
    })

    it.effect("to keep the task, the error carries its handle", () => {
      const { posts, provider } = answering(["created"])
      return Effect.gen(function*() {
        const error = failureOf(yield* submitFor("1 minute"))
        assert.strictEqual(error?.reason._tag, "StoreError")
        assert.strictEqual(error?.handle?.remoteId, "remote-1")
        assert.strictEqual(posts.length, 1)
      }).pipe(Effect.provide(Harness.layer(provider, {}, failing({ append: () => Effect.fail(full) }))))
    })

    it.effect("with a fault of its own, the error carries the handle too", () => {
      const { provider } = answering(["created"])
      return Effect.gen(function*() {
        const error = failureOf(yield* submitFor("1 minute"))
        assert.strictEqual(error?.reason._tag, "StoreError")
        assert.strictEqual(error?.handle?.remoteId, "remote-1")
      }).pipe(Effect.provide(Harness.layer(provider, {}, failing({ append: () => Effect.die("broken") }))))
    })

    it.effect("for a moment, it is tried again", () => {
      const { posts, provider } = answering(["created"])
      let calls = 0
      const store = Layer.effect(
        TaskStore.TaskStore,
        Effect.map(TaskStore.TaskStore, (store) =>
          TaskStore.TaskStore.of({
            ...store,
            append: (id, version, events, next) =>
              Effect.suspend(() =>
                ++calls < 3
                  ? Effect.fail(new TaskStore.TaskStoreError({ detail: "locked", retryable: true }))
                  : store.append(id, version, events, next)
              )
          }))
      ).pipe(Layer.provide(TaskStore.layerMemory))
      return Effect.gen(function*() {
        assert.isTrue(Exit.isSuccess(yield* submitFor("1 minute")))
        assert.deepStrictEqual([posts.length, calls], [1, 3])
      }).pipe(Effect.provide(Harness.layer(provider, {}, store)))
    })
  })
})
