import { assert, describe, it } from "@effect/vitest"
import { TaskHandle } from "@video-tasks/core"
import { SeeAny } from "@video-tasks/providers"
import { Effect, Redacted } from "effect"
import { jsonOf } from "./utils/bodies.ts"
import { apiKey, type Handler } from "./utils/stub.ts"
import { type Use, usingStub } from "./utils/using.ts"

const handle = TaskHandle.TaskHandle.make({
  provider: "seeany",
  family: "video",
  remoteId: "vid_20260603_001",
  baseUrl: "https://api.seeany.com",
  account: "default"
})

const using = <A, E>(
  handler: Handler,
  use: Use<A, E>,
  options: Partial<SeeAny.Options> = {}
) => usingStub(SeeAny.make({ apiKey, ...options }), handler, use)

const answers = (body: unknown) => () => Response.json(body)

const request = SeeAny.video({ model: "any", prompt: "A paper airplane", seconds: 5 })

describe("SeeAny", () => {
  it.effect("reads a running task of its page", () =>
    Effect.gen(function*() {
      const body = {
        id: "vid_20260603_001",
        object: "video_generation",
        status: "processing",
        progress: 65,
        estimated_remaining: 42
      }
      const { urls, value } = yield* using(answers(body), (api) => api.observe(handle))
      assert.deepStrictEqual(urls, ["https://api.seeany.com/v1/tasks/vid_20260603_001"])
      assert.deepStrictEqual([value.status, value.progress, value.estimatedRemainingMs], ["IN_PROGRESS", 65, 42_000])
    }))

  it.effect("reads a finished task of its page, with its cost", () =>
    Effect.gen(function*() {
      const { value } = yield* using(
        answers({
          id: "vid_20260603_001",
          object: "video_generation",
          status: "completed",
          completed_at: 1748908920,
          video_url: "https://cdn.seeany.com/video/vid_001/output.mp4",
          thumbnail_url: "https://cdn.seeany.com/video/vid_001/thumb.jpg",
          duration: 5,
          resolution: "720p",
          usage: { cost: 0.70, cost_unit: "CNY" }
        }),
        (api) => api.observe(handle)
      )
      const [video] = value.videos
      assert.deepStrictEqual(
        [value.status, video === undefined ? "" : Redacted.value(video.url), value.cost?.amount, value.cost?.unit],
        ["SUCCESS", "https://cdn.seeany.com/video/vid_001/output.mp4", 0.7, "CNY"]
      )
    }))

  it.effect("refuses to create, says that the page documents none, and sends nothing", () =>
    using(answers({}), (api) => Effect.flip(api.create(request))).pipe(Effect.map(({ requests, value }) => {
      assert.strictEqual(value.reason._tag, "Unsupported")
      assert.match(value.message, /documents no create/)
      assert.match(value.message, /createPath/)
      assert.strictEqual(requests.length, 0)
    })))

  it.effect("creates where it is told to", () =>
    Effect.gen(function*() {
      const { requests, urls, value } = yield* using(
        answers({ id: "vid_1", object: "video_generation", status: "processing" }),
        (api) => Effect.all([api.create(request), Effect.succeed(api.families[0]?.canCreate)]),
        { createPath: "/v1/videos/generate", baseUrl: "https://seeany.example.com/api" }
      )
      assert.deepStrictEqual(urls, ["https://seeany.example.com/api/v1/videos/generate"])
      assert.deepStrictEqual(jsonOf(requests[0]), { model: "any", prompt: "A paper airplane", duration: 5 })
      assert.deepStrictEqual([value[0].handle.remoteId, value[1]], ["vid_1", true])
    }))

  it.effect("asks at another path when it is told to", () =>
    using(answers({ id: "x", status: "processing" }), (api) => api.observe(handle), { queryPath: "/task?id={id}" })
      .pipe(
        Effect.map(({ urls }) => assert.deepStrictEqual(urls, ["https://api.seeany.com/task?id=vid_20260603_001"]))
      ))

  it.effect("takes a 200 that says no for what it is", () =>
    using(answers({ code: 4001, msg: "no such task, or not yours" }), (api) => Effect.flip(api.observe(handle))).pipe(
      Effect.map(({ value }) => {
        assert.strictEqual(value.reason._tag, "UnexpectedResponse")
        assert.match(value.message, /no such task/)
      })
    ))

  it.effect("declares the page's own loop: every 10 seconds, for 300", () =>
    using(answers({}), (api) => Effect.succeed(api.families)).pipe(Effect.map(({ value }) => {
      const [family] = value
      assert.deepStrictEqual(
        [family?.id, family?.canCreate, family?.hasContentRoute, family?.poll.floorMs, family?.poll.deadlineMs],
        ["video", false, false, 10_000, 300_000]
      )
    })))
})
