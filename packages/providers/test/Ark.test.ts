import { assert, describe, it } from "@effect/vitest"
import { TaskHandle, type VideoProvider, type VideoRequest } from "@video-tasks/core"
import { Ark, CometApi, VideoProviderSuite } from "@video-tasks/providers"
import type { SimulatorOptions } from "@video-tasks/simulator"
import { Config, ConfigProvider, Effect, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { jsonOf, png } from "./utils/bodies.ts"
import { apiKey, type Handler, secret, stub } from "./utils/stub.ts"
import { type Use, type UseLive, usingSimulator, usingStub } from "./utils/using.ts"

const vendor = "https://ark.ap-southeast.bytepluses.com/api/v3/contents/generations/tasks"

const gateway = "https://api.cometapi.com/volc/v3/contents/generations/tasks"

const model = "seedance-1-5-pro-251215"

const prompt = "A paper airplane"

const text = { type: "text", text: prompt }

const picture = (url: string, role: string) => ({ type: "image_url", image_url: { url }, role })

const [first, last] = [new URL("https://example.com/first.png"), new URL("https://example.com/last.png")]

/** The places where the family is served. */
const places = {
  vendor: { make: Ark.make, provider: "ark", url: vendor },
  CometAPI: {
    // The suite asks about the first family.
    make: (options: Ark.Options) =>
      Effect.map(CometApi.make(options), (api): VideoProvider.VideoProvider => ({
        ...api,
        families: api.families.filter(({ id }) => id === "ark")
      })),
    provider: "cometapi",
    url: gateway
  }
}

const at = Object.entries(places)

for (const [name, { make, provider }] of at) {
  describe(`VideoProviderSuite (Ark at ${name})`, () => {
    const head = { id: "cgt-2026", model, created_at: 1743414619, updated_at: 1743414673 }
    const cases = VideoProviderSuite.cases({
      make: make({ apiKey }),
      secret,
      remoteId: "cgt-2026",
      request: Ark.video({ model, prompt, provider }),
      answers: {
        created: { id: "cgt-2026" },
        running: { ...head, status: "running" },
        succeeded: {
          ...head,
          status: "succeeded",
          content: { video_url: "https://tos.example.com/v.mp4?X-Tos-Date=1" }
        },
        failed: { ...head, status: "failed", error: { code: "OutputVideoSensitiveContentDetected", message: "no" } },
        unknownTask: {
          status: 404,
          body: { error: { code: "NotFound.TaskId", message: "not found", param: "id", type: "NotFound" } }
        },
        page: name === "vendor"
          ? { total: 2, items: [{ id: "cgt-1", status: "running" }, { ...head, status: "running" }] }
          : undefined
      }
    })
    for (const { effect, name } of cases) it.effect(name, () => effect)
  })
}

const using = <A, E>(
  handler: Handler,
  use: Use<A, E>,
  make: (typeof places)["vendor"]["make"] = Ark.make
) => usingStub(make({ apiKey }), handler, use)

const accepts = () => Response.json({ id: "cgt-2026" })

const bodyOf = (request: VideoRequest.VideoRequest) =>
  Effect.map(using(accepts, (api) => api.create(request)), ({ requests }) => jsonOf(requests[0]))

const violationsOf = (request: VideoRequest.VideoRequest) =>
  Effect.map(using(accepts, (api) => Effect.flip(api.create(request))), ({ requests, value: { reason } }) => {
    assert.strictEqual(requests.length, 0)
    return reason._tag === "InvalidRequest" ? reason.violations.map(({ field, value }) => [field, value]) : reason._tag
  })

const refused = (status: number, code: string, headers: Record<string, string> = {}) => () =>
  Response.json(
    { error: { code, message: `The request failed. Request id: 0217abc`, param: "", type: "BadRequest" } },
    { status, headers }
  )

const handle = TaskHandle.TaskHandle.make({
  provider: "ark",
  family: "ark",
  remoteId: "cgt-2026",
  baseUrl: "https://ark.ap-southeast.bytepluses.com/api/v3",
  account: "default"
})

describe("Ark", () => {
  describe("create", () => {
    it.effect.each(at)(
      "posts to the route of %s and keeps the handle of that place",
      ([, { make, provider, url }]) =>
        Effect.gen(function*() {
          const request = Ark.video({ model, prompt, provider })
          const { requests, urls, value } = yield* using(accepts, (api) => api.create(request), make)
          assert.deepStrictEqual(urls, [url])
          assert.deepStrictEqual(jsonOf(requests[0]), { model, content: [text] })
          assert.deepStrictEqual(
            [value.handle.provider, value.handle.family, value.handle.remoteId, value.observation.status],
            [provider, "ark", "cgt-2026", "SUBMITTED"]
          )
        })
    )

    it.effect("sends every typed field in the API's own spelling", () =>
      Effect.gen(function*() {
        const body = yield* bodyOf(Ark.video({
          model: "ep-20260101-abcde",
          prompt,
          seconds: 8,
          size: "adaptive",
          resolution: "1080p",
          referenceImages: [first],
          referenceVideos: [new URL("https://example.com/v.mp4")],
          referenceAudio: [new URL("https://example.com/a.mp3")],
          draftTask: "cgt-1",
          seed: 7,
          cameraFixed: true,
          watermark: false,
          generateAudio: true,
          serviceTier: "flex",
          returnLastFrame: true,
          draft: false,
          priority: 9,
          outputFormat: "mp4",
          executionExpiresAfter: 3600,
          callbackUrl: new URL("https://example.com/hook?x=1"),
          safetyIdentifier: "user-1",
          tools: [{ type: "web_search" }],
          options: { something_new: [1] }
        }))
        assert.deepStrictEqual(body, {
          model: "ep-20260101-abcde",
          content: [
            text,
            picture("https://example.com/first.png", "reference_image"),
            { type: "video_url", video_url: { url: "https://example.com/v.mp4" }, role: "reference_video" },
            { type: "audio_url", audio_url: { url: "https://example.com/a.mp3" }, role: "reference_audio" },
            { type: "draft_task", draft_task: { id: "cgt-1" } }
          ],
          ratio: "adaptive",
          resolution: "1080p",
          duration: 8,
          seed: 7,
          camera_fixed: true,
          watermark: false,
          generate_audio: true,
          service_tier: "flex",
          return_last_frame: true,
          draft: false,
          priority: 9,
          output_format: "mp4",
          execution_expires_after: 3600,
          callback_url: "https://example.com/hook?x=1",
          safety_identifier: "user-1",
          tools: [{ type: "web_search" }],
          something_new: [1]
        })
      }))

    it.effect.each<[string, Partial<Ark.Request>, ReadonlyArray<unknown>]>([
      ["a picture", { image: first }, [text, picture(first.href, "first_frame")]],
      ["a first frame", { firstFrame: first }, [text, picture(first.href, "first_frame")]],
      ["a first and a last frame", { lastFrame: last, firstFrame: first }, [
        text,
        picture(first.href, "first_frame"),
        picture(last.href, "last_frame")
      ]],
      ["references", { referenceImages: [last, first] }, [
        text,
        picture(last.href, "reference_image"),
        picture(first.href, "reference_image")
      ]],
      ["a picture alone", { image: first, prompt: undefined }, [picture(first.href, "first_frame")]],
      ["bytes", { image: png }, [
        text,
        picture(`data:image/png;base64,${Buffer.from(png).toString("base64")}`, "first_frame")
      ]]
    ])("writes %s as content with roles", ([, fields, content]) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* bodyOf(Ark.video({ model, prompt, ...fields })), { model, content })
      }))

    it.effect("takes a lone picture of any request for the first frame, and roles as words with commas", () =>
      Effect.gen(function*() {
        const request = { provider: "ark", family: "ark", model, prompt }
        assert.deepStrictEqual(yield* bodyOf({ ...request, images: [first] }), {
          model,
          content: [text, picture(first.href, "first_frame")]
        })
        const two = { ...request, images: [first, last], options: { image_roles: "first_frame, last_frame" } }
        assert.deepStrictEqual(yield* bodyOf(two), {
          model,
          content: [text, picture(first.href, "first_frame"), picture(last.href, "last_frame")]
        })
      }))

    it.effect("lets the model choose its length, and counts frames instead of seconds", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* bodyOf(Ark.video({ model, prompt, seconds: "auto" })), {
          model,
          content: [text],
          duration: -1
        })
        assert.deepStrictEqual(yield* bodyOf(Ark.video({ model, prompt, frames: 57 })), {
          model,
          content: [text],
          frames: 57
        })
      }))

    it.effect.each<[number, string, string]>([
      [400, "InvalidParameter", "InvalidRequest"],
      [400, "InputTextSensitiveContentDetected", "InvalidRequest"],
      [400, "InputImageSensitiveContentDetected", "InvalidRequest"],
      [400, "InvalidEndpoint.ClosedEndpoint", "ModelUnavailable"],
      [401, "AuthenticationError", "Unauthorized"],
      [403, "AccountOverdueError", "QuotaExceeded"],
      [403, "AccessDenied", "Unauthorized"],
      [404, "InvalidEndpoint.NotFound", "ModelUnavailable"],
      [404, "InvalidEndpointOrModel.NotFound", "ModelUnavailable"],
      [404, "ModelNotOpen", "ModelUnavailable"],
      [429, "QuotaExceeded", "QuotaExceeded"],
      [429, "RateLimitExceeded.EndpointRPMExceeded", "RateLimited"],
      [500, "InternalServiceError", "SubmissionAmbiguous"]
    ])("takes HTTP %d %s for %s", ([status, code, tag]) =>
      Effect.gen(function*() {
        const { requests, value } = yield* using(refused(status, code), (api) =>
          Effect.flip(api.create(Ark.video({ model, prompt }))))
        assert.deepStrictEqual([value.reason._tag, value.requestId, requests.length], [tag, "0217abc", 1])
        assert.include(value.message, code)
      }))

    it.effect("waits as long as Retry-After says", () =>
      Effect.gen(function*() {
        const handler = refused(429, "RateLimitExceeded.EndpointRPMExceeded", { "retry-after": "7" })
        const { value } = yield* using(handler, (api) => Effect.flip(api.create(Ark.video({ model, prompt }))))
        assert.strictEqual(value.reason._tag === "RateLimited" ? value.reason.retryAfterMs : undefined, 7000)
      }))
  })

  describe("validation", () => {
    it.effect("names everything at once, and sends nothing", () =>
      Effect.gen(function*() {
        const found = yield* violationsOf(Ark.video({
          model,
          seconds: 13,
          size: "2:1" as "1:1",
          resolution: "4k",
          frames: 57,
          lastFrame: last,
          seed: 2 ** 32,
          priority: 10,
          serviceTier: "slow" as "flex",
          executionExpiresAfter: 0.5,
          callbackUrl: new URL("ftp://example.com"),
          safetyIdentifier: "x".repeat(65),
          options: { watermark: "yes", content: "more", model: "other", ratio: "1:1" }
        }))
        assert.deepStrictEqual(found, [
          ["seconds", "13"],
          ["size", "2:1"],
          ["resolution", "4k"],
          ["options.model", "an extra field of that name"],
          ["options.ratio", "an extra field of that name"],
          ["options.frames", "57"],
          ["options.image_roles", "last_frame"],
          ["options.content", "more"],
          ["options.seed", "4294967296"],
          ["options.watermark", "yes"],
          ["options.service_tier", "slow"],
          ["options.priority", "10"],
          ["options.execution_expires_after", "0.5"],
          ["options.callback_url", "ftp://example.com/"],
          ["options.safety_identifier", `${"x".repeat(60)}…`]
        ])
      }))

    it.effect.each<[string, number, number]>([
      ["dreamina-seedance-2-0-260128", 4, 15],
      ["doubao-seedance-2-0-fast-260128", 4, 15],
      ["seedance-1-5-pro-251215", 4, 12],
      ["doubao-seedance-1-5-pro-251215", 4, 12],
      ["seedance-1-0-pro-250528", 2, 12],
      ["doubao-seedance-1-0-pro-fast-251015", 2, 12]
    ])("lets %s make %d to %d seconds", ([model, min, max]) =>
      using(accepts, (api) =>
        Effect.sync(() => {
          const fields = (seconds: number) =>
            api.validate(Ark.video({ model, prompt, seconds })).map(({ field }) => field)
          for (const seconds of [min, max]) assert.deepStrictEqual(fields(seconds), [])
          for (const seconds of [min - 1, max + 1, 4.5]) assert.deepStrictEqual(fields(seconds), ["seconds"])
        })))

    it.effect("sends any other model as given, the id of an endpoint too", () =>
      using(accepts, (api) =>
        Effect.sync(() => {
          const fields = { seconds: 30, resolution: "8k" as "4k", prompt }
          for (const model of ["ep-20260101-abcde", "seedance-2-5"]) {
            assert.deepStrictEqual(api.validate(Ark.video({ model, ...fields })), [])
          }
        })))

    it.effect.each<[string, Partial<Ark.Request>, Array<Array<string>>]>([
      ["two first frames", { image: first, firstFrame: first }, [["options.image_roles", "first_frame, first_frame"]]],
      ["a frame among references", { image: first, referenceImages: [last] }, [
        ["options.image_roles", "first_frame, reference_image"]
      ]],
      ["too many pictures", { referenceImages: [first, first, last] }, [["images", "3"]]],
      ["neither words nor pictures", { prompt: undefined }, [["prompt", "empty"]]],
      ["an unknown model without words", { prompt: undefined, model: "ep-1" }, [["prompt", "empty"]]],
      ["a length twice", { seconds: 5, options: { duration: 5 } }, [["options.duration", "5"]]]
    ])("refuses %s", ([, fields, expected]) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* violationsOf(Ark.video({ model, prompt, ...fields })), expected)
      }))

    it.effect.each<[ReadonlyArray<URL>, Record<string, string | ReadonlyArray<string>>, string]>([
      [[first, last], {}, "0 for 2"],
      [[first], { image_roles: ["first_frame", "last_frame"] }, "2 for 1"],
      [[first, last], { image_roles: "first_frame, poster" }, "first_frame, poster"],
      [[], { image_roles: ["first_frame"] }, "1 for 0"]
    ])("does not guess what %j with %j are for", ([images, options, value]) =>
      Effect.gen(function*() {
        const request = { provider: "ark", family: "ark", model, prompt, images, options }
        assert.deepStrictEqual(yield* violationsOf(request), [["options.image_roles", value]])
      }))
  })

  describe("many at once", () => {
    const page = (items: ReadonlyArray<unknown>, total: number) => () => Response.json({ total, items })

    const running = (id: string) => ({ id, model, status: "running", created_at: 1743414619 })

    it.effect("reads tasks by their ids in one request, and leaves out who is not there", () =>
      Effect.gen(function*() {
        const handles = ["cgt-1", "cgt-2", "cgt-3"].map((remoteId) =>
          TaskHandle.TaskHandle.make({ ...handle, remoteId })
        )
        const { urls, value } = yield* using(
          page([running("cgt-3"), { ...running("cgt-1"), status: "cancelled" }, running("cgt-9"), null], 2),
          (api) => api.observeMany(handles)
        )
        assert.deepStrictEqual(urls, [
          `${vendor}?page_num=1&page_size=100&filter.task_ids=cgt-1&filter.task_ids=cgt-2&filter.task_ids=cgt-3`
        ])
        assert.deepStrictEqual(
          [...value].map(([{ remoteId }, { status }]) => [remoteId, status]),
          [["cgt-3", "IN_PROGRESS"], ["cgt-1", "CANCELLED"]]
        )
      }))

    it.effect("keeps the line of a full batch below 8 KiB", () =>
      Effect.gen(function*() {
        const { value: size } = yield* using(accepts, (api) => Effect.succeed(api.families[0]?.batchSize ?? 0))
        const handles = Array.from(
          { length: size },
          (_, n) => TaskHandle.TaskHandle.make({ ...handle, remoteId: `cgt-20260427170604-ct${100 + n}` })
        )
        const { urls } = yield* using(page([], 0), (api) => api.observeMany(handles))
        assert.deepStrictEqual([size, urls.length], [100, 1])
        assert.isBelow(urls[0]?.length ?? 0, 8192)
      }))

    it.effect.each<[string, { readonly cursor?: string; readonly limit?: number }, string, string | undefined]>([
      ["the first", { limit: 2 }, "page_num=1&page_size=2", "2"],
      ["the last", { limit: 2, cursor: "2" }, "page_num=2&page_size=2", undefined],
      ["one of the largest pages", { limit: 9999 }, "page_num=1&page_size=500", undefined],
      ["the first for nonsense", { limit: 0, cursor: "next" }, "page_num=1&page_size=1", "2"]
    ])("lists %s page", ([, options, query, cursor]) =>
      Effect.gen(function*() {
        const { urls, value } = yield* using(page([running("cgt-1")], 3), (api) => api.list("ark", options))
        assert.deepStrictEqual([urls, value.cursor, value.tasks.map(({ remoteId }) => remoteId)], [
          [`${vendor}?${query}`],
          cursor,
          ["cgt-1"]
        ])
      }))

    it.effect("ends a list at an empty page, whatever the total says, and at a page that is not full", () =>
      Effect.gen(function*() {
        const cursorOf = (handler: Handler) =>
          Effect.map(using(handler, (api) => api.list("ark", { limit: 2 })), ({ value }) => value.cursor)
        assert.strictEqual(yield* cursorOf(page([], 9)), undefined)
        assert.strictEqual(yield* cursorOf(() => Response.json({ items: [running("cgt-1")] })), undefined)
        assert.strictEqual(
          yield* cursorOf(() => Response.json({ items: [running("cgt-1"), running("cgt-2")] })),
          "2"
        )
      }))

    it.effect("says that a list is none", () =>
      Effect.gen(function*() {
        const { value } = yield* using(accepts, (api) => Effect.flip(api.list("ark")))
        assert.strictEqual(value.reason._tag, "UnexpectedResponse")
      }))

    it.effect("has neither at CometAPI, whose pages know none", () =>
      Effect.gen(function*() {
        const comet = TaskHandle.TaskHandle.make({
          ...handle,
          provider: "cometapi",
          baseUrl: "https://api.cometapi.com"
        })
        const { requests, value } = yield* using(accepts, (api) =>
          Effect.all([
            Effect.flip(api.observeMany([comet])),
            Effect.flip(api.list("ark")),
            Effect.flip(api.remove(comet)),
            api.cancel(comet)
          ]), places.CometAPI.make)
        const [many, list, remove, cancel] = value
        assert.deepStrictEqual([many, list, remove].map(({ reason }) => reason._tag), [
          "Unsupported",
          "Unsupported",
          "Unsupported"
        ])
        assert.deepStrictEqual([cancel, requests.length], ["unsupported", 0])
      }))
  })

  it.effect("declares what its pages say at both places", () =>
    Effect.gen(function*() {
      for (const [name, { make }] of at) {
        const { value } = yield* using(accepts, (api) => Effect.succeed(api.families), make)
        const shown = value.map(({ batchSize, canCancel, canCreate, canList, canRemove, id, poll, statuses }) => ({
          id,
          flags: [canCreate, canCancel, canList ?? false, canRemove ?? false, batchSize],
          cadence: [poll.floorMs, poll.ceilingMs, poll.deadlineMs],
          statuses: statuses.join()
        }))
        assert.deepStrictEqual(shown, [{
          id: "ark",
          flags: name === "vendor" ? [true, true, true, true, 100] : [true, false, false, false, undefined],
          cadence: [5_000, 30_000, 3_600_000],
          statuses: "SUBMITTED,IN_PROGRESS,SUCCESS,FAILED,CANCELLED,EXPIRED"
        }])
      }
    }))

  it.effect("is provided from the environment, at Volcengine too", () =>
    Effect.gen(function*() {
      const api = yield* Ark.Ark
      assert.deepStrictEqual([api.id, api.baseUrl], ["ark", "https://ark.cn-beijing.volces.com/api/v3"])
    }).pipe(
      Effect.provide(
        Ark.layerConfig({ apiKey: Config.Redacted("ARK_API_KEY"), baseUrl: Config.succeed(Ark.volcengine) })
      ),
      Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: { ARK_API_KEY: secret } })),
      stub(accepts).provide
    ))
})

