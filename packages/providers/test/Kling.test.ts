import { assert, describe, it } from "@effect/vitest"
import { TaskHandle, type VideoProvider, type VideoRequest } from "@video-tasks/core"
import { CometApi, Kling, VideoProviderSuite } from "@video-tasks/providers"
import { Simulator, SimulatorHttp, type SimulatorOptions } from "@video-tasks/simulator"
import { Cause, Config, ConfigProvider, Effect, Exit, Formatter, Redacted } from "effect"
import type { HttpClient, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import { createHmac } from "node:crypto"
import * as util from "node:util"
import { jpeg, jsonOf, png, webp } from "./utils/bodies.ts"
import { apiKey, type Handler, secret, stub } from "./utils/stub.ts"
import { type Use, usingStub } from "./utils/using.ts"

const vendor = "https://api-singapore.klingai.com"

const gateway = "https://api.cometapi.com/kling"

const id = "2032273942220931072"

const model = "kling-v1-6"

const prompt = "A paper airplane"

const link = "https://v1-kling.example.com/output.mp4?signature=abc"

const accessKey = Redacted.make("ak-stub-0123456789")

const secretKey = Redacted.make(secret)

const [first, last] = [new URL("https://example.com/first.png"), new URL("https://example.com/last.png")]

const places = {
  vendor: { make: Kling.make, provider: "kling", url: vendor },
  CometAPI: {
    make: ({ baseUrl }: Kling.Options) => CometApi.make(baseUrl === undefined ? { apiKey } : { apiKey, baseUrl }),
    provider: "cometapi",
    url: gateway
  }
}

type PlaceName = keyof typeof places

const at = Object.entries(places)

const answer = (data: Record<string, unknown>, message = "SUCCEED") => ({ code: 0, message, request_id: "r", data })

const task = (task_status: string, own: Record<string, unknown> = {}) =>
  answer({ task_id: id, task_status, task_info: {}, created_at: 1773366840306, updated_at: 1773366846306, ...own })

const created = answer({ task_id: id, task_status: "submitted", created_at: 1773366840306 }, "success")

const refused = (status: number, code: unknown, message = "no") => () =>
  Response.json({ code, message, request_id: "r-1" }, { status })

const suites: ReadonlyArray<readonly [string, VideoProviderSuite.Options["make"], string]> = [
  ["Kling with a key", Kling.make({ apiKey }), "kling"],
  ["Kling with tokens", Kling.make({ accessKey, secretKey }), "kling"],
  ["Kling behind CometAPI", CometApi.make({ apiKey }), "cometapi"]
]

for (const [name, make, provider] of suites) {
  describe(`VideoProviderSuite (${name})`, () => {
    const cases = VideoProviderSuite.cases({
      make,
      secret,
      remoteId: id,
      route: "text2video",
      request: Kling.video({ model, prompt, provider }),
      answers: {
        created,
        running: task("processing"),
        succeeded: task("succeed", { task_result: { videos: [{ id: "1", url: link, duration: "5.1" }] } }),
        failed: task("failed", { task_status_msg: "Image pixel is invalid" }),
        unknownTask: { status: 404, body: { code: 1203, message: "task not found", request_id: "r" } },
        page: provider === "kling"
          ? { code: 0, data: [{ task_id: "1", task_status: "processing" }, { task_id: id, task_status: "submitted" }] }
          : undefined
      }
    })
    for (const { effect, name } of cases) it.effect(name, () => effect)
  })
}

const using = <A, E>(
  handler: Handler,
  use: Use<A, E>,
  place: PlaceName = "vendor",
  options: Kling.Options = { apiKey }
) => usingStub(places[place].make(options), handler, use)

const accepts = () => Response.json(created)

const bodyOf = (request: VideoRequest.VideoRequest, options: VideoProvider.CreateOptions = {}) =>
  Effect.map(using(accepts, (api) => api.create(request, options)), ({ requests, urls }) => ({
    url: urls[0],
    body: jsonOf(requests[0])
  }))

const violationsOf = (request: VideoRequest.VideoRequest, place: PlaceName = "vendor") =>
  Effect.map(
    using(accepts, (api) => Effect.flip(api.create(request)), place),
    ({ requests, value: { reason } }) => {
      assert.strictEqual(requests.length, 0)
      return reason._tag === "InvalidRequest" ? reason.violations.map(({ field }) => field) : reason._tag
    }
  )

const handle = (own: Partial<TaskHandle.TaskHandle> = {}) =>
  TaskHandle.TaskHandle.make({
    provider: "kling",
    family: "kling",
    remoteId: id,
    baseUrl: vendor,
    account: "default",
    ...own
  })

describe("Kling", () => {
  describe("create", () => {
    it.effect.each(at)(
      "posts words to text2video at %s and keeps the route in the handle",
      ([name, { provider, url }]) =>
        Effect.gen(function*() {
          const request = Kling.video({ model, prompt, provider })
          const { requests, urls, value } = yield* using(accepts, (api) => api.create(request), name as PlaceName)
          assert.deepStrictEqual(urls, [`${url}/v1/videos/text2video`])
          assert.deepStrictEqual(jsonOf(requests[0]), { model_name: model, prompt })
          const { baseUrl, createdAt: _, ...rest } = value.handle
          assert.deepStrictEqual({ ...rest }, {
            provider,
            family: "kling",
            remoteId: id,
            account: "default",
            route: "text2video"
          })
          assert.strictEqual(baseUrl, new URL(url).origin)
          assert.strictEqual(value.observation.status, "SUBMITTED")
        })
    )

    it.effect("sends every typed field in the API's own spelling, the length as text", () =>
      Effect.gen(function*() {
        const { body, url } = yield* bodyOf(Kling.video({
          model: "kling-v1",
          prompt,
          seconds: 10,
          size: "9:16",
          negativePrompt: "rain",
          cfgScale: 0.7,
          mode: "pro",
          cameraControl: { type: "simple", config: { zoom: -3, pan: 0 } },
          sound: false,
          watermark: true,
          callbackUrl: new URL("https://example.com/hook?task=1"),
          externalTaskId: "mine-1",
          options: { static_mask: "https://example.com/mask.png" }
        }))
        assert.strictEqual(url, `${vendor}/v1/videos/text2video`)
        assert.deepStrictEqual(body, {
          model_name: "kling-v1",
          prompt,
          aspect_ratio: "9:16",
          duration: "10",
          external_task_id: "mine-1",
          negative_prompt: "rain",
          cfg_scale: 0.7,
          mode: "pro",
          camera_control: { type: "simple", config: { zoom: -3, pan: 0 } },
          sound: "off",
          watermark_info: { enabled: true },
          callback_url: "https://example.com/hook?task=1",
          static_mask: "https://example.com/mask.png"
        })
      }))

    it.effect("sends a preset of the camera without moves", () =>
      Effect.map(
        bodyOf(Kling.video({ model, prompt, cameraControl: { type: "forward_up" } })),
        ({ body }) =>
          assert.deepStrictEqual(body, { model_name: model, prompt, camera_control: { type: "forward_up" } })
      ))

    it.effect.each<[VideoRequest.ImageInput, string]>([
      [first, first.href],
      [png, Buffer.from(png).toString("base64")],
      [new Blob([jpeg]), Buffer.from(jpeg).toString("base64")],
      [new URL(`data:image/png;base64,${Buffer.from(png).toString("base64")}`), Buffer.from(png).toString("base64")]
    ])("posts a picture to image2video, as a link or as bare base64", ([image, expected]) =>
      Effect.gen(function*() {
        const { body, url } = yield* bodyOf(Kling.video({ model, image, imageTail: last, seconds: 5 }))
        assert.strictEqual(url, `${vendor}/v1/videos/image2video`)
        assert.deepStrictEqual(body, { model_name: model, image: expected, image_tail: last.href, duration: "5" })
      }))

    it.effect("sends our own name for the task, unless the user gave one", () =>
      Effect.gen(function*() {
        const ours = yield* bodyOf(Kling.video({ model, prompt }), { reference: "ours" })
        assert.deepStrictEqual(ours.body, { model_name: model, prompt, external_task_id: "ours" })
        const theirs = yield* bodyOf(Kling.video({ model, prompt, externalTaskId: "theirs" }), { reference: "ours" })
        assert.deepStrictEqual(theirs.body, { model_name: model, prompt, external_task_id: "theirs" })
      }))

    it.effect("sends a model that nobody knows as it is asked for", () =>
      Effect.map(
        bodyOf(Kling.video({ model: "kling-v9", prompt, seconds: 42, mode: "4k" })),
        ({ body }) => assert.deepStrictEqual(body, { model_name: "kling-v9", prompt, duration: "42", mode: "4k" })
      ))
  })

  describe("validation", () => {
    it.effect("finds everything at once, and sends nothing", () =>
      Effect.gen(function*() {
        const request: VideoRequest.VideoRequest = {
          provider: "kling",
          family: "kling",
          model,
          prompt: "x".repeat(2501),
          seconds: 7,
          size: "21:9",
          resolution: "720p",
          options: {
            cfg_scale: 2,
            mode: "4k",
            sound: true,
            camera_control: { type: "simple", config: { pan: 1, tilt: 1 } },
            callback_url: "example.com",
            external_task_id: "..",
            negative_prompt: "x".repeat(2501),
            duration: "5",
            model_name: "kling-v1"
          }
        }
        assert.deepStrictEqual(yield* violationsOf(request), [
          "prompt",
          "seconds",
          "size",
          "options.duration",
          "options.model_name",
          "resolution",
          "options.cfg_scale",
          "options.mode",
          "options.sound",
          "options.camera_control",
          "options.callback_url",
          "options.external_task_id",
          "options.negative_prompt"
        ])
      }))

    it.effect.each<[string, VideoRequest.VideoRequest, ReadonlyArray<string>]>([
      ["neither words nor a picture", Kling.video({ model, prompt: " " }), ["prompt"]],
      ["neither words nor a picture for an unknown model", Kling.video({ model: "kling-v9", prompt: "" }), ["prompt"]],
      ["words for a model that needs a picture", Kling.video({ model: "kling-v2-1", prompt }), ["images"]],
      ["an aspect ratio beside a picture", { ...Kling.video({ model, image: first }), size: "16:9" }, ["size"]],
      [
        "three pictures",
        { ...Kling.video({ model, image: first, imageTail: last }), images: [first, last, first] },
        ["images"]
      ],
      [
        "a picture above 10 MiB",
        Kling.video({ model, image: new Blob([jpeg, new Uint8Array(10_485_760)]) }),
        ["images[0]"]
      ],
      ["WebP", Kling.video({ model, image: first, imageTail: webp }), ["images[1]"]],
      ["a data URL without base64", Kling.video({ model, image: new URL("data:image/png,x") }), ["images[0]"]],
      ["a cfg_scale for version 2", Kling.video({ model: "kling-v2-6", prompt, cfgScale: 0.5 }), ["options.cfg_scale"]],
      [
        "a preset of the camera with moves",
        Kling.video({ model, prompt, options: { camera_control: { type: "forward_up", config: { pan: 1 } } } }),
        ["options.camera_control"]
      ],
      [
        "a camera that moves too far",
        Kling.video({ model, prompt, cameraControl: { type: "simple", config: { pan: 11 } } }),
        ["options.camera_control"]
      ],
      ["a name of half a character", Kling.video({ model, prompt, externalTaskId: "\ud800" }), [
        "options.external_task_id"
      ]]
    ])(
      "refuses %s",
      ([_, request, fields]) =>
        Effect.map(violationsOf(request), (found) => assert.deepStrictEqual<unknown>(found, fields))
    )

    it.effect("quirk 30: takes shorter prompts and more aspect ratios at CometAPI than at the vendor", () =>
      Effect.gen(function*() {
        const long = { prompt: "x".repeat(501), negativePrompt: "x".repeat(201) }
        const behind = { provider: "cometapi", model } as const
        assert.deepStrictEqual(yield* violationsOf(Kling.video({ ...long, ...behind }), "CometAPI"), [
          "prompt",
          "options.negative_prompt"
        ])
        assert.deepStrictEqual(yield* violationsOf(Kling.video({ model, prompt, size: "3:2" })), ["size"])
        yield* using(accepts, (api) => api.create(Kling.video({ ...long, model })))
        yield* using(accepts, (api) => api.create(Kling.video({ ...behind, prompt, size: "3:2" })), "CometAPI")
      }))

    it.effect("takes 3 to 15 seconds and three modes for kling-v3", () =>
      Effect.gen(function*() {
        const v3 = { model: "kling-v3", prompt } as const
        const { body } = yield* bodyOf(Kling.video({ ...v3, seconds: 15, mode: "4k" }))
        assert.deepStrictEqual(body, { model_name: "kling-v3", prompt, duration: "15", mode: "4k" })
        assert.deepStrictEqual(yield* violationsOf(Kling.video({ ...v3, seconds: 16 })), ["seconds"])
      }))
  })

  describe("service codes", () => {
    const table: ReadonlyArray<readonly [number, number, string, string]> = [
      [401, 1000, "Unauthorized", "Unauthorized"],
      [401, 1001, "Unauthorized", "Unauthorized"],
      [401, 1002, "Unauthorized", "Unauthorized"],
      [401, 1003, "Unauthorized", "Unauthorized"],
      [401, 1004, "Unauthorized", "Unauthorized"],
      [429, 1100, "QuotaExceeded", "QuotaExceeded"],
      [429, 1101, "QuotaExceeded", "QuotaExceeded"],
      [429, 1102, "QuotaExceeded", "QuotaExceeded"],
      [403, 1103, "Unauthorized", "Unauthorized"],
      [400, 1200, "InvalidRequest", "InvalidRequest"],
      [400, 1201, "InvalidRequest", "InvalidRequest"],
      [404, 1202, "InvalidRequest", "TaskNotFound"],
      [404, 1203, "ModelUnavailable", "TaskNotFound"],
      [400, 1300, "InvalidRequest", "InvalidRequest"],
      [400, 1301, "InvalidRequest", "InvalidRequest"],
      [429, 1302, "RateLimited", "RateLimited"],
      [429, 1303, "RateLimited", "RateLimited"],
      [429, 1304, "Unauthorized", "Unauthorized"],
      [500, 5000, "SubmissionAmbiguous", "ProviderUnavailable"],
      [503, 5001, "SubmissionAmbiguous", "ProviderUnavailable"],
      [504, 5002, "SubmissionAmbiguous", "ProviderUnavailable"]
    ]

    const reasonsOf = (handler: Handler) =>
      using(handler, (api) =>
        Effect.all([
          Effect.flip(api.create(Kling.video({ model, prompt }))),
          Effect.flip(api.observe(handle({ route: "text2video" })))
        ])).pipe(Effect.map(({ value }) => value.map(({ reason }) => reason._tag)))

    it.effect.each(table)(
      "reads HTTP %d with code %d, as a number and as text, as what it is to a create and to a read",
      ([status, code, create, observe]) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* reasonsOf(refused(status, code)), [create, observe])
          assert.deepStrictEqual(yield* reasonsOf(refused(status, String(code))), [create, observe])
        })
    )

    it.effect.each(table.filter(([, code]) => code !== 1202))(
      "quirk 4: takes HTTP 200 for no success when the code is not 0 (instead of %d: %d)",
      ([, code, create]) => Effect.map(reasonsOf(refused(200, code)), ([made]) => assert.strictEqual(made, create))
    )

    it.effect.each([1001, 1103, 1101, 1304])(
      "takes a 5xx with code %d for a fault of the server: the account goes on",
      (code) =>
        Effect.gen(function*() {
          for (const status of [500, 502]) {
            assert.deepStrictEqual(yield* reasonsOf(refused(status, code)), [
              "SubmissionAmbiguous",
              "ProviderUnavailable"
            ])
          }
        })
    )

    it.effect("knows its codes in the answers of a list too", () =>
      Effect.gen(function*() {
        for (const [code, reason] of [[1102, "QuotaExceeded"], [1304, "Unauthorized"], [1303, "RateLimited"]]) {
          const { value } = yield* using(refused(429, Number(code)), (api) => Effect.flip(api.list("kling")))
          assert.strictEqual(value.reason._tag, reason)
        }
      }))

    it.effect("quirk 18: repeats no 429 that is about money or about the address", () =>
      Effect.gen(function*() {
        for (const code of [1100, 1101, 1102, 1304]) {
          const { value } = yield* using(
            refused(429, code),
            (api) => Effect.flip(api.create(Kling.video({ model, prompt })))
          )
          assert.deepStrictEqual([value.reason.retryable, value.requestId], [false, "r-1"])
        }
      }))

    it.effect("keeps the code of a refusal and what the API said", () =>
      Effect.gen(function*() {
        const { value } = yield* using(
          refused(400, 1301, "Failure to pass the risk control system"),
          (api) => Effect.flip(api.create(Kling.video({ model, prompt })))
        )
        const { reason } = value
        assert.deepStrictEqual(reason._tag === "InvalidRequest" ? [reason.code, reason.detail] : reason._tag, [
          "1301",
          "HTTP 400, 1301: Failure to pass the risk control system"
        ])
      }))
  })

  describe("observe", () => {
    it.effect("reads a task at the route that made it", () =>
      Effect.gen(function*() {
        const { urls } = yield* using(
          () => Response.json(task("processing")),
          (api) => api.observe(handle({ route: "image2video" }))
        )
        assert.deepStrictEqual(urls, [`${vendor}/v1/videos/image2video/${id}`])
      }))

    it.effect("quirk 13: tries both routes for an adopted task, and says that it is unknown after both", () =>
      Effect.gen(function*() {
        const found = yield* using(
          (_, url) => url.pathname.includes("image2video") ? Response.json(task("succeed")) : refused(404, 1203)(),
          (api) => api.observe(handle())
        )
        const both = [`${vendor}/v1/videos/text2video/${id}`, `${vendor}/v1/videos/image2video/${id}`]
        assert.deepStrictEqual([found.urls, found.value.status], [both, "SUCCESS"])
        const unknown = yield* using(refused(404, 1203), (api) => Effect.flip(api.observe(handle())))
        assert.deepStrictEqual([unknown.urls, unknown.value.reason._tag], [both, "TaskNotFound"])
      }))

    it.effect("does not try the other route when the first one gives no answer about the task", () =>
      Effect.gen(function*() {
        const { urls } = yield* using(refused(500, 5000), (api) => Effect.flip(api.observe(handle())))
        assert.strictEqual(urls.length, 1)
      }))

    it.effect("quirk 9: a create that names its task by a number too large for one is looked up, not guessed at", () =>
      Effect.gen(function*() {
        const body = `{"code":0,"data":{"task_id":${id},"task_status":"submitted"}}`
        const { value } = yield* using(
          () => new Response(body, { headers: { "content-type": "application/json" } }),
          (api) => Effect.flip(api.create(Kling.video({ model, prompt })))
        )
        assert.strictEqual(value.reason._tag, "SubmissionAmbiguous")
      }))
  })

  describe("findCreated", () => {
    it.effect.each(at)(
      "asks for the task by the name that it was sent with, at %s",
      ([name, { provider, url }]) =>
        Effect.gen(function*() {
          const request = Kling.video({ model, image: first, provider, externalTaskId: "a/b c?" })
          const { urls, value } = yield* using(
            () => Response.json(task("processing")),
            (api) => api.findCreated(request, { reference: "ours", requestHash: "hash" }),
            name as PlaceName
          )
          assert.deepStrictEqual(urls, [`${url}/v1/videos/image2video/a%2Fb%20c%3F`])
          const { createdAt, family, remoteId, requestHash, route } = value?.handle ?? {}
          assert.deepStrictEqual(
            { createdAt, family, remoteId, requestHash, route },
            {
              createdAt: 1773366840306,
              family: "kling",
              remoteId: id,
              requestHash: "hash",
              route: "image2video"
            }
          )
        })
    )

    it.effect("asks by our own name where the user gave none, and finds nothing where there is nothing", () =>
      Effect.gen(function*() {
        const { urls, value } = yield* using(
          refused(404, 1203),
          (api) => api.findCreated(Kling.video({ model, prompt }), { reference: "ours" })
        )
        assert.deepStrictEqual([urls, value], [[`${vendor}/v1/videos/text2video/ours`], undefined])
      }))

    it.effect("is not possible without a name, and says so", () =>
      using(accepts, (api) => Effect.flip(api.findCreated(Kling.video({ model, prompt }), {}))).pipe(
        Effect.map(({ requests, value }) =>
          assert.deepStrictEqual([value.reason._tag, requests.length], [
            "Unsupported",
            0
          ])
        )
      ))
  })

  describe("list", () => {
    const page = (count: number, from = 0) => () =>
      Response.json({
        code: 0,
        data: Array.from({ length: count }, (_, index) => ({ task_id: `t${from + index}`, task_status: "processing" }))
      })

    it.effect("pages through one route, then through the other", () =>
      Effect.gen(function*() {
        const counts = [2, 1, 0]
        const { urls, value } = yield* using(() => page(counts.shift() ?? 0)(), (api) =>
          Effect.gen(function*() {
            const one = yield* api.list("kling", { limit: 2 })
            const two = yield* api.list("kling", { limit: 2, cursor: one.cursor })
            const three = yield* api.list("kling", { limit: 2, cursor: two.cursor })
            return [one, two, three].map(({ cursor, tasks }) => [tasks.length, cursor])
          }))
        assert.deepStrictEqual(value, [[2, "text2video:2"], [1, "image2video:1"], [0, undefined]])
        assert.deepStrictEqual(urls, [
          `${vendor}/v1/videos/text2video?pageNum=1&pageSize=2`,
          `${vendor}/v1/videos/text2video?pageNum=2&pageSize=2`,
          `${vendor}/v1/videos/image2video?pageNum=1&pageSize=2`
        ])
      }))

    it.effect("stays within the numbers of the page, whatever it is asked", () =>
      Effect.gen(function*() {
        const { urls, value } = yield* using(page(500), (api) =>
          Effect.all([
            api.list("kling", { limit: 9999, cursor: "image2video:9999" }),
            api.list("kling", { limit: 0, cursor: "../secrets:1" })
          ]))
        assert.deepStrictEqual(urls, [
          `${vendor}/v1/videos/image2video?pageNum=1000&pageSize=500`,
          `${vendor}/v1/videos/text2video?pageNum=1&pageSize=1`
        ])
        assert.strictEqual(value[0].cursor, undefined)
      }))

    it.effect("reads many tasks in the newest page of their route, and leaves out what it does not hold", () =>
      Effect.gen(function*() {
        const handles = ["t1", "t99", "t150"].map((remoteId) => handle({ remoteId, route: "text2video" }))
        const { urls, value } = yield* using(page(100), (api) => api.observeMany(handles))
        assert.deepStrictEqual([...value.keys()].map(({ remoteId }) => remoteId), ["t1", "t99"])
        assert.deepStrictEqual(urls, [`${vendor}/v1/videos/text2video?pageNum=1&pageSize=100`])
      }))

    it.effect("looks for adopted tasks without a route at the first one, and nowhere for those of no route", () =>
      Effect.gen(function*() {
        const { route: _, ...adopted } = handle({ remoteId: "t2" })
        const handles = [
          handle({ remoteId: "t1", route: "text2video" }),
          TaskHandle.TaskHandle.make(adopted),
          handle({ remoteId: "t3", route: ".." }),
          handle({ remoteId: "t4", route: "lip-sync" })
        ]
        const { urls, value } = yield* using(page(10), (api) => api.observeMany(handles))
        assert.deepStrictEqual([...value.keys()].map(({ remoteId }) => remoteId), ["t1", "t2"])
        assert.deepStrictEqual(urls, [`${vendor}/v1/videos/text2video?pageNum=1&pageSize=100`])
      }))

    it.effect("reads many tasks of both routes, each in its own list", () =>
      Effect.gen(function*() {
        const handles = [
          handle({ remoteId: "t1", route: "text2video" }),
          handle({ remoteId: "t2", route: "image2video" }),
          handle({ remoteId: "t3", route: "text2video" })
        ]
        const { urls, value } = yield* using(page(10), (api) => api.observeMany(handles))
        assert.deepStrictEqual([...value.keys()].map(({ remoteId }) => remoteId).toSorted(), ["t1", "t2", "t3"])
        assert.deepStrictEqual(urls, [
          `${vendor}/v1/videos/text2video?pageNum=1&pageSize=100`,
          `${vendor}/v1/videos/image2video?pageNum=1&pageSize=100`
        ])
      }))

    it.effect("is not documented at CometAPI, and says so", () =>
      using(accepts, (api) =>
        Effect.all([
          Effect.flip(api.list("kling")),
          Effect.flip(api.observeMany([handle({ provider: "cometapi", baseUrl: "https://api.cometapi.com" })]))
        ]), "CometAPI").pipe(
          Effect.map(({ requests, value }) =>
            assert.deepStrictEqual([value.map(({ reason }) => reason._tag), requests.length], [
              ["Unsupported", "Unsupported"],
              0
            ])
          )
        ))

    it.effect("declares what each place can do", () =>
      Effect.gen(function*() {
        const declared = yield* Effect.forEach(at, ([name]) =>
          using(accepts, (api) =>
            Effect.succeed(api.families.find(({ id }) => id === "kling")), name as PlaceName))
        assert.deepStrictEqual(
          declared.map(({ value }) => [
            value?.canCancel,
            value?.canRemove,
            value?.canList,
            value?.batchSize,
            value?.canFindCreated
          ]),
          [[false, undefined, true, 100, true], [false, undefined, undefined, undefined, true]]
        )
      }))
  })
})

