import { assert, describe, it } from "@effect/vitest"
import { Video, VideoTaskError } from "@video-tasks/core"
import { Arbitrary, Effect, Schema } from "effect"
import { inspect } from "node:util"
import { created } from "./utils/arbitraries.ts"

const failure = Video.Failure.make({ message: "blocked by policy", code: "content_policy", providerCode: 1301 })

const detail = "the detail"

/** Every reason, with the words that tell a person what to do, and whether we may try again. */
const reasons: ReadonlyArray<readonly [reason: VideoTaskError.Reason, advice: string, retryable: boolean]> = [
  [
    new VideoTaskError.InvalidRequest({
      violations: [new VideoTaskError.Violation({ field: "seconds", value: "99", allowed: "4 to 15" })]
    }),
    "seconds is 99; allowed: 4 to 15. Correct it before you try again.",
    false
  ],
  [new VideoTaskError.Unsupported({ detail }), "Not supported: the detail", false],
  [new VideoTaskError.Unauthorized({ detail }), "Check the key, then try again.", false],
  [new VideoTaskError.QuotaExceeded({ detail }), "Top it up before you try again.", false],
  [
    new VideoTaskError.TaskNotFound({ remoteId: "t1" }),
    "task t1. Check the task id, the base URL, the path and the account.",
    false
  ],
  [new VideoTaskError.ModelUnavailable({ model: "m", detail }), "Choose another model (`video-tasks models`).", false],
  [new VideoTaskError.PayloadTooLarge({ detail }), "Shrink it before you try again.", false],
  [new VideoTaskError.RateLimited({ retryAfterMs: 1_500, detail }), "Wait 2 s, and send fewer at once.", true],
  [new VideoTaskError.ProviderUnavailable({ status: 502, detail }), "Try again later.", true],
  [new VideoTaskError.UnexpectedResponse({ detail }), "Check the base URL; if it is right, try again later.", true],
  [new VideoTaskError.NotSent({ detail }), "Nothing was paid; check the base URL and the network", true],
  [
    new VideoTaskError.SubmissionAmbiguous({ detail }),
    "money may have been spent. It is not sent again. Look for the task in the provider's console",
    false
  ],
  [new VideoTaskError.TaskFailed({ failure }), "Change the prompt or the input before you submit a new one.", false],
  [new VideoTaskError.TaskErrored({ failure }), "A new task may work.", false],
  [new VideoTaskError.TaskCancelled({}), "Submit a new one if you still want the video.", false],
  [new VideoTaskError.TaskExpired({}), "Submit a new one if you still want the video.", false],
  [new VideoTaskError.MissingResult({ detail }), "Ask for it again later with the same handle.", false],
  [new VideoTaskError.WaitTimedOut({ waitedMs: 61_000 }), "after 61 s of waiting. It is not lost: wait again", true],
  [new VideoTaskError.DownloadFailed({ detail, retryable: true }), "download it again with the same handle.", true],
  [new VideoTaskError.ResultExpired({ detail }), "has expired and there is no fresh one: the detail.", false],
  [new VideoTaskError.UnsafeAddress({ host: "10.0.0.1", detail }), "10.0.0.1, which is not allowed: the detail", false],
  [new VideoTaskError.BudgetExceeded({ detail }), "exceeds the budget: the detail. Nothing was sent.", false],
  [
    new VideoTaskError.ResumeIdentityChanged({ field: "account", expected: "a", actual: "b" }),
    "made with account a, but b is configured. Configure the one that made it.",
    false
  ],
  [new VideoTaskError.StoreError({ detail, retryable: false }), "The store failed: the detail.", false]
]

const wrap = (reason: VideoTaskError.Reason) =>
  VideoTaskError.make({ provider: "cometapi", operation: "observe", reason, handle: created().handle, requestId: "r1" })

const codec = Schema.toCodecJson(VideoTaskError.VideoTaskError)

