import { assert, describe, it } from "@effect/vitest"
import { TaskHandle, VideoProvider, VideoTaskError } from "@video-tasks/core"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Cause, Clock, Effect, Exit, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import * as Harness from "./support/harness.ts"

type Look = "found" | "nothing" | "hangs" | "breaks" | VideoTaskError.VideoTaskError

/** A provider whose creates and looks answer in order; the last answer is repeated. */
const losing = (
  answers: ReadonlyArray<VideoTaskError.Reason | "created">,
  looks: ReadonlyArray<Look>,
  options: {
    readonly createMs?: number
    readonly lookMs?: number
    readonly canFindCreated?: boolean
    /** When the task was made that is found, as the provider says. */
    readonly foundAt?: number
  } = {}
) => {
  const posts: Array<number> = []
  const looked: Array<number> = []
  const references = new Set<string | undefined>()
  const created = VideoProvider.double().create
  const provider = VideoProvider.double({
    family: { canFindCreated: options.canFindCreated ?? true },
    create: (request, sent) =>
      Effect.gen(function*() {
        const answer = answers[Math.min(posts.length, answers.length - 1)] ?? "created"
        posts.push(yield* Clock.currentTimeMillis)
        references.add(sent?.reference)
        yield* Effect.sleep(options.createMs ?? 0)
        return answer === "created"
          ? yield* created(request, sent)
          : yield* Effect.fail(Harness.error(answer, "create"))
      }),
    findCreated: (_, sent) =>
      Effect.gen(function*() {
        const look = looks[Math.min(looked.length, looks.length - 1)] ?? "nothing"
        looked.push(yield* Clock.currentTimeMillis)
        references.add(sent.reference)
        yield* Effect.sleep(options.lookMs ?? 0)
        if (look === "hangs") return yield* Effect.never
        if (look === "breaks") return yield* Effect.die(new Error("GET https://x.example/?sig=SECRET broke"))
        if (look === "nothing") return undefined
        if (look !== "found") return yield* Effect.fail(look)
        const handle = new TaskHandle.TaskHandle({
          provider: "double",
          family: "double",
          remoteId: "found-1",
          baseUrl: "https://double.invalid",
          account: "default",
          ...(options.foundAt === undefined ? {} : { createdAt: options.foundAt }),
          ...(sent.requestHash === undefined ? {} : { requestHash: sent.requestHash })
        })
        return { handle, observation: Harness.running(10) }
      })
  })
  return { looked, posts, provider, references }
}

const lost = new VideoTaskError.SubmissionAmbiguous({ detail: "connection reset" })

const serverError = new VideoTaskError.SubmissionAmbiguous({ detail: "HTTP 502", status: 502 })

const paused = (retryAfterMs: number) =>
  new VideoTaskError.SubmissionAmbiguous({ detail: "HTTP 503", status: 503, retryAfterMs })

const submitFor = (seconds: number, options?: VideoTasks.SubmitOptions) =>
  Effect.gen(function*() {
    const tasks = yield* VideoTasks.VideoTasks
    const fiber = yield* Effect.forkChild(Effect.exit(tasks.submit(Harness.request, options)))
    yield* TestClock.adjust(seconds * 1000)
    return yield* Fiber.join(fiber)
  })

const failureOf = (exit: Exit.Exit<unknown, VideoTaskError.VideoTaskError>) =>
  Exit.isFailure(exit) ? Option.getOrUndefined(Cause.findErrorOption(exit.cause)) : undefined

const submissions = Effect.gen(function*() {
  const store = yield* TaskStore.TaskStore
  return (yield* store.submissions({})).items
})

const outcomes = Effect.map(submissions, (items) => items.map(({ outcome }) => outcome._tag))

