import { assert, describe, it, vi } from "@effect/vitest"
import { TaskHandle, type VideoProvider, type VideoRequest } from "@video-tasks/core"
import { CometApi } from "@video-tasks/providers"
import { Cause, Config, ConfigProvider, Effect, Exit, Layer, Redacted } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { fieldsOf, jpeg, partsOf, png, webp } from "./utils/bodies.ts"
import { answering, apiKey, type Handler, secret, streamOf } from "./utils/stub.ts"
import { type Use, usingStub } from "./utils/using.ts"

const created = { id: "task_abc123", task_id: "task_abc123", object: "video", status: "SUBMITTED", progress: 0 }

const prompt = "A slow cinematic camera push across a coastal landscape at sunrise"

const handle = TaskHandle.TaskHandle.make({
  provider: "cometapi",
  family: "seedance",
  remoteId: "task_abc123",
  baseUrl: "https://api.cometapi.com",
  account: "default"
})

const using = <A, E>(
  handler: Handler,
  use: Use<A, E>,
  options: Partial<CometApi.Options> = {}
) => usingStub(CometApi.make({ apiKey, ...options }), handler, use)

const accepts = () => Response.json(created)

const violationsOf = (request: VideoRequest.VideoRequest, options: Partial<CometApi.Options> = {}) =>
  using(accepts, (api) => Effect.flip(api.create(request)), options).pipe(
    Effect.map(({ requests, value }) => {
      assert.strictEqual(requests.length, 0)
      const { reason } = value
      return reason._tag === "InvalidRequest"
        ? reason.violations.map(({ allowed, field, value }) => [field, value, allowed])
        : reason._tag
    })
  )