const bearerOf = (request: HttpClientRequest.HttpClientRequest | undefined): string =>
  (request?.headers["authorization"] ?? "").replace("Bearer ", "")

const claimsOf = (token: string): unknown => JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString())

describe("Kling, credentials", () => {
  const signed = { accessKey, secretKey }

  const observe = (api: VideoProvider.VideoProvider) => api.observe(handle({ route: "text2video" }))

  const running = () => Response.json(task("processing"))

  it.effect("sends a key as it is", () =>
    Effect.map(using(running, observe), ({ requests }) => assert.strictEqual(bearerOf(requests[0]), secret)))

  it.effect("signs a token with HS256 that says who it is and holds for half an hour", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_773_366_840_306)
      const { requests } = yield* using(running, observe, "vendor", signed)
      const token = bearerOf(requests[0])
      const [header = "", claims = "", signature] = token.split(".")
      assert.deepStrictEqual(JSON.parse(Buffer.from(header, "base64url").toString()), { alg: "HS256", typ: "JWT" })
      assert.deepStrictEqual(claimsOf(token), {
        iss: "ak-stub-0123456789",
        exp: 1_773_366_840 + 1800,
        nbf: 1_773_366_840 - 5
      })
      assert.strictEqual(signature, createHmac("sha256", secret).update(`${header}.${claims}`).digest("base64url"))
    }))

  it.effect("uses a token until it is nearly over, then makes another", () =>
    Effect.gen(function*() {
      const { requests } = yield* using(
        running,
        (api) =>
          observe(api).pipe(
            Effect.andThen(TestClock.adjust("1499 seconds")),
            Effect.andThen(observe(api)),
            Effect.andThen(TestClock.adjust("1 second")),
            Effect.andThen(observe(api))
          ),
        "vendor",
        signed
      )
      const [one, two, three] = requests.map(bearerOf)
      assert.strictEqual(one, two)
      assert.deepStrictEqual(claimsOf(three ?? ""), { iss: "ak-stub-0123456789", exp: 1500 + 1800, nbf: 1495 })
    }))

  it.effect("makes another when the clock was put back", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_000_000)
      const { requests } = yield* using(
        running,
        (api) => Effect.andThen(TestClock.setTime(500_000), observe(api)),
        "vendor",
        signed
      )
      assert.deepStrictEqual(claimsOf(bearerOf(requests[0])), { iss: "ak-stub-0123456789", exp: 2300, nbf: 495 })
    }))

  it.effect("prefers a key where both are given", () =>
    Effect.map(
      using(running, observe, "vendor", { ...signed, apiKey: Redacted.make("sk-the-key") }),
      ({ requests }) => assert.strictEqual(bearerOf(requests[0]), "sk-the-key")
    ))

  it.effect("gives a key to downloads at its own origin only, a token to none", () =>
    Effect.gen(function*() {
      const own = new URL(`${vendor}/v.mp4`)
      const namesWith = (options: Kling.Options) =>
        Effect.map(using(running, (api) => Effect.succeed(api.credentials(own)), "vendor", options), ({ value }) =>
          Object.keys(value))
      assert.deepStrictEqual(yield* namesWith({ apiKey }), ["authorization"])
      assert.deepStrictEqual(yield* namesWith(signed), [])
    }))

  it.effect.each<[string, Kling.Options, ReadonlyArray<readonly [string, string]>]>([
    ["nothing", {}, [["apiKey", "empty"]]],
    ["an access key alone", { accessKey }, [["secretKey", "empty"]]],
    ["a secret key alone", { secretKey }, [["accessKey", "empty"]]],
    ["keys of odd letters, and an odd base URL", {
      accessKey: Redacted.make("a key"),
      secretKey: Redacted.make("schlüssel"),
      baseUrl: "x"
    }, [["accessKey", "<redacted>"], ["secretKey", "<redacted>"], ["baseUrl", "x"]]]
  ])("refuses to be built with %s", ([_, options, expected]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(using(accepts, Effect.succeed, "vendor", options))
      const { reason } = error
      assert.deepStrictEqual<unknown>(
        reason._tag === "InvalidRequest" ? reason.violations.map(({ field, value }) => [field, value]) : reason._tag,
        expected
      )
    }))

  it.effect("is built from Config, and names the variable that is missing", () =>
    Effect.gen(function*() {
      const layer = Kling.layerConfig({
        accessKey: Config.Redacted("KLING_ACCESS_KEY"),
        secretKey: Config.Redacted("KLING_SECRET_KEY")
      })
      const { provide, requests } = stub(running)
      const env = (variables: Record<string, string>) =>
        Kling.Kling.use(observe).pipe(
          Effect.provide(layer),
          provide,
          Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(variables)))
        )
      yield* env({ KLING_ACCESS_KEY: "ak-from-config", KLING_SECRET_KEY: `${secret}\n` })
      const [header, claims, signature] = bearerOf(requests[0]).split(".")
      assert.strictEqual(signature, createHmac("sha256", secret).update(`${header}.${claims}`).digest("base64url"))
      const missing = yield* Effect.flip(env({ KLING_ACCESS_KEY: "ak" }))
      assert.include(String(missing), "KLING_SECRET_KEY")
    }))

  const written = (value: unknown): string =>
    [
      JSON.stringify(value),
      String(value),
      util.inspect(value, { depth: 20, showHidden: true }),
      Formatter.format(value)
    ].join("\n")

  const quotes = (request: HttpClientRequest.HttpClientRequest) =>
    `${request.headers["authorization"]} is not the token of ak-stub-0123456789, whose key is ${secret}`

  it.effect.each<[string, Handler]>([
    ["an error", (request) => Response.json({ code: 1002, message: quotes(request) }, { status: 401 })],
    ["an odd code", (request) => Response.json({ code: bearerOf(request), message: null }, { status: 400 })],
    ["text", (request) => new Response(quotes(request), { status: 500 })],
    ["a page", (request) => new Response(`<p>${quotes(request)}`, { headers: { "content-type": "text/html" } })],
    ["a failed task", (request) => Response.json(task("failed", { task_status_msg: quotes(request) }))],
    ["its head", (request) => new Response(null, { status: 429, headers: { "x-request-id": bearerOf(request) } })],
    ["a broken transport", (request) => ({ cause: new TypeError(quotes(request)) })],
    ["a crashed transport", (request) => {
      throw new Error(quotes(request))
    }]
  ])(
    "keeps key, secret key and token out of all that comes of %s that quotes them",
    ([_, handler]) =>
      Effect.gen(function*() {
        const shownOf = (operation: Effect.Effect<unknown, unknown>) =>
          Effect.map(Effect.exit(operation), (exit) =>
            Exit.isSuccess(exit)
              ? written(exit.value)
              : Cause.pretty(exit.cause) + exit.cause.reasons.map(written).join("\n"))
        const { requests, value } = yield* using(
          handler,
          (api) =>
            Effect.all([
              shownOf(api.create(Kling.video({ model, prompt }))),
              shownOf(observe(api)),
              shownOf(api.list("kling")),
              Effect.succeed(written(api))
            ]),
          "vendor",
          signed
        )
        assert.strictEqual(requests.length, 3)
        const shown = value.join("\n")
        for (const hidden of [secret, "ak-stub-0123456789", bearerOf(requests[0])]) assert.notInclude(shown, hidden)
      })
  )
})