describe("a create whose answer was lost", () => {
  it.effect("is found by the reference that it was sent with, and is a task like any other", () => {
    const { looked, posts, provider, references } = losing([lost], ["found"])
    return Effect.gen(function*() {
      const exit = yield* submitFor(1)
      const store = yield* TaskStore.TaskStore
      const [submission] = yield* submissions
      assert.isTrue(Exit.isSuccess(exit))
      if (!Exit.isSuccess(exit)) return
      assert.deepStrictEqual([posts, looked], [[0], [1000]])
      assert.deepStrictEqual([...references], [submission!.id])
      assert.deepStrictEqual(submission!.outcome, { _tag: "created", handle: exit.value })
      assert.strictEqual(exit.value.requestHash, submission!.requestHash)
      const stored = yield* store.find(exit.value)
      assert.deepStrictEqual(
        [stored?.snapshot.task.id, stored?.snapshot.value, stored?.snapshot.task.model],
        [submission!.id, "IN_PROGRESS", "model-1"]
      )
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("is found at the third look, when the first finds nothing and the second fails", () => {
    const { looked, posts, provider } = losing([lost], ["nothing", Harness.unavailable(), "found"])
    return Effect.gen(function*() {
      assert.isTrue(Exit.isSuccess(yield* submitFor(8)))
      assert.deepStrictEqual([posts, looked], [[0], [1000, 3000, 8000]])
      assert.deepStrictEqual(yield* outcomes, ["created"])
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("stays ambiguous when it is not found, and says so", () => {
    const { looked, posts, provider } = losing([lost], ["nothing"])
    return Effect.gen(function*() {
      const error = failureOf(yield* submitFor(20))
      const [submission] = yield* submissions
      const detail = "connection reset; it was looked up by its reference 4 times and not found"
      assert.deepStrictEqual(
        error?.reason,
        new VideoTaskError.SubmissionAmbiguous({ detail, submissionId: submission!.id, sentAt: 0 })
      )
      assert.include(error?.message, "looked up by its reference 4 times and not found")
      assert.deepStrictEqual(submission!.outcome, { _tag: "ambiguous", detail })
      assert.deepStrictEqual([posts, looked], [[0], [1000, 3000, 8000, 20_000]])
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("says that it could not be looked up when every look breaks, and nothing secret", () => {
    const { looked, provider } = losing([lost], ["breaks"])
    return Effect.gen(function*() {
      const error = failureOf(yield* submitFor(20))
      assert.include(error?.message, "could not be looked up by its reference")
      assert.notInclude(Harness.everything(error), "SECRET")
      assert.strictEqual(looked.length, 4)
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("is looked for a minute at most, however long the answers hang", () => {
    const { looked, provider } = losing([lost], ["hangs"])
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const fiber = yield* Effect.forkChild(Effect.flip(tasks.submit(Harness.request)))
      yield* TestClock.adjust("59 seconds")
      assert.deepStrictEqual([looked, yield* outcomes], [[1000, 18_000, 38_000], ["pending"]])
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(fiber)).reason._tag, "SubmissionAmbiguous")
      assert.deepStrictEqual(yield* outcomes, ["ambiguous"])
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("is looked for after the pause that its answer asked for", () => {
    const { looked, provider } = losing([paused(30_000)], ["found"])
    return Effect.gen(function*() {
      assert.isTrue(Exit.isSuccess(yield* submitFor(30)))
      assert.deepStrictEqual(looked, [30_000])
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("is looked for after a pause that takes longer than the looks may", () => {
    const { looked, posts, provider } = losing([paused(120_000)], ["nothing", "found"])
    return Effect.gen(function*() {
      const exit = yield* submitFor(122)
      assert.strictEqual(Exit.isSuccess(exit) && exit.value.remoteId, "found-1")
      assert.deepStrictEqual([posts, looked], [[0], [120_000, 122_000]])
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("is looked for after each pause that the looks themselves are asked for", () => {
    const looks: ReadonlyArray<Look> = [Harness.rateLimited(90_000), Harness.rateLimited(90_000), "found"]
    const { looked, provider } = losing([lost], looks)
    return Effect.gen(function*() {
      assert.isTrue(Exit.isSuccess(yield* submitFor(200)))
      assert.deepStrictEqual(looked, [1000, 91_000, 181_000])
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  it.effect("is not looked for after a pause of more than ten minutes, and says so at once", () => {
    const { looked, provider } = losing([paused(3_600_000)], ["found"])
    return Effect.gen(function*() {
      const error = failureOf(yield* submitFor(0))
      assert.include(error?.message, "since the provider asks this account to wait for too long")
      assert.deepStrictEqual([looked, yield* outcomes], [[], ["ambiguous"]])
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  describe("and whose name an older task has", () => {
    const day = 86_400_000

    it.effect("is not that task", () => {
      const { provider } = losing([lost], ["found"], { foundAt: day - 300_001 })
      return Effect.gen(function*() {
        yield* TestClock.adjust(day)
        const error = failureOf(yield* submitFor(20))
        assert.include(error?.message, "looked up by its reference 4 times, and only an older task has the same one")
        assert.deepStrictEqual(yield* outcomes, ["ambiguous"])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("is found all the same when only the provider's clock is slow", () => {
      const { provider } = losing([lost], ["found"], { foundAt: day - 300_000 })
      return Effect.gen(function*() {
        yield* TestClock.adjust(day)
        assert.isTrue(Exit.isSuccess(yield* submitFor(1)))
      }).pipe(Effect.provide(Harness.layer(provider)))
    })
  })

  it.effect("is not looked for where the API keeps no reference", () => {
    const { looked, provider } = losing([lost], ["found"], { canFindCreated: false })
    return Effect.gen(function*() {
      const error = failureOf(yield* submitFor(0))
      assert.strictEqual(error?.reason._tag === "SubmissionAmbiguous" && error.reason.detail, "connection reset")
      assert.deepStrictEqual(looked, [])
    }).pipe(Effect.provide(Harness.layer(provider)))
  })

  for (
    const reason of [
      new VideoTaskError.InvalidRequest({ violations: [] }),
      new VideoTaskError.Unauthorized({ detail: "HTTP 401" }),
      new VideoTaskError.NotSent({ detail: "ECONNREFUSED" })
    ]
  ) {
    it.effect(`is not what ${reason._tag} is: nothing is looked for`, () => {
      const { looked, provider } = losing([reason], ["found"])
      return Effect.gen(function*() {
        assert.strictEqual(failureOf(yield* submitFor(60))?.reason._tag, reason._tag)
        assert.deepStrictEqual([looked, yield* outcomes], [[], ["rejected"]])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })
  }

  describe("that may be repeated", () => {
    it.effect("is looked for first, and not sent again when it is found", () => {
      const { looked, posts, provider } = losing([serverError, "created"], ["nothing", "found"])
      return Effect.gen(function*() {
        const exit = yield* submitFor(60, { resubmit: "server-error" })
        assert.strictEqual(Exit.isSuccess(exit) && exit.value.remoteId, "found-1")
        assert.deepStrictEqual([posts, looked], [[0], [1000, 3000]])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("is sent again only when it is not found", () => {
      const { looked, posts, provider } = losing([serverError, "created"], ["nothing"])
      return Effect.gen(function*() {
        const exit = yield* submitFor(60, { resubmit: "server-error" })
        assert.strictEqual(Exit.isSuccess(exit) && exit.value.remoteId, "remote-1")
        assert.deepStrictEqual([posts.length, looked], [2, [1000, 3000, 8000, 20_000]])
        assert.isAtLeast(posts[1]!, 20_000)
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect.each<[string, Look]>([
      ["fails", Harness.unavailable()],
      ["breaks", "breaks"],
      ["hangs", "hangs"]
    ])("is not sent again when every look %s", ([, look]) => {
      const { looked, posts, provider } = losing([serverError, "created"], [look])
      return Effect.gen(function*() {
        const error = failureOf(yield* submitFor(600, { resubmit: "server-error" }))
        assert.include(error?.message, "could not be looked up by its reference")
        assert.isAtLeast(looked.length, 3)
        assert.deepStrictEqual([posts, yield* outcomes], [[0], ["ambiguous"]])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("is sent again when the last of its looks is answered, after a long pause as well", () => {
      const looks: ReadonlyArray<Look> = [
        Harness.unavailable(),
        Harness.unavailable(),
        Harness.unavailable(),
        "nothing"
      ]
      const { looked, posts, provider } = losing([paused(120_000), "created"], looks)
      return Effect.gen(function*() {
        const exit = yield* submitFor(150, { resubmit: "server-error" })
        assert.strictEqual(Exit.isSuccess(exit) && exit.value.remoteId, "remote-1")
        assert.deepStrictEqual([posts.length, looked], [2, [120_000, 122_000, 127_000, 139_000]])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("is not sent a third time when nobody could look for the second", () => {
      const looks: ReadonlyArray<Look> = ["nothing", "nothing", "nothing", "nothing", Harness.unavailable()]
      const { posts, provider } = losing([serverError], looks)
      return Effect.gen(function*() {
        assert.strictEqual(
          failureOf(yield* submitFor(600, { resubmit: "server-error" }))?.reason._tag,
          "SubmissionAmbiguous"
        )
        assert.strictEqual(posts.length, 2)
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("is looked for once more when its second try is refused, as a task that exists already", () => {
      const duplicate = new VideoTaskError.InvalidRequest({ violations: [], detail: "the reference is taken" })
      const looks: ReadonlyArray<Look> = ["nothing", "nothing", "nothing", "nothing", "found"]
      const { posts, provider } = losing([serverError, duplicate], looks)
      return Effect.gen(function*() {
        const exit = yield* submitFor(120, { resubmit: "server-error" })
        assert.strictEqual(Exit.isSuccess(exit) && exit.value.remoteId, "found-1")
        assert.strictEqual(posts.length, 2)
        assert.deepStrictEqual(yield* outcomes, ["created"])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("stays ambiguous when its second try is refused and it is never found", () => {
      const { provider } = losing([serverError, new VideoTaskError.InvalidRequest({ violations: [] })], ["nothing"])
      return Effect.gen(function*() {
        const error = failureOf(yield* submitFor(300, { resubmit: "server-error" }))
        assert.deepStrictEqual(
          error?.reason._tag === "SubmissionAmbiguous" && [error.reason.status, error.reason.detail],
          [502, "HTTP 502; it was looked up by its reference 4 times and not found"]
        )
        assert.deepStrictEqual(yield* outcomes, ["ambiguous"])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })
  })

  describe("of an interrupted submit", () => {
    /** Submits, interrupts after `afterMs`, lets time pass, and returns what was told. */
    const interrupted = Effect.fnUntraced(function*(afterMs: number, patienceMs: number) {
      const tasks = yield* VideoTasks.VideoTasks
      const told: Array<string> = []
      const fiber = yield* Effect.forkChild(tasks.submit(Harness.request, {
        resubmit: "server-error",
        interrupted: { patience: patienceMs, tell: (one) => Effect.sync(() => void told.push(one._tag)) }
      }))
      yield* TestClock.adjust(afterMs)
      yield* Effect.forkChild(Fiber.interrupt(fiber))
      yield* TestClock.adjust("10 minutes")
      return told
    })

    it.effect("is not looked for when nobody wants to wait", () => {
      const { looked, posts, provider } = losing([serverError], ["nothing", "found"])
      return Effect.gen(function*() {
        assert.deepStrictEqual(yield* interrupted(1500, 0), ["ambiguous"])
        assert.deepStrictEqual([posts, looked, yield* outcomes], [[0], [1000], ["ambiguous"]])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("is not looked for when its answer comes after that", () => {
      const { looked, posts, provider } = losing([serverError], ["found"], { createMs: 5000 })
      return Effect.gen(function*() {
        assert.deepStrictEqual(yield* interrupted(1000, 0), ["ambiguous"])
        assert.deepStrictEqual([posts, looked, yield* outcomes], [[0], [], ["ambiguous"]])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("is looked for while patience lasts", () => {
      const { looked, posts, provider } = losing([serverError], ["nothing", "found"])
      return Effect.gen(function*() {
        assert.deepStrictEqual(yield* interrupted(1500, 5000), ["pending", "created"])
        assert.deepStrictEqual([posts, looked, yield* outcomes], [[0], [1000, 3000], ["created"]])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("is not looked for when patience is over, nor sent again", () => {
      const { looked, posts, provider } = losing([serverError], ["nothing"])
      return Effect.gen(function*() {
        assert.deepStrictEqual(yield* interrupted(1500, 5000), ["pending", "ambiguous"])
        assert.deepStrictEqual([posts, looked, yield* outcomes], [[0], [1000, 3000], ["ambiguous"]])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })

    it.effect("is recorded when a look that was out when patience ended finds it", () => {
      const { looked, provider } = losing([serverError], ["found"], { lookMs: 8000 })
      return Effect.gen(function*() {
        assert.deepStrictEqual(yield* interrupted(1500, 5000), ["pending", "ambiguous"])
        assert.deepStrictEqual([looked, yield* outcomes], [[1000], ["created"]])
      }).pipe(Effect.provide(Harness.layer(provider)))
    })
  })
})