describe("CometApi", () => {
  describe("create", () => {
    it.effect("posts the fields of the create page as bare multipart values", () =>
      Effect.gen(function*() {
        const { requests, urls } = yield* using(accepts, (api) =>
          api.create(CometApi.seedance({
            model: "doubao-seedance-2-0-fast",
            prompt,
            seconds: 5,
            size: "16:9",
            resolution: "720p"
          })))
        assert.deepStrictEqual(urls, ["https://api.cometapi.com/v1/videos"])
        assert.strictEqual(requests[0]?.method, "POST")
        assert.deepStrictEqual(yield* partsOf(requests[0]), [
          { headers: ["Content-Disposition: form-data; name=\"prompt\""], content: prompt },
          { headers: ["Content-Disposition: form-data; name=\"model\""], content: "doubao-seedance-2-0-fast" },
          { headers: ["Content-Disposition: form-data; name=\"seconds\""], content: "5" },
          { headers: ["Content-Disposition: form-data; name=\"size\""], content: "16:9" },
          { headers: ["Content-Disposition: form-data; name=\"resolution\""], content: "720p" }
        ])
      }))

    it.effect("writes the page's defaults down for Seedance", () =>
      Effect.gen(function*() {
        const { requests } = yield* using(accepts, (api) =>
          api.create(CometApi.seedance({ model: "doubao-seedance-1-0-pro", prompt })))
        assert.deepStrictEqual(yield* fieldsOf(requests[0]), [
          ["prompt", prompt],
          ["model", "doubao-seedance-1-0-pro"],
          ["seconds", "5"],
          ["size", "16:9"],
          ["resolution", "720p"]
        ])
      }))

    it.effect("sends any other model as given, with extra fields", () =>
      Effect.gen(function*() {
        const { requests } = yield* using(accepts, (api) =>
          api.create(CometApi.video({
            model: "your-video-model-id",
            prompt: "a \"quoted\" prompt, 任务 🎬",
            size: "16x9",
            options: { seed: 7, watermark: false, style: "calm", camera: { zoom: 1 }, nothing: null }
          })))
        assert.deepStrictEqual(yield* fieldsOf(requests[0]), [
          ["prompt", "a \"quoted\" prompt, 任务 🎬"],
          ["model", "your-video-model-id"],
          ["size", "16x9"],
          ["seed", "7"],
          ["watermark", "false"],
          ["style", "calm"],
          ["camera", "{\"zoom\":1}"]
        ])
      }))

    it.effect.each<[VideoRequest.ImageInput, string, string]>([
      [jpeg, "image/jpeg", "jpg"],
      [png, "image/png", "png"],
      [webp, "image/webp", "webp"],
      [new Blob([png], { type: "application/octet-stream" }), "image/png", "png"],
      [new File([jpeg], "../holiday.txt", { type: "text/plain" }), "image/jpeg", "jpg"]
    ])(
      "sends a picture as the file that it is, whatever it is called",
      ([image, type, extension]) =>
        Effect.gen(function*() {
          const { requests } = yield* using(accepts, (api) =>
            api.create(CometApi.seedance({
              model: "doubao-seedance-2-0",
              prompt,
              image
            })))
          const file = (yield* partsOf(requests[0])).at(-1)
          assert.deepStrictEqual(file?.headers, [
            `Content-Disposition: form-data; name="input_reference"; filename="input_reference.${extension}"`,
            `Content-Type: ${type}`
          ])
        })
    )

    it.effect("sends several pictures to a model that nobody knows", () =>
      Effect.gen(function*() {
        const { requests } = yield* using(accepts, (api) =>
          api.create(CometApi.video({ model: "veo3-fast", prompt, images: [png, webp] })))
        const names = (yield* partsOf(requests[0])).slice(2).map(({ headers }) =>
          /filename="([^"]+)"/.exec(headers[0] ?? "")?.[1]
        )
        assert.deepStrictEqual(names, ["input_reference.png", "input_reference.webp"])
      }))

    it.effect("never reads a picture whole: it looks at twelve bytes and hands the rest over as it is", () =>
      Effect.gen(function*() {
        const size = 20_000_000
        const readers = ["arrayBuffer", "bytes", "stream", "text"] as const
        const spies = yield* Effect.acquireRelease(
          Effect.sync(() => readers.map((reader) => vi.spyOn(Blob.prototype, reader))),
          (spies) => Effect.sync(() => spies.forEach((spy) => spy.mockRestore()))
        )
        const image = new Blob([png, new Uint8Array(size - png.length)])
        const { requests } = yield* using(
          accepts,
          (api) => api.create(CometApi.seedance({ model: "doubao-seedance-2-0", prompt, image }))
        )
        assert.deepStrictEqual(spies.flatMap(({ mock }) => mock.contexts.map((blob) => (blob as Blob).size)), [12])
        const body = requests[0]?.body
        const file = body?._tag === "FormData" ? body.formData.get("input_reference") : undefined
        assert.strictEqual(file instanceof Blob ? file.size : undefined, size)
      }).pipe(Effect.scoped))

    it.effect("makes a handle that names the task, the account and the moment", () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(1_776_681_149_000)
        const { value } = yield* using(
          () => Response.json(created, { headers: { "x-cometapi-request-id": "2026-x" } }),
          (api) =>
            api.create(CometApi.seedance({ model: "doubao-seedance-2-0", prompt, provider: "comet-eu" }), {
              requestHash: "ab"
            }),
          { id: "comet-eu", account: "team", baseUrl: "https://eu.example.com/comet//" }
        )
        assert.deepStrictEqual({ ...value.handle }, {
          provider: "comet-eu",
          family: "seedance",
          remoteId: "task_abc123",
          baseUrl: "https://eu.example.com/comet",
          account: "team",
          createdAt: 1_776_681_149_000,
          requestHash: "ab"
        })
        assert.deepStrictEqual([value.observation.status, value.requestId], ["SUBMITTED", "2026-x"])
      }))
  })

  describe("validation", () => {
    it.effect.each<[CometApi.SeedanceModel, number, number]>([
      ["doubao-seedance-2-0", 4, 15],
      ["doubao-seedance-2-0-fast", 4, 15],
      ["doubao-seedance-1-5-pro", 4, 12],
      ["doubao-seedance-1-0-pro", 2, 10]
    ])("lets %s make %d to %d seconds", ([model, min, max]) =>
      Effect.gen(function*() {
        const fieldsFor = (seconds: number) =>
          using(accepts, (api) =>
            Effect.sync(() =>
              api.validate(CometApi.seedance({ model, prompt, seconds })).map(({ field }) => field)
            ))
        for (const seconds of [min, 5, max]) assert.deepStrictEqual((yield* fieldsFor(seconds)).value, [])
        for (const seconds of [min - 1, max + 1, 4.5, Number.NaN, -1]) {
          assert.deepStrictEqual((yield* fieldsFor(seconds)).value, ["seconds"])
        }
      }))

    it.effect.each<[CometApi.SeedanceModel, CometApi.SeedanceRequest["resolution"], number]>([
      ["doubao-seedance-2-0", "1080p", 1],
      ["doubao-seedance-2-0-fast", "1080p", 1],
      ["doubao-seedance-1-5-pro", "1080p", 0],
      ["doubao-seedance-1-0-pro", "1080p", 0],
      ["doubao-seedance-2-0", "480p", 0]
    ])(
      "%s at %s has %d violations",
      ([model, resolution, count]) =>
        using(
          accepts,
          (api) => Effect.sync(() => api.validate(CometApi.seedance({ model, prompt, resolution })).length)
        ).pipe(
          Effect.map(({ value }) => assert.strictEqual(value, count))
        )
    )

    it.effect("finds everything at once, and sends nothing", () =>
      Effect.gen(function*() {
        const found = yield* violationsOf({
          ...CometApi.seedance({ model: "doubao-seedance-1-5-pro", prompt: " ", seconds: 13, resolution: "480p" }),
          size: "2:1",
          images: [new URL("https://example.com/a.jpg"), new Uint8Array(), new Blob(["GIF89a......"]), png],
          options: { prompt: "another", input_reference: "x", seed: 1 }
        })
        assert.deepStrictEqual(found, [
          ["prompt", "empty", "at least one character"],
          ["seconds", "13", "a whole number from 4 to 12 for doubao-seedance-1-5-pro"],
          ["size", "2:1", "21:9, 16:9, 4:3, 1:1, 3:4, 9:16"],
          ["images", "4", "none: doubao-seedance-1-5-pro makes video from text only"],
          ["images[0]", "a URL", "a JPEG, PNG or WebP picture: the API takes the file itself, not a link to it"],
          ["images[1]", "empty", "a JPEG, PNG or WebP picture"],
          [
            "options.prompt",
            "an extra field of that name",
            "prompt of the request itself (for the command: `--prompt`)"
          ],
          ["options.input_reference", "an extra field of that name", "only fields that the request has no place for"],
          ["images[2]", "not a known kind of picture", "a JPEG, PNG or WebP picture"]
        ])
      }))

    it.effect.each<[string, VideoRequest.ImageInput]>([
      ["a URL", new URL("https://example.com/a.png")],
      ["a data URL", new URL("data:image/png;base64,iVBORw0KGgo=")],
      ["a file URL", new URL("file:///etc/passwd")],
      ["nothing", new Uint8Array()],
      ["an empty file", new Blob([])],
      ["a GIF", new TextEncoder().encode("GIF89a........")],
      ["a PDF that calls itself a picture", new Blob(["%PDF-1.7 ...."], { type: "image/png" })],
      ["a WAV, which is RIFF too", new TextEncoder().encode("RIFF....WAVEfmt ")],
      ["a picture cut after two bytes", jpeg.slice(0, 2)],
      ["a web page", new Blob(["<html>"], { type: "image/jpeg" })]
    ])(
      "refuses %s where a picture belongs",
      ([, image]) =>
        Effect.map(violationsOf(CometApi.seedance({ model: "doubao-seedance-2-0", prompt, image })), (found) => {
          assert.strictEqual(found.length, 1)
          assert.strictEqual(found[0]?.[0], "images[0]")
        })
    )

    it.effect("refuses a file that is gone", () => {
      class Gone extends Blob {
        override slice() {
          return this
        }
        override arrayBuffer() {
          return Promise.reject(new DOMException("The blob could not be read", "NotReadableError"))
        }
      }
      return Effect.map(
        violationsOf(CometApi.seedance({ model: "doubao-seedance-2-0", prompt, image: new Gone(["x"]) })),
        (found) =>
          assert.deepStrictEqual(found, [["images[0]", "not a known kind of picture", "a JPEG, PNG or WebP picture"]])
      )
    })

    it.effect("refuses a picture above the cap with PayloadTooLarge, and sends nothing", () =>
      Effect.gen(function*() {
        const image = new Blob([png, new Uint8Array(1_000)])
        const { requests, value } = yield* using(
          accepts,
          (api) => Effect.flip(api.create(CometApi.seedance({ model: "doubao-seedance-2-0", prompt, image }))),
          { maxImageBytes: 1_000 }
        )
        assert.deepInclude(value.reason, {
          _tag: "PayloadTooLarge",
          detail: "images[0] has 1012 bytes, at most 1000 are sent"
        })
        assert.strictEqual(requests.length, 0)
      }))

    it.effect("knows its families", () =>
      Effect.map(
        violationsOf({ ...CometApi.video({ model: "m", prompt }), family: "paper" }),
        (found) => {
          const [[field, value, allowed] = []] = Array.isArray(found) ? found : []
          assert.deepStrictEqual([found.length, field, value], [1, "family", "paper"])
          assert.match(allowed ?? "", /^video, seedance, /)
        }
      ))

    it.effect("refuses a model that another family makes, but not in the general family", () =>
      using(accepts, (api) =>
        Effect.sync(() => {
          const wanted = { ...CometApi.video({ model: "kling-v1-6", prompt }), family: "seedance" }
          assert.deepStrictEqual(api.validate(wanted).map(({ allowed, field }) => [field, allowed]), [
            ["model", "a model of the family seedance; this one belongs to the family kling"]
          ])
          assert.deepStrictEqual(api.validate({ ...wanted, family: "video" }), [])
          assert.deepStrictEqual(api.validate({ ...wanted, model: "nobody-knows" }), [])
        })))

    it.effect("checks only the prompt of a model that it does not know", () =>
      using(accepts, (api) =>
        Effect.sync(() => [
          api.validate(
            CometApi.video({ model: "m", prompt, seconds: 99, size: "9x9", resolution: "8k", images: [png, png] })
          ),
          api.validate(CometApi.video({ model: "m", prompt: "" })).map(({ field }) => field)
        ])).pipe(Effect.map(({ value }) => assert.deepStrictEqual(value, [[], ["prompt"]]))))

    it.effect("checks what is documented of Veo: the sizes, and one or two pictures", () =>
      using(accepts, (api) =>
        Effect.sync(() => {
          const fields = (request: Partial<CometApi.GenericRequest>) =>
            api.validate(CometApi.video({ model: "veo3-fast", prompt, ...request })).map(({ field }) => field)
          assert.deepStrictEqual(fields({ size: "9x16", images: [png, png], seconds: 99, resolution: "8k" }), [])
          assert.deepStrictEqual(fields({ size: "16:9", images: [png, png, png] }), ["size", "images"])
        })))

    it("lets the compiler refuse what the create page does not list", () => {
      const models = [
        // @ts-expect-error: no Seedance model of the page
        CometApi.seedance({ model: "veo3-fast", prompt }),
        // @ts-expect-error: no size of the page
        CometApi.seedance({ model: "doubao-seedance-2-0", prompt, size: "2:1" }),
        CometApi.video({ model: "veo3-fast", prompt, size: "2:1" })
      ]
      assert.deepStrictEqual(models.map(({ family }) => family), ["seedance", "seedance", "video"])
    })

    it("chooses the family by the model", () => {
      const families = [
        "doubao-seedance-2-0",
        "seedance-2-5",
        "sora-2",
        "gen3a_turbo",
        "kling-v2-6",
        "grok-imagine-video",
        "veo3-fast",
        "my-seedance"
      ].map(CometApi.familyOf)
      assert.deepStrictEqual(families, ["seedance", "seedance", "sora", "runway", "kling", "xai", "video", "video"])
    })
  })

  describe("observe", () => {
    it.effect.each<[unknown, string, number | undefined]>([
      [
        {
          id: "task_abc123",
          model: "m",
          object: "video",
          status: "IN_PROGRESS",
          progress: 45,
          created_at: 1776567610,
          completed_at: null
        },
        "IN_PROGRESS",
        45
      ],
      [
        {
          id: "task_abc123",
          object: "video",
          model: "m",
          status: "in_progress",
          progress: 30,
          completed_at: 1777385485
        },
        "IN_PROGRESS",
        30
      ],
      [
        {
          id: "task_example",
          object: "video",
          status: "completed",
          progress: 100,
          video_url: "https://example.com/v.mp4"
        },
        "SUCCESS",
        100
      ],
      [{ id: "task_abc123", status: "ERROR", progress: 10 }, "ERROR", 10]
    ])("reads %j", ([body, status, progress]) =>
      Effect.gen(function*() {
        const { requests, urls, value } = yield* using(() => Response.json(body), (api) => api.observe(handle))
        assert.deepStrictEqual(urls, ["https://api.cometapi.com/v1/videos/task_abc123"])
        assert.strictEqual(requests[0]?.method, "GET")
        assert.deepStrictEqual([value.status, value.progress], [status, progress])
      }))

    it.effect("asks at the paths that it is told", () =>
      using(() => Response.json({ id: "x", status: "queued" }), (api) => api.observe(handle), {
        baseUrl: "http://127.0.0.1:8080/proxy",
        paths: { query: "/tasks/{id}/state?full=1" }
      }).pipe(
        Effect.map(({ urls }) =>
          assert.deepStrictEqual(urls, ["http://127.0.0.1:8080/proxy/tasks/task_abc123/state?full=1"])
        )
      ))
  })

  describe("content", () => {
    const content = (handler: Handler) => using(handler, (api) => api.content(handle))

    it.effect.each([
      ["video/mp4", "video/mp4"],
      ["Video/MP4; codecs=avc1", "video/mp4"],
      ["video/webm", "video/webm"],
      ["application/octet-stream", undefined]
    ])("finds a file of type %s without reading it", ([type, mimeType]) =>
      Effect.gen(function*() {
        let pulled = 0
        const endless = function*() {
          for (;;) {
            pulled++
            yield "x".repeat(65_536)
          }
        }
        const { requests, urls, value } = yield* content(() =>
          new Response(streamOf(endless()), { headers: { "content-type": type ?? "" } })
        )
        assert.deepStrictEqual(urls, ["https://api.cometapi.com/v1/videos/task_abc123/content"])
        assert.include(requests[0]?.headers["accept"] ?? "", "video/*")
        assert.isAtMost(pulled, 1)
        assert.strictEqual(value?.url === undefined ? undefined : Redacted.value(value.url), urls[0])
        assert.deepStrictEqual([value?.needsCredentials, value?.mimeType], [true, mimeType])
      }))

    it.effect.each<[string, Handler]>([
      [
        "it says that the task is not completed yet",
        () => Response.json({ error: { message: "Task is not completed yet" } }, { status: 400 })
      ],
      ["there is no such task", () => Response.json({ error: { message: "Task not found" } }, { status: 404 })],
      [
        "there is no such route",
        () => new Response("<html>", { status: 404, headers: { "content-type": "text/html" } })
      ],
      ["it answers JSON", () => Response.json({ status: "in_progress" })],
      ["it answers a web page", () => new Response("<html>", { headers: { "content-type": "text/html" } })],
      ["it answers without a type", () => new Response(new Uint8Array(9))],
      [
        "it redirects",
        () => new Response(null, { status: 302, headers: { location: "https://cdn.example.com/v.mp4" } })
      ]
    ])("finds nothing when %s", ([, handler]) =>
      Effect.map(content(handler), ({ requests, value }) => {
        assert.strictEqual(value, undefined)
        assert.strictEqual(requests.length, 1)
      }))

    it.effect.each<[string, Handler]>([
      ["Unauthorized", () => Response.json({}, { status: 401 })],
      ["ProviderUnavailable", () => Response.json({}, { status: 502 })],
      ["ProviderUnavailable", () => ({ cause: new Error("reset") })],
      ["RateLimited", () => Response.json({}, { status: 429 })]
    ])(
      "fails with %s, and the handle, when nobody can tell",
      ([reason, handler]) =>
        using(handler, (api) => Effect.flip(api.content(handle))).pipe(Effect.map(({ value }) => {
          assert.deepStrictEqual([value.reason._tag, value.operation, value.handle], [reason, "content", handle])
        }))
    )
  })

  describe("billedSeconds", () => {
    it.effect.each<[Parameters<VideoProvider.VideoProvider["validate"]>[0], number | undefined]>([
      [CometApi.seedance({ model: "doubao-seedance-2-0", prompt }), 5],
      [CometApi.seedance({ model: "doubao-seedance-2-0", prompt, seconds: 8 }), 8],
      [CometApi.seedance({ model: "doubao-seedance-2-0", prompt: `${prompt} --duration 12` }), 12],
      [CometApi.seedance({ model: "doubao-seedance-2-0", prompt: `${prompt} --dur 12`, seconds: 5 }), undefined],
      [CometApi.seedance({ model: "doubao-seedance-2-0", prompt, options: { frames: 289 } }), undefined],
      [CometApi.video({ model: "m", prompt, seconds: 9 }), 9],
      [CometApi.video({ model: "m", prompt }), undefined],
      [{ provider: "cometapi", family: "nobody", model: "m", prompt, seconds: 3 }, 3]
    ])(
      "of %j is %s",
      ([request, seconds]) =>
        using(accepts, (api) => Effect.sync(() => assert.strictEqual(api.billedSeconds?.(request), seconds)))
    )
  })

  describe("models", () => {
    const model = (id: string, extra: object = {}) => ({
      created: 1767529753,
      id,
      provider: "ByteDance",
      name: id,
      model_type: "video",
      features: ["text-to-video"],
      endpoints: "{\n \"seedance\": {\n \"path\": \"/v1/videos\",\n \"method\": \"POST\"\n }\n}",
      pricing: { currency: "USD / M Tokens", input: null, output: null, per_request: null, per_second: 0.024 },
      ...extra
    })

    it.effect("reads the whole public catalogue without the key, and joins what is known of a model", () =>
      Effect.gen(function*() {
        const { requests, urls, value } = yield* using(
          () =>
            Response.json({
              success: true,
              page: 1,
              page_size: 20,
              total: 2,
              data: [model("doubao-seedance-2-0"), model("your-video-model-id")]
            }),
          (api) => api.models
        )
        assert.deepStrictEqual(urls, ["https://api.cometapi.com/api/models?page=0"])
        assert.strictEqual(requests[0]?.headers["authorization"], undefined)
        assert.deepStrictEqual(value.map(({ id, perSecond, routes, spec }) => [id, perSecond, routes, spec?.seconds]), [
          ["doubao-seedance-2-0", 0.024, ["POST /v1/videos"], { min: 4, max: 15, default: 5 }],
          ["your-video-model-id", 0.024, ["POST /v1/videos"], undefined]
        ])
      }))

    const paged = (total: number, size = 2): Handler => (_, url) => {
      const page = Math.max(1, Number(url.searchParams.get("page")))
      const ids = Array.from({ length: total }, (_, index) => model(`m${index + 1}`))
      const data = ids.slice((page - 1) * size, page * size)
      return Response.json({ success: true, page, page_size: size, total, data })
    }

    it.effect("reads all pages where one does not hold the whole catalogue", () =>
      Effect.gen(function*() {
        const { requests, urls, value } = yield* using(paged(5), (api) => api.models)
        assert.deepStrictEqual(value.map(({ id }) => id), ["m1", "m2", "m3", "m4", "m5"])
        assert.deepStrictEqual(urls.map((url) => new URL(url).search), [
          "?page=0",
          "?page=2&page_size=2",
          "?page=3&page_size=2"
        ])
        assert.isTrue(requests.every(({ headers }) => headers["authorization"] === undefined))
      }))

    it.effect("stops at a page that has nothing new, and after 50 pages, whatever the total says", () =>
      Effect.gen(function*() {
        const same = yield* using(
          () => Response.json({ page: 1, page_size: 2, total: 500, data: [model("a"), model("b")] }),
          (api) => api.models
        )
        assert.deepStrictEqual([same.value.length, same.urls.length], [2, 2])
        const empty = yield* using(() => Response.json({ page: 1, total: 500, data: [] }), (api) => api.models)
        assert.deepStrictEqual([empty.value.length, empty.urls.length], [0, 1])
        const huge = yield* using(paged(1000), (api) => api.models)
        assert.deepStrictEqual([huge.value.length, huge.urls.length], [100, 50])
      }))

    it.effect("fails when a later page can't be read: half a catalogue has no price for the other half", () =>
      Effect.gen(function*() {
        const first = paged(5)
        const { value } = yield* using(
          (request, url) =>
            url.searchParams.get("page") === "3" ? Response.json({}, { status: 503 }) : first(request, url),
          (api) => Effect.flip(api.models)
        )
        assert.deepStrictEqual([value.reason._tag, value.operation], ["ProviderUnavailable", "models"])
      }))

    it.effect("reads a catalogue of up to 8 MiB, and no other answer that is so long", () =>
      Effect.gen(function*() {
        const long = model("a", { description: "x".repeat(2_000_000) })
        const { value } = yield* using(() => Response.json({ data: [long] }), (api) => api.models)
        assert.deepStrictEqual(value.map(({ id }) => id), ["a"])
        const tooLong = yield* using(
          () => Response.json({ data: [{ ...long, name: "x".repeat(8_388_608) }] }),
          (api) => Effect.flip(api.models)
        )
        assert.include(tooLong.value.message, "8 MiB")
      }))

    it.effect.each<[string, Handler]>([
      ["UnexpectedResponse", () => new Response("<html>")],
      ["UnexpectedResponse", () => Response.json({ hello: "world" })],
      ["UnexpectedResponse", () => Response.json({ success: false, message: "closed" })],
      ["ProviderUnavailable", () => Response.json({}, { status: 500 })],
      ["RateLimited", () => Response.json({}, { status: 429 })],
      ["ProviderUnavailable", () => ({ cause: new Error("refused") })]
    ])("fails with %s", ([reason, handler]) =>
      using(handler, (api) => Effect.flip(api.models)).pipe(
        Effect.map(({ value }) => assert.deepStrictEqual([value.reason._tag, value.operation], [reason, "models"]))
      ))
  })

  describe("credentials", () => {
    it.effect.each<[string, string, boolean]>([
      ["https://api.cometapi.com", "https://api.cometapi.com/v1/videos/t/content", true],
      ["https://api.cometapi.com", "https://API.cometapi.com:443/x", true],
      ["https://gw.example.com/comet", "https://gw.example.com/comet/v1/videos/t/content", true],
      ["https://gw.example.com/comet", "https://gw.example.com/comet/../admin", false],
      ["https://gw.example.com/comet", "https://gw.example.com/comet/%2e%2e/admin", false],
      ["https://gw.example.com/comet", "https://gw.example.com/comet", false],
      ["https://gw.example.com/comet", "https://gw.example.com/cometapi/x", false],
      ["https://gw.example.com/comet", "https://gw.example.com/other", false],
      ["https://api.cometapi.com", "http://api.cometapi.com/v1/videos/t/content", false],
      ["https://api.cometapi.com", "https://api.cometapi.com:8443/x", false],
      ["https://api.cometapi.com", "https://cdn.cometapi.com/v.mp4", false],
      ["https://api.cometapi.com", "https://api.cometapi.com.evil.example/x", false],
      ["https://api.cometapi.com", "https://api.cometapi.com@evil.example/x", false],
      ["https://api.cometapi.com", "data:video/mp4;base64,AAAA", false]
    ])(
      "%s gives its key to %s: %s",
      ([baseUrl, url, given]) =>
        using(accepts, (api) => Effect.sync(() => api.credentials(new URL(url))), { baseUrl }).pipe(
          Effect.map(({ value }) => {
            const plain = Object.fromEntries(
              Object.entries(value).map(([name, header]) => [name, Redacted.value(header)])
            )
            assert.deepStrictEqual(plain, given ? { authorization: `Bearer ${secret}` } : {})
            assert.notInclude(JSON.stringify(value), secret)
          })
        )
    )
  })

  describe("options", () => {
    it.effect.each<[Partial<CometApi.Options>, string, string]>([
      [{ baseUrl: "" }, "baseUrl", "empty"],
      [{ baseUrl: "api.cometapi.com" }, "baseUrl", "api.cometapi.com"],
      [{ baseUrl: "ftp://api.cometapi.com" }, "baseUrl", "ftp://api.cometapi.com"],
      [{ baseUrl: "https://api.cometapi.com?key=1" }, "baseUrl", "https://api.cometapi.com"],
      [{ baseUrl: "https://me:hush@api.cometapi.com" }, "baseUrl", "https://api.cometapi.com"],
      [{ apiKey: Redacted.make("") }, "apiKey", "empty"],
      [{ apiKey: Redacted.make("sk-a\nb: c") }, "apiKey", "<redacted>"],
      [{ apiKey: Redacted.make("sk-schlüssel") }, "apiKey", "<redacted>"],
      [{ id: " " }, "id", "empty"],
      [{ account: "" }, "account", "empty"],
      [{ maxImageBytes: 0 }, "maxImageBytes", "0"],
      [{ maxImageBytes: Number.NaN }, "maxImageBytes", "NaN"],
      [{ paths: { create: "v1/videos" } }, "paths.create", "v1/videos"],
      [{ paths: { create: ".evil.example/x" } }, "paths.create", ".evil.example/x"],
      [{ paths: { create: "//evil.example/x" } }, "paths.create", "//evil.example/x"],
      [{ paths: { query: "/v1/videos" } }, "paths.query", "/v1/videos"],
      [{ paths: { content: "/v1/content" } }, "paths.content", "/v1/content"],
      [{ paths: { models: "/api/{id}" } }, "paths.models", "/api/{id}"]
    ])("%j is refused when the layer is built", ([options, field, value]) =>
      Effect.gen(function*() {
        const { provide } = answering({})
        const error = yield* Effect.flip(CometApi.make({ apiKey, ...options })).pipe(provide)
        assert.strictEqual(error.operation, "configure")
        const found = error.reason._tag === "InvalidRequest" ? error.reason.violations : []
        assert.deepStrictEqual(found.map((one) => [one.field, one.value]), [[field, value]])
        assert.notMatch(JSON.stringify(error), /hush|schlüssel/)
      }))

    it.effect("takes the line break off a key that was read from a file", () =>
      Effect.map(
        using(() => Response.json({ id: "t", status: "queued" }), (api) => api.observe(handle), {
          apiKey: Redacted.make(`${secret}\n`)
        }),
        ({ requests }) => assert.strictEqual(requests[0]?.headers["authorization"], `Bearer ${secret}`)
      ))

    it.effect("names the variable of a missing key", () =>
      Effect.gen(function*() {
        const { client } = answering({})
        const exit = yield* Effect.exit(Effect.provide(
          CometApi.CometApi.use((api) => Effect.succeed(api.id)),
          CometApi.layerConfig({ apiKey: Config.Redacted("COMETAPI_KEY") }).pipe(
            Layer.provide(Layer.succeed(HttpClient.HttpClient, client)),
            Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({})))
          )
        ))
        const said = Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "built"
        assert.match(said, /ConfigError/)
        assert.match(said, /COMETAPI_KEY/)
      }))

    it.effect("reads everything from Config", () =>
      Effect.gen(function*() {
        const { client } = answering({})
        const layer = CometApi.layerConfig({
          apiKey: Config.Redacted("COMETAPI_KEY"),
          baseUrl: Config.String("COMETAPI_BASE_URL"),
          account: Config.String("ACCOUNT"),
          paths: Config.succeed({ query: "/v2/videos/{id}" })
        }).pipe(
          Layer.provide(Layer.succeed(HttpClient.HttpClient, client)),
          Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({
            COMETAPI_KEY: secret,
            COMETAPI_BASE_URL: "https://gw.example.com/",
            ACCOUNT: "team"
          })))
        )
        const found = yield* Effect.provide(
          CometApi.CometApi.use((api) => Effect.succeed([api.id, api.baseUrl, api.account])),
          layer
        )
        assert.deepStrictEqual(found, ["cometapi", "https://gw.example.com", "team"])
      }))
  })

  it.effect("declares what its pages say", () =>
    using(accepts, (api) => Effect.succeed(api.families)).pipe(Effect.map(({ value }) => {
      const own = value.filter(({ id }) => ["video", "seedance"].includes(id))
      const shown = own.map(({ canCancel, canCreate, graceMs, hasContentRoute, id, poll, statuses }) => ({
        id,
        cadence: [poll.floorMs, poll.ceilingMs, poll.deadlineMs],
        flags: [canCreate, canCancel, hasContentRoute],
        graceMs,
        statuses: statuses.join()
      }))
      const statuses = "SUBMITTED,IN_PROGRESS,SUCCESS,FAILED,ERROR"
      const flags = [true, false, true]
      assert.deepStrictEqual(shown, [
        { id: "video", cadence: [10_000, 30_000, 3_600_000], flags, graceMs: 20_000, statuses },
        { id: "seedance", cadence: [10_000, 30_000, 1_200_000], flags, graceMs: 20_000, statuses }
      ])
    })))

  it.effect("has no cancel, and says so without asking", () =>
    Effect.map(using(accepts, (api) => api.cancel(handle)), ({ requests, value }) => {
      assert.deepStrictEqual([value, requests.length], ["unsupported", 0])
    }))
})