describe("Kling, against the simulator", () => {
  const live = <A, E>(
    place: PlaceName,
    use: (api: VideoProvider.VideoProvider, simulator: Simulator.Simulator["Service"]) => Effect.Effect<A, E>,
    credentials: Kling.Options = { apiKey }
  ): Effect.Effect<A, unknown, HttpClient.HttpClient | Simulator.Simulator> =>
    Effect.gen(function*() {
      const baseUrl = place === "vendor" ? "http://sim.test/kling" : "http://sim.test"
      const api = yield* places[place].make({ ...credentials, baseUrl })
      return yield* use(api, yield* Simulator.Simulator)
    })

  const run = (options: SimulatorOptions.Options = {}) => Effect.provide(SimulatorHttp.layer(options))

  const requestAt = (place: PlaceName, words = "[job=60]", externalTaskId?: string) =>
    Kling.video({
      model,
      prompt: `A paper airplane ${words}`,
      provider: places[place].provider,
      ...(externalTaskId === undefined ? {} : { externalTaskId })
    })

  const switches: ReadonlyArray<SimulatorOptions.Options> = [
    {},
    { klingCode: "string", klingMessage: "null", klingStatusMessage: "success" },
    { klingCode: "absent", extraFields: true },
    { klingBody: "new" },
    { klingBody: "wrapped" },
    { timestamps: "seconds" },
    { timestamps: "iso" }
  ]

  for (const place of ["vendor", "CometAPI"] as const) {
    it.effect.each(switches)(
      `follows a task to its video at ${place} with %j`,
      (options) =>
        live(place, (api, simulator) =>
          Effect.gen(function*() {
            const { handle } = yield* api.create(requestAt(place))
            const seen = [(yield* api.observe(handle)).status]
            yield* TestClock.adjust("30 seconds")
            seen.push((yield* api.observe(handle)).status)
            yield* TestClock.adjust("30 seconds")
            const done = yield* api.observe(handle)
            assert.deepStrictEqual([...seen, done.status], ["SUBMITTED", "IN_PROGRESS", "SUCCESS"])
            assert.strictEqual(done.remoteId, handle.remoteId)
            assert.deepStrictEqual(done.videos.map(({ durationSeconds }) => durationSeconds), [5.1])
            assert.deepStrictEqual([done.cost?.amount, done.cost?.unit, done.cost?.kind], [2, "units", "bill"])
            assert.strictEqual((done.completedAt ?? 0) - (done.createdAt ?? 0), 60_000)
            assert.strictEqual((yield* simulator.ledger).bills, 1)
          })).pipe(run(options))
    )

    it.effect(`reads why a task failed at ${place}`, () =>
      live(place, (api) =>
        Effect.gen(function*() {
          const { handle } = yield* api.create(requestAt(place, "[fail][job=1]"))
          yield* TestClock.adjust("1 second")
          const { failure, status } = yield* api.observe(handle)
          assert.deepStrictEqual([status, failure?.message], ["FAILED", "生成内容违反内容安全策略"])
        })).pipe(run()))

    it.effect(`finds a create whose answer was lost at ${place}, and makes no second one of its name`, () =>
      live(place, (api, simulator) =>
        Effect.gen(function*() {
          yield* simulator.script("{\"on\":\"create\",\"fault\":\"reset-after-accept\"}")
          const request = requestAt(place)
          const reference = { reference: "018f-ours" }
          assert.isUndefined(yield* api.findCreated(request, reference))
          const lost = yield* Effect.flip(api.create(request, reference))
          assert.strictEqual(lost.reason._tag, "SubmissionAmbiguous")
          const found = yield* api.findCreated(request, reference)
          const { creates } = yield* simulator.ledger
          assert.deepStrictEqual(creates.map(({ taskId }) => taskId), [found?.handle.remoteId])
          assert.strictEqual(found?.handle.route, "text2video")
          const again = yield* Effect.flip(api.create(request, reference))
          assert.strictEqual(again.reason._tag, "InvalidRequest")
          assert.strictEqual((yield* simulator.ledger).bills, 1)
        })).pipe(run()))
  }

  it.effect("makes a video from a picture, and adopts the task without its route", () =>
    live("vendor", (api) =>
      Effect.gen(function*() {
        const { handle } = yield* api.create(Kling.video({ model, image: png, prompt: "[job=0]" }))
        const { route: _, ...adopted } = handle
        const { status } = yield* api.observe(TaskHandle.TaskHandle.make(adopted))
        assert.deepStrictEqual([handle.route, status], ["image2video", "SUCCESS"])
      })).pipe(run()))

  it.effect("lists its tasks and reads many of them at once", () =>
    live("vendor", (api, simulator) =>
      Effect.gen(function*() {
        const handles = yield* Effect.replicateEffect(
          Effect.map(api.create(requestAt("vendor")), ({ handle }) => handle),
          5
        )
        const { cursor, tasks } = yield* api.list("kling", { limit: 3 })
        assert.deepStrictEqual(
          tasks.map(({ remoteId }) => remoteId),
          handles.toReversed().slice(0, 3).map(({ remoteId }) => remoteId)
        )
        const rest = yield* api.list("kling", { limit: 3, cursor })
        assert.deepStrictEqual([rest.tasks.length, rest.cursor], [2, "image2video:1"])
        yield* TestClock.adjust("60 seconds")
        const read = yield* api.observeMany(handles)
        assert.deepStrictEqual<unknown>(
          [...read.values()].map(({ status, videos }) => [status, videos.length]),
          handles.map(() => ["SUCCESS", 1])
        )
        const { requests } = yield* simulator.ledger
        assert.deepStrictEqual(requests.map(({ operation }) => operation).filter((one) => one !== "create"), [
          "list",
          "list",
          "list"
        ])
      })).pipe(run()))

  it.effect("signs tokens that it takes, for hours, and is told when the account is unknown or has no money", () =>
    Effect.gen(function*() {
      yield* live(
        "vendor",
        (api) =>
          Effect.gen(function*() {
            const { handle } = yield* api.create(requestAt("vendor", "[stuck]"))
            for (let hour = 0; hour < 3; hour++) {
              yield* TestClock.adjust("1 hour")
              assert.strictEqual((yield* api.observe(handle)).status, "IN_PROGRESS")
            }
          }),
        { accessKey, secretKey }
      )
      for (const [name, reason] of [["sk-invalid", "Unauthorized"], ["sk-broke", "QuotaExceeded"]] as const) {
        const refused = yield* live(
          "vendor",
          (api) => Effect.flip(api.create(requestAt("vendor"))),
          { accessKey: Redacted.make(name), secretKey }
        )
        assert.strictEqual(refused.reason._tag, reason)
      }
    }).pipe(run()))
})
