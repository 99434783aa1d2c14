import { assert, describe, it } from "@effect/vitest"
import { TaskHandle } from "@video-tasks/core"
import { GenericApi } from "@video-tasks/providers"
import { Effect, Redacted } from "effect"
import { jsonOf, png } from "./utils/bodies.ts"
import { apiKey, type Handler } from "./utils/stub.ts"
import { type Use, usingStub } from "./utils/using.ts"

const baseUrl = "https://gateway.example.com"

const handle = TaskHandle.TaskHandle.make({
  provider: "generic",
  family: "video",
  remoteId: "abcd1234efgh",
  baseUrl,
  account: "default"
})

const using = <A, E>(
  handler: Handler,
  use: Use<A, E>,
  options: Partial<GenericApi.Options> = {}
) => usingStub(GenericApi.make({ apiKey, baseUrl, ...options }), handler, use)

const accepts = () => Response.json({ task_id: "task_9f", status: "processing" }, { status: 201 })

const sent = (request: Omit<GenericApi.Request, "model" | "prompt">) =>
  Effect.map(
    using(accepts, (api) => api.create(GenericApi.video({ model: "m", prompt: "p", ...request }))),
    ({ requests }) => jsonOf(requests[0])
  )

describe("GenericApi", () => {
  it.effect("posts JSON to the generic endpoint", () =>
    Effect.gen(function*() {
      const { requests, urls, value } = yield* using(accepts, (api) =>
        api.create(GenericApi.video({ model: "kling-v1", prompt: "A paper airplane", seconds: 5, size: "1280x720" })))
      assert.deepStrictEqual(urls, ["https://gateway.example.com/v1/video/generations"])
      assert.strictEqual(requests[0]?.method, "POST")
      assert.strictEqual(requests[0]?.headers["content-type"], "application/json")
      assert.deepStrictEqual(jsonOf(requests[0]), {
        model: "kling-v1",
        prompt: "A paper airplane",
        size: "1280x720",
        duration: 5
      })
      assert.deepStrictEqual([value.handle.remoteId, value.handle.family], ["task_9f", "video"])
    }))

  it.effect.each<[string, Omit<GenericApi.Request, "model" | "prompt">, object]>([
    ["one picture as a data URI", { images: [png] }, {
      image: `data:image/png;base64,${Buffer.from(png).toString("base64")}`
    }],
    ["a link as it is", { images: [new URL("https://example.com/a.png?x=1")] }, {
      image: "https://example.com/a.png?x=1"
    }],
    [
      "several pictures",
      { images: [new URL("https://example.com/a.png"), new Blob([png])] },
      { images: ["https://example.com/a.png", `data:image/png;base64,${Buffer.from(png).toString("base64")}`] }
    ],
    ["extra fields", { options: { seed: 7, seconds: "5", n: 1 } }, { seed: 7, seconds: "5", n: 1 }],
    ["a resolution in the metadata", { resolution: "720p" }, { metadata: { resolution: "720p" } }],
    [
      "metadata beside a resolution",
      { resolution: "720p", options: { metadata: { mode: "pro" } } },
      { metadata: { resolution: "720p", mode: "pro" } }
    ],
    ["metadata that knows better", { resolution: "720p", options: { metadata: { resolution: "1080p" } } }, {
      metadata: { resolution: "1080p" }
    }]
  ])(
    "sends %s",
    ([, request, fields]) =>
      Effect.map(sent(request), (body) => assert.deepStrictEqual(body, { model: "m", prompt: "p", ...fields }))
  )

  it.effect("refuses what it has no place for, and sends nothing", () =>
    Effect.gen(function*() {
      const { requests, value } = yield* using(accepts, (api) =>
        Effect.flip(api.create(GenericApi.video({
          model: " ",
          prompt: "",
          images: [new URL("file:///etc/passwd"), new URL("blob:https://example.com/1")],
          options: { duration: 9, image: "x", metadata: {} }
        }))))
      assert.strictEqual(requests.length, 0)
      const found = value.reason._tag === "InvalidRequest" ? value.reason.violations.map(({ field }) => field) : []
      assert.deepStrictEqual(found, ["prompt", "model", "images[0]", "images[1]", "options.duration", "options.image"])
    }))

  it.effect.each<[string, unknown, string]>([
    [
      "the documented flat form",
      {
        task_id: "abcd1234efgh",
        status: "completed",
        url: "https://example.com/video.mp4",
        format: "mp4",
        metadata: { duration: 5, fps: 30, width: 1280, height: 720, seed: 20231234 }
      },
      "https://example.com/video.mp4"
    ],
    [
      "the row",
      {
        code: "success",
        message: "",
        data: { id: 1, task_id: "abcd1234efgh", status: "SUCCESS", result_url: "https://example.com/r.mp4" }
      },
      "https://example.com/r.mp4"
    ],
    [
      "the flat form in a wrapper",
      {
        code: "success",
        message: "",
        data: { task_id: "abcd1234efgh", status: "succeeded", url: "https://example.com/g.mp4" }
      },
      "https://example.com/g.mp4"
    ],
    [
      "the video object",
      { id: "abcd1234efgh", status: "completed", metadata: { url: "https://example.com/o.mp4" } },
      "https://example.com/o.mp4"
    ]
  ])(
    "reads a success in %s",
    ([, body, url]) =>
      using(() => Response.json(body), (api) => api.observe(handle)).pipe(Effect.map(({ urls, value }) => {
        assert.deepStrictEqual(urls, ["https://gateway.example.com/v1/video/generations/abcd1234efgh"])
        assert.strictEqual(value.status, "SUCCESS")
        assert.deepStrictEqual(value.videos.map((video) => Redacted.value(video.url)), [url])
      }))
  )

  it.effect.each<[string, Handler]>([
    [
      "404 as documented",
      () => Response.json({ error: { message: "no", type: "x", param: null, code: null } }, { status: 404 })
    ],
    [
      "400 as served",
      () => Response.json({ code: "task_not_exist", message: "task_not_exist", data: null }, { status: 400 })
    ],
    ["a wrapper round nothing", () => Response.json({ code: "success", data: null })]
  ])("knows an unknown task by %s", ([, handler]) =>
    using(handler, (api) => Effect.flip(api.observe(handle))).pipe(
      Effect.map(({ value }) => assert.strictEqual(value.reason._tag, "TaskNotFound"))
    ))

  it.effect("has no default base URL", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(using(accepts, () => Effect.void, { baseUrl: "" }))
      assert.include(error.message, "baseUrl is empty")
    }))

  it.effect("asks a content route only when it is told of one", () =>
    Effect.gen(function*() {
      const file = () => new Response("x", { headers: { "content-type": "video/mp4" } })
      const silent = yield* using(file, (api) =>
        Effect.all([api.content(handle), Effect.succeed(api.families[0]?.hasContentRoute)]))
      assert.deepStrictEqual([silent.value, silent.requests.length], [[undefined, false], 0])
      const told = yield* using(
        file,
        (api) =>
          Effect.all([api.content(handle), Effect.succeed(api.families[0]?.hasContentRoute)]),
        { paths: { content: "/v1/videos/{id}/content" } }
      )
      assert.deepStrictEqual([told.value[0]?.needsCredentials, told.value[1]], [true, true])
      assert.deepStrictEqual(told.urls, ["https://gateway.example.com/v1/videos/abcd1234efgh/content"])
    }))

  it.effect("says that it documents no catalogue", () =>
    using(accepts, (api) => Effect.flip(api.models)).pipe(
      Effect.map(({ requests, value }) =>
        assert.deepStrictEqual([value.reason._tag, requests.length], ["Unsupported", 0])
      )
    ))

  it.effect("declares a cadence that fits a server which looks every 15 seconds", () =>
    using(accepts, (api) => Effect.succeed(api.families)).pipe(Effect.map(({ value }) => {
      const [family] = value
      assert.deepStrictEqual(
        [family?.poll.floorMs, family?.poll.deadlineMs, family?.poll.meaninglessProgress],
        [15_000, 3_600_000, [10, 20, 30, 50]]
      )
    })))
})
