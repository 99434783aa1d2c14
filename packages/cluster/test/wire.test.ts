import { assert, describe, it } from "@effect/vitest"
import { Submission, Task, TaskHandle, TaskId, VideoTaskError } from "@video-tasks/core"
import { Context, Effect, Exit, Layer, Schema } from "effect"
import { RpcSerialization } from "effect/rpc"
import * as Wire from "../src/internal/wire.ts"

/** What one release writes, as another one reads it. */
const across = <A, B>(from: Schema.Codec<A, unknown>, to: Schema.Codec<B, unknown>, value: A) =>
  Effect.gen(function*() {
    const context = yield* Layer.build(RpcSerialization.layerSchemaBinary())
    const { codecFor } = Context.get(context, RpcSerialization.RpcSerialization)
    const bytes = yield* Schema.encodeEffect(codecFor(from))(value)
    return yield* Schema.decodeUnknownEffect(codecFor(to))(bytes)
  }).pipe(Effect.scoped, Effect.orDie)

const request: typeof Wire.Request.Type = {
  provider: "p",
  family: "f",
  model: "m",
  prompt: "a fox",
  images: [{ _tag: "bytes", bytes: new Uint8Array([1, 255]), mimeType: "image/png" }, {
    _tag: "link",
    url: "https://a.example/b"
  }],
  options: { z: 1, a: [null, true] }
}

const id = TaskId.TaskId.make("01890a5d-ac96-774b-bcce-b302099a8057")

/** A release to come, which says more. */
const Later = Schema.Struct({
  before: Schema.optionalKey(Schema.Array(Schema.Finite)),
  ...Wire.Request.fields,
  priority: Schema.optionalKey(Schema.Int),
  more: Schema.optionalKey(Schema.Struct({ deep: Schema.String }))
})

describe("wire", () => {
  it("names its protocol in the name of the doors", () => {
    assert.strictEqual(String(Wire.Door.type), "video-tasks/bucket/v1")
  })

  it.effect("is read by an older release, which passes over what it does not know", () =>
    Effect.gen(function*() {
      const read = yield* across(Later, Wire.Request, { ...request, before: [1], priority: 3, more: { deep: "x" } })
      assert.deepStrictEqual(read, request)
    }))

  it.effect("is read by a newer release, which does without what it is not told", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* across(Wire.Request, Later, request), request)
    }))

  it.effect("carries what doors answer from release to release: handles, tasks, submissions, errors", () =>
    Effect.gen(function*() {
      const more = { more: Schema.optionalKey(Schema.String) }
      const LaterHandle = Schema.Struct({ ...TaskHandle.TaskHandle.fields, ...more })
      const LaterInProgress = Schema.Struct({ ...Task.InProgress.fields, handle: LaterHandle, ...more })
      const LaterTask = Schema.Union([LaterInProgress, Task.Success])
      const LaterSubmission = Schema.Struct({ ...more, ...Submission.Submission.fields })
      const { VideoTaskError: Failure } = VideoTaskError
      const LaterError = Schema.Struct({
        ...more,
        ...Failure.fields,
        reason: Schema.Union([Schema.TaggedStruct("Unheard", {}), ...VideoTaskError.Reason.members])
      })
      const handle = { provider: "p", family: "f", remoteId: "1", baseUrl: "https://a.example", account: "a" }
      const task = { status: "IN_PROGRESS", id, handle, createdAt: 1, updatedAt: 2, progress: 50 } as const
      const submission = {
        id,
        provider: "p",
        family: "f",
        model: "m",
        account: "a",
        requestHash: "ab",
        startedAt: 1,
        outcome: { _tag: "ambiguous", detail: "lost" } as const
      }
      const reason = new VideoTaskError.NotSent({ detail: "ECONNREFUSED" })
      const error = { _tag: "VideoTaskError", provider: "p", operation: "create", reason } as const

      const told = { more: "new", ...task, handle: { ...handle, more: "new" } }
      const inProgress = new Task.InProgress({ ...task, handle: new TaskHandle.TaskHandle(handle) })
      assert.deepStrictEqual(yield* across(LaterTask, Task.Task, told), inProgress)
      assert.deepStrictEqual(yield* across(Task.Task, LaterTask, inProgress), task)
      assert.deepStrictEqual(
        yield* across(LaterSubmission, Submission.Submission, { ...submission, more: "new" }),
        new Submission.Submission(submission)
      )
      const heard = yield* across(LaterError, Failure, { ...error, more: "new" })
      assert.deepStrictEqual([heard.reason, heard.retryable], [reason, true])
      // A reason that an older release has never heard of is no answer: what became of it stands in the store.
      const unheard = yield* Effect.exit(across(LaterError, Failure, { ...error, reason: { _tag: "Unheard" } }))
      assert.isTrue(Exit.isFailure(unheard))
    }))

  it.effect("brings requests back as they were", () =>
    Effect.gen(function*() {
      const file = new Blob([new Uint8Array([3, 4])], { type: "image/webp" })
      const images = [new URL("https://a.example/b?c=d"), new Uint8Array([1, 2]), file]
      const wired = yield* Wire.toWire({ provider: "p", family: "f", model: "m", prompt: "a fox", seconds: 5, images })
      const back = Wire.fromWire(yield* across(Wire.Request, Wire.Request, wired))
      const [link, bytes, blob] = back.images ?? []
      assert.deepStrictEqual([link, bytes], images.slice(0, 2))
      assert.instanceOf(blob, Blob)
      assert.deepStrictEqual(
        [blob.type, new Uint8Array(yield* Effect.promise(() => blob.arrayBuffer()))],
        ["image/webp", new Uint8Array([3, 4])]
      )
      assert.deepStrictEqual([back.seconds, "size" in back], [5, false])
    }))

  it("says of a request that is too long for a message, so that it is not tried", () => {
    const of = (size: number) =>
      Wire.isTooLong({ provider: "p", family: "f", model: "m", prompt: "x", images: [new Uint8Array(size)] })
    assert.deepStrictEqual([of(63 * 1024 ** 2), of(63 * 1024 ** 2 + 1)], [false, true])
  })

  it("finds a bucket by the name of its door", () => {
    assert.strictEqual(Wire.bucketIn(Wire.nameOf(31)), 31)
  })
})