describe("VideoTaskError", () => {
  it("has a case in this test for every reason", () => {
    assert.deepStrictEqual(
      reasons.map(([reason]) => reason._tag),
      VideoTaskError.Reason.members.map((member) => member.fields._tag.schema.literal)
    )
  })

  it.each(reasons)("%s says what to do, on one line", (reason, advice, retryable) => {
    const error = wrap(reason)
    assert.include(error.message, advice)
    assert.match(error.message, /^[A-Z][^\n]*[^\s]$/)
    assert.notInclude(error.message, "undefined")
    assert.notInclude(error.message, "[object")
    assert.strictEqual(error.message, reason.message)
    assert.strictEqual(error.retryable, retryable)
  })

  it.each<readonly [VideoTaskError.TaskNotFound, string]>([
    [
      new VideoTaskError.TaskNotFound({ remoteId: "t1", detail: "HTTP 404", family: "seedance" }),
      "task t1 (HTTP 404). Check the task id, the base URL, the path, the family (seedance) and the account."
    ],
    [
      new VideoTaskError.TaskNotFound({ remoteId: "t1", mayBeRemoved: true }),
      "task t1; it may have been cancelled or deleted. Check the task id, the base URL, the path and the account."
    ]
  ])("an unknown task: where it was looked for, and why it may be gone", (reason, words) => {
    assert.include(reason.message, words)
  })

  it.each<readonly [VideoTaskError.WaitTimedOut, string]>([
    [new VideoTaskError.WaitTimedOut({ waitedMs: 300 }), "The task is still running after 0.3 s of waiting."],
    [
      new VideoTaskError.WaitTimedOut({ waitedMs: 12_003, lastFailure: "no answer within 30 ms" }),
      "The task was not seen to end in 12 s of waiting, and the last read failed: no answer within 30 ms."
    ]
  ])("a wait that timed out: how long it was, and why nothing was seen", (reason, words) => {
    assert.strictEqual(reason.message, `${words} It is not lost: wait again with the same handle.`)
  })

  it.each(reasons)("%s comes back from JSON, with its handle", (reason) => {
    const error = wrap(reason)
    const json = JSON.stringify(Schema.encodeSync(codec)(error))
    const back = Schema.decodeSync(codec)(JSON.parse(json))
    assert.strictEqual(back.message, error.message)
    assert.strictEqual(back.retryable, error.retryable)
    assert.strictEqual(JSON.stringify(Schema.encodeSync(codec)(back)), json)
    assert.deepStrictEqual(back.handle, created().handle)
    assert.strictEqual(back.reason._tag, reason._tag)
  })

  it.prop(
    "comes back from JSON whatever its reason holds",
    { reason: Arbitrary.schema(VideoTaskError.Reason) },
    ({ reason }) => {
      const json = JSON.stringify(Schema.encodeSync(codec)(wrap(reason)))
      assert.strictEqual(JSON.stringify(Schema.encodeSync(codec)(Schema.decodeSync(codec)(JSON.parse(json)))), json)
    },
    { arbitrary: { runs: 500, seed: "reasons" }, timeout: 60_000 }
  )

  it("says how long to wait only when the provider did", () => {
    assert.include(new VideoTaskError.RateLimited({ detail }).message, "Wait a while")
    assert.include(new VideoTaskError.RateLimited({ detail, retryAfterMs: 0 }).message, "Wait 0 s")
  })

  it("lists all violations and the provider's own words", () => {
    const violation = (field: string) => new VideoTaskError.Violation({ field, value: "x", allowed: "y" })
    assert.strictEqual(
      new VideoTaskError.InvalidRequest({ violations: [violation("size"), violation("seconds")], detail }).message,
      "The request is not valid: size is x; allowed: y; seconds is x; allowed: y; the detail. Correct it before you try " +
        "again."
    )
  })

  it("has no field in any reason that could hold a key or a URL", () => {
    const fields = new Set(VideoTaskError.Reason.members.flatMap((member) => Object.keys(member.fields)))
    assert.deepStrictEqual([...fields].filter((name) => /key|token|secret|header|url|cause/i.test(name)), [])
  })

  it("prints its message as text, and its fields as data", () => {
    const error = wrap(new VideoTaskError.NotSent({ detail }))
    assert.strictEqual(String(error), `@video-tasks/core/VideoTaskError: ${error.message}`)
    assert.deepStrictEqual(JSON.parse(JSON.stringify(error)), {
      _tag: "VideoTaskError",
      message: error.message,
      retryable: true,
      provider: "cometapi",
      operation: "observe",
      handle: { ...created().handle },
      requestId: "r1",
      reason: { _tag: "NotSent", detail, retryable: true }
    })
    assert.include(inspect(error), error.message)
  })

  it.effect("is caught by one of its reasons", () =>
    Effect.gen(function*() {
      const program = (reason: VideoTaskError.Reason) =>
        Effect.fail(wrap(reason)).pipe(
          Effect.catchReason("VideoTaskError", "WaitTimedOut", (reason) => Effect.succeed(reason.waitedMs))
        )
      assert.strictEqual(yield* program(new VideoTaskError.WaitTimedOut({ waitedMs: 5 })), 5)
      const error = yield* program(new VideoTaskError.TaskCancelled({})).pipe(Effect.flip)
      assert.strictEqual(error.reason._tag, "TaskCancelled")
    }))

  it("takes a handle where it has none, and keeps the one that it has", () => {
    const { handle } = created()
    const reason = new VideoTaskError.TaskCancelled({})
    const bare = VideoTaskError.make({ provider: "p", operation: "await", reason, requestId: "r1" })
    assert.isFalse("handle" in bare)
    const with_ = VideoTaskError.withHandle(bare, handle)
    assert.deepStrictEqual(
      [with_.provider, with_.operation, with_.requestId, with_.handle],
      ["p", "await", "r1", handle]
    )
    assert.strictEqual(VideoTaskError.withHandle(with_, created().handle), with_)
  })
})