describe("Ark against the simulator", () => {
  const origins: Readonly<Record<string, string>> = {
    vendor: "http://simulator.test/ark/api/v3",
    CometAPI: "http://simulator.test"
  }

  const live = <A, E>(
    place: keyof typeof places,
    use: UseLive<A, E>,
    options: SimulatorOptions.Options = {}
  ) => usingSimulator(places[place].make({ apiKey, baseUrl: origins[place] ?? "" }), use, options)

  const requestAt = (place: keyof typeof places, fields: Partial<Ark.Request> = {}) =>
    Ark.video({ model, prompt: "A paper airplane [job=60]", provider: places[place].provider, ...fields })

  const each = ["vendor", "CometAPI"] as const

  it.effect.each(each)(
    "follows a task to its video at %s, with one bill",
    (place) =>
      live(place, (api, simulator) =>
        Effect.gen(function*() {
          const { handle } = yield* api.create(requestAt(place, { returnLastFrame: true, seconds: 5, size: "9:16" }))
          const seen = [(yield* api.observe(handle)).status]
          yield* TestClock.adjust("30 seconds")
          seen.push((yield* api.observe(handle)).status)
          yield* TestClock.adjust("30 seconds")
          const done = yield* api.observe(handle)
          const [video] = done.videos
          assert.deepStrictEqual([...seen, done.status], ["SUBMITTED", "IN_PROGRESS", "SUCCESS"])
          assert.deepStrictEqual([done.cost?.amount, done.cost?.unit, done.cost?.kind], [108900, "tokens", "bill"])
          assert.match(video === undefined ? "" : Redacted.value(video.url), /^http:\/\/simulator\.test\/files\/cgt-/)
          assert.match(video?.thumbnailUrl === undefined ? "" : Redacted.value(video.thumbnailUrl), /\.jpg\?/)
          assert.deepStrictEqual(
            [video?.durationSeconds, video?.fps, video?.resolution, (video?.expiresAt ?? 0) - (done.completedAt ?? 0)],
            [5, 24, "720p", 86_400_000]
          )
          const { bills, posts } = yield* simulator.ledger
          assert.deepStrictEqual([posts, bills], [1, 1])
        }))
  )

  it.effect("reads the list of a clone and its numbers in strings alike", () =>
    live("vendor", (api) =>
      Effect.gen(function*() {
        const { handle } = yield* api.create(requestAt("vendor"))
        yield* TestClock.adjust("60 seconds")
        const { cost, videos } = yield* api.observe(handle)
        assert.deepStrictEqual([cost?.amount, videos.length, videos[0]?.durationSeconds], [108900, 1, 5])
      }), { arkContent: "array", arkNumbers: "strings" }))

  it.effect.each<[string, Partial<Ark.Request>, string, string | undefined]>([
    ["[fail]", {}, "FAILED", "OutputVideoSensitiveContentDetected"],
    ["[error]", {}, "FAILED", "InternalServiceError"],
    ["[expire]", {}, "EXPIRED", undefined],
    ["[stuck]", { executionExpiresAfter: 60 }, "EXPIRED", undefined]
  ])(
    "sees the end of a task with %s %j as %s",
    ([directive, fields, status, code]) =>
      live("vendor", (api) =>
        Effect.gen(function*() {
          const { handle } = yield* api.create(
            requestAt("vendor", { prompt: `A paper airplane ${directive} [job=60]`, ...fields })
          )
          yield* TestClock.adjust("60 seconds")
          const end = yield* api.observe(handle)
          assert.deepStrictEqual([end.status, end.failure?.code, end.videos], [status, code, []])
        }))
  )

  it.effect("cancels what is queued", () =>
    live("vendor", (api) =>
      Effect.gen(function*() {
        const { handle } = yield* api.create(requestAt("vendor"))
        assert.strictEqual(yield* api.cancel(handle), "confirmed")
        assert.strictEqual((yield* api.observe(handle)).status, "CANCELLED")
        assert.strictEqual(yield* api.cancel(handle), "failed")
      })))

  it.effect("leaves alone what runs, and sends no DELETE for it", () =>
    live("vendor", (api, simulator) =>
      Effect.gen(function*() {
        const { handle } = yield* api.create(requestAt("vendor"))
        yield* TestClock.adjust("6 seconds")
        assert.strictEqual(yield* api.cancel(handle), "failed")
        const { requests } = yield* simulator.ledger
        assert.deepStrictEqual(requests.map(({ method }) => method), ["POST", "GET"])
      })))

  it.effect("says with the words of the API that it did not cancel", () =>
    Effect.gen(function*() {
      const answers = [
        Response.json({ id: "cgt-2026", status: "queued" }),
        refused(409, "InvalidAction.RunningTaskDeletion")()
      ]
      const { requests, value } = yield* using(
        () => answers.shift() ?? Response.json({}),
        (api) => Effect.flip(api.cancel(handle))
      )
      assert.deepStrictEqual([value.reason._tag, requests.map(({ method }) => method)], [
        "Unsupported",
        ["GET", "DELETE"]
      ])
      assert.match(value.message, /ark did not cancel the task, which goes on \(HTTP 409, InvalidAction/)
    }))

  it.effect("removes what has ended, and nothing else", () =>
    live("vendor", (api) =>
      Effect.gen(function*() {
        const { handle } = yield* api.create(requestAt("vendor"))
        assert.strictEqual((yield* Effect.flip(api.remove(handle))).reason._tag, "InvalidRequest")
        yield* TestClock.adjust("60 seconds")
        yield* api.remove(handle)
        assert.strictEqual((yield* Effect.flip(api.observe(handle))).reason._tag, "TaskNotFound")
      })))

  it.effect("lists pages of all tasks, and reads many at once", () =>
    live("vendor", (api, simulator) =>
      Effect.gen(function*() {
        const handles = yield* Effect.forEach(
          ["[job=0]", "[job=100]", "[fail] [job=0]"],
          (prompt) => Effect.map(api.create(requestAt("vendor", { prompt })), ({ handle }) => handle)
        )
        const newest = yield* api.list("ark", { limit: 2 })
        const rest = yield* api.list("ark", { limit: 2, ...(newest.cursor === undefined ? {} : newest) })
        assert.deepStrictEqual(
          [...newest.tasks, ...rest.tasks].map(({ remoteId }) => remoteId),
          handles.map(({ remoteId }) => remoteId).toReversed()
        )
        assert.strictEqual(rest.cursor, undefined)
        const before = (yield* simulator.ledger).requests.length
        const found = yield* api.observeMany(handles)
        assert.deepStrictEqual(handles.map((handle) => found.get(handle)?.status), ["SUCCESS", "SUBMITTED", "FAILED"])
        assert.strictEqual((yield* simulator.ledger).requests.length, before + 1)
      })))

  it.effect.each(each)(
    "says what %s says about a key and a model that are none",
    (place) =>
      live(place, (api) =>
        Effect.gen(function*() {
          const unknown = yield* Effect.flip(api.create(requestAt(place, { model: "no-such-model" })))
          assert.strictEqual(unknown.reason._tag, "ModelUnavailable")
          const other = yield* places[place].make({ apiKey: Redacted.make("sk-broke"), baseUrl: api.baseUrl })
          assert.strictEqual((yield* Effect.flip(other.create(requestAt(place)))).reason._tag, "QuotaExceeded")
        }))
  )
})
