import { assert, describe, it } from "@effect/vitest"
import { TaskHandle, type VideoProvider, type VideoRequest } from "@video-tasks/core"
import { CometApi, OpenAi, VideoProviderSuite } from "@video-tasks/providers"
import { Samples, SimulatorHttp, type SimulatorOptions } from "@video-tasks/simulator"
import { Config, ConfigProvider, Effect, Redacted } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import { fieldsOf, jsonOf, partsOf, png } from "./utils/bodies.ts"
import { apiKey, type Handler, secret, stub } from "./utils/stub.ts"
import { type Use, type UseLive, usingSimulator, usingStub } from "./utils/using.ts"

const model = "sora-2"

const prompt = "A paper airplane"

/** The places where the family is served. */
const places = {
  vendor: {
    make: OpenAi.make,
    provider: "openai",
    url: "https://api.openai.com/v1/videos",
    size: "720x1280",
    simulated: "http://simulator.test/openai"
  },
  CometAPI: {
    // The suite asks about the first family.
    make: (options: OpenAi.Options) =>
      Effect.map(CometApi.make(options), (api): VideoProvider.VideoProvider => ({
        ...api,
        families: api.families.filter(({ id }) => id === "sora")
      })),
    provider: "cometapi",
    url: "https://api.cometapi.com/v1/videos",
    size: "1280x720",
    simulated: "http://simulator.test"
  }
}

const at = Object.entries(places)

const job = {
  id: "video_123",
  object: "video",
  model,
  status: "queued",
  progress: 0,
  created_at: 1712697600,
  completed_at: null,
  expires_at: null,
  prompt,
  seconds: "4",
  size: "720x1280",
  remixed_from_video_id: null,
  error: null
}

const refusal = (message: string, code: string | null = null, type = "invalid_request_error") => ({
  error: { message, type, param: null, code }
})

for (const [name, { make, provider }] of at) {
  describe(`VideoProviderSuite (Sora at ${name})`, () => {
    const cases = VideoProviderSuite.cases({
      make: make({ apiKey }),
      secret,
      remoteId: "video_123",
      request: OpenAi.video({ model, prompt, provider }),
      answers: {
        created: job,
        running: { ...job, status: "in_progress", progress: 45 },
        // As a relative answers: OpenAI itself sends no link.
        succeeded: { ...job, status: "completed", progress: 100, video_url: "https://cdn.example.com/v.mp4?sign=1" },
        failed: { ...job, status: "failed", progress: 100, error: { code: "moderation_blocked", message: "no" } },
        unknownTask: name === "vendor"
          ? { status: 404, body: refusal("The requested video was not found.") }
          : { status: 400, body: { code: "task_not_exist", message: "task_not_exist", data: null } },
        page: name === "vendor"
          ? { object: "list", data: [{ ...job, id: "video_9" }, job], has_more: false }
          : undefined
      }
    })
    for (const { effect, name } of cases) it.effect(name, () => effect)
  })
}

const using = <A, E>(
  handler: Handler,
  use: Use<A, E>,
  make: (typeof places)["vendor"]["make"] = OpenAi.make
) => usingStub(make({ apiKey }), handler, use)

const accepts = () => Response.json(job)

const violationsOf = (request: VideoRequest.VideoRequest) =>
  Effect.map(using(accepts, (api) => Effect.flip(api.create(request))), ({ requests, value: { reason } }) => {
    assert.strictEqual(requests.length, 0)
    return reason._tag === "InvalidRequest" ? reason.violations.map(({ field, value }) => [field, value]) : reason._tag
  })

const handle = TaskHandle.TaskHandle.make({
  provider: "openai",
  family: "sora",
  remoteId: "video_123",
  baseUrl: "https://api.openai.com",
  account: "default"
})

describe("OpenAi", () => {
  describe("create", () => {
    it.effect.each(at)(
      "quirk 30: posts the default size of %s, and keeps the handle of that place",
      ([, { make, provider, size, url }]) =>
        Effect.gen(function*() {
          const request = OpenAi.video({ model, prompt, provider })
          const { requests, urls, value } = yield* using(accepts, (api) => api.create(request), make)
          assert.deepStrictEqual([requests[0]?.method, urls], ["POST", [url]])
          assert.deepStrictEqual(yield* fieldsOf(requests[0]), [
            ["prompt", prompt],
            ["model", model],
            ["seconds", "4"],
            ["size", size]
          ])
          const { family, remoteId } = value.handle
          assert.deepStrictEqual([value.handle.provider, family, remoteId, value.observation.status], [
            provider,
            "sora",
            "video_123",
            "SUBMITTED"
          ])
        })
    )

    it.effect("sends every typed field as a bare part, and the picture as a file", () =>
      Effect.gen(function*() {
        const request = OpenAi.video({
          model: "sora-2-pro",
          prompt,
          seconds: 12,
          size: "1920x1080",
          image: png,
          options: { user: "u1" }
        })
        const { requests } = yield* using(accepts, (api) => api.create(request))
        const parts = yield* partsOf(requests[0])
        assert.deepStrictEqual(parts.slice(0, -1).map(({ content, headers }) => [...headers, content]), [
          ["Content-Disposition: form-data; name=\"prompt\"", prompt],
          ["Content-Disposition: form-data; name=\"model\"", "sora-2-pro"],
          ["Content-Disposition: form-data; name=\"seconds\"", "12"],
          ["Content-Disposition: form-data; name=\"size\"", "1920x1080"],
          ["Content-Disposition: form-data; name=\"user\"", "u1"]
        ])
        assert.deepStrictEqual(parts.at(-1)?.headers, [
          "Content-Disposition: form-data; name=\"input_reference\"; filename=\"input_reference.png\"",
          "Content-Type: image/png"
        ])
      }))

    it.effect("sends a model without known ranges as it is given", () =>
      Effect.gen(function*() {
        const request = { ...OpenAi.video({ model: "sora-9", prompt }), seconds: 30, size: "4096x4096" }
        const { requests } = yield* using(accepts, (api) => api.create(request))
        assert.deepStrictEqual(yield* fieldsOf(requests[0]), [
          ["prompt", prompt],
          ["model", "sora-9"],
          ["seconds", "30"],
          ["size", "4096x4096"]
        ])
      }))

    it.effect("leaves to the server what is not known of a model and was not asked for", () =>
      Effect.gen(function*() {
        const { requests } = yield* using(accepts, (api) => api.create(OpenAi.video({ model: "sora-9", prompt })))
        assert.deepStrictEqual(yield* fieldsOf(requests[0]), [["prompt", prompt], ["model", "sora-9"]])
      }))

    it.effect.each<[number, object, string]>([
      [401, refusal("Incorrect API key provided", "invalid_api_key"), "Unauthorized"],
      [429, refusal("You exceeded your current quota", "insufficient_quota", "insufficient_quota"), "QuotaExceeded"],
      [429, refusal("Rate limit reached", "rate_limit_exceeded", "requests"), "RateLimited"],
      [404, refusal("The model does not exist", "model_not_found"), "ModelUnavailable"],
      [400, refusal("Your request was blocked", "moderation_blocked"), "InvalidRequest"],
      [403, refusal("Your request was blocked by our moderation system"), "InvalidRequest"],
      [500, refusal("The server had an error", null, "server_error"), "SubmissionAmbiguous"]
    ])("reads HTTP %d %j as %s", ([status, body, reason]) =>
      Effect.gen(function*() {
        const { requests, value } = yield* using(
          () => Response.json(body, { status }),
          (api) => Effect.flip(api.create(OpenAi.video({ model, prompt })))
        )
        assert.deepStrictEqual([value.reason._tag, requests.length], [reason, 1])
      }))

    it.effect("hands over the id of a request that was refused", () =>
      Effect.gen(function*() {
        const { value } = yield* using(
          () => Response.json(refusal("no"), { status: 400, headers: { "x-request-id": "req_1" } }),
          (api) => Effect.flip(api.create(OpenAi.video({ model, prompt })))
        )
        assert.strictEqual(value.requestId, "req_1")
      }))
  })

  describe("remix", () => {
    it.effect.each(at)(
      "posts nothing but the prompt to the remix route of %s",
      ([, { make, provider, url }]) =>
        Effect.gen(function*() {
          const request = OpenAi.remix({ video: "video_100", prompt: "At night", provider })
          const { requests, urls, value } = yield* using(accepts, (api) => api.create(request), make)
          assert.deepStrictEqual(urls, [`${url}/video_100/remix`])
          assert.deepStrictEqual(jsonOf(requests[0]), { prompt: "At night" })
          assert.strictEqual(value.handle.remoteId, "video_123")
        })
    )

    it("carries its source in the options, in the API's own spelling", () => {
      assert.deepStrictEqual(OpenAi.remix({ video: "video_100", prompt, model: "sora-2-pro" }), {
        provider: "openai",
        family: "sora",
        model: "sora-2-pro",
        prompt,
        options: { remixed_from_video_id: "video_100" }
      })
    })

    it.effect.each<VideoRequest.VideoRequest["options"] & object>([
      { remixed_from_video_id: "" },
      { remixed_from_video_id: ".." },
      { remixed_from_video_id: "video_1/content" },
      { remixed_from_video_id: "video_1?x=1" },
      { remixed_from_video_id: 7 },
      { remixed_from_video_id: null },
      { remixed_from_video_id: "v".repeat(513) }
    ])("refuses %j as a source", (options) =>
      Effect.map(
        violationsOf({ ...OpenAi.remix({ video: "v", prompt }), options }),
        (found) => assert.deepStrictEqual(Array.isArray(found) && found[0]?.[0], "options.remixed_from_video_id")
      ))

    it.effect("refuses what a remix can't change, all at once", () =>
      Effect.map(
        violationsOf({
          ...OpenAi.remix({ video: "video_100", prompt: " " }),
          seconds: 8,
          size: "1280x720",
          images: [png],
          options: { remixed_from_video_id: "video_100", user: "u1" }
        }),
        (found) =>
          assert.deepStrictEqual(found, [
            ["prompt", "empty"],
            ["seconds", "8"],
            ["size", "1280x720"],
            ["images", "1"],
            ["options.user", "an extra field"]
          ])
      ))
  })

  describe("validation", () => {
    it.effect("finds everything at once, and sends nothing", () =>
      Effect.map(
        violationsOf({
          ...OpenAi.video({ model, prompt: " " }),
          seconds: 5,
          size: "16:9",
          resolution: "720p",
          images: [png, new URL("https://example.com/a.png")],
          options: { model: "sora-2-pro", input_reference: "x" }
        }),
        (found) =>
          assert.deepStrictEqual(found, [
            ["prompt", "empty"],
            ["seconds", "5"],
            ["size", "16:9"],
            ["images", "2"],
            ["images[1]", "a URL"],
            ["options.model", "an extra field of that name"],
            ["options.input_reference", "an extra field of that name"],
            ["resolution", "720p"]
          ])
      ))

    it.effect("lets only 4, 8 and 12 seconds pass", () =>
      using(
        accepts,
        (api) =>
          Effect.sync(() =>
            [3, 4, 5, 8, 8.5, 12, 13].filter((seconds) =>
              api.validate({ ...OpenAi.video({ model, prompt }), seconds }).length === 0
            )
          )
      ).pipe(Effect.map(({ value }) => assert.deepStrictEqual(value, [4, 8, 12]))))

    it.effect("knows the larger sizes of the pro model", () =>
      using(
        accepts,
        (api) =>
          Effect.sync(() =>
            (["sora-2", "sora-2-pro"] as const).map((model) =>
              api.validate(OpenAi.video({ model, prompt, size: "1080x1920" })).length
            )
          )
      ).pipe(Effect.map(({ value }) => assert.deepStrictEqual(value, [1, 0]))))

    it.effect.each(at)(
      "says of every model at %s that it is retired, since when, and how to go on",
      ([, { make }]) =>
        using(accepts, (api) => Effect.succeed(api.families[0]?.models ?? []), make).pipe(
          Effect.map(({ value }) => {
            assert.includeMembers(value.map(({ id }) => id), ["sora-2", "sora-2-pro"])
            for (const { retired } of value) {
              assert.match(retired ?? "", /^OpenAI shut .* down on 2026-09-24.*`--force`/)
            }
          })
        )
    )

    it("lets the compiler refuse what the reference does not list", () => {
      const requests = [
        // @ts-expect-error: no length of the reference
        OpenAi.video({ model, prompt, seconds: 5 }),
        // @ts-expect-error: no size of the reference
        OpenAi.video({ model, prompt, size: "16:9" }),
        OpenAi.video({ model: "a-later-model", prompt })
      ]
      assert.deepStrictEqual(requests.map(({ family }) => family), ["sora", "sora", "sora"])
    })
  })

  describe("list and observeMany", () => {
    const page = (ids: ReadonlyArray<string>, has_more: boolean) => ({
      object: "list",
      data: ids.map((id) => ({ ...job, id })),
      first_id: ids[0] ?? null,
      last_id: ids.at(-1) ?? null,
      has_more
    })

    it.effect("asks for the newest, and goes on after the last", () =>
      Effect.gen(function*() {
        const pages = [page(["c", "b"], true), page(["a"], false)]
        const { urls, value } = yield* using(
          () => Response.json(pages.shift()),
          (api) =>
            Effect.gen(function*() {
              const first = yield* api.list("sora", { limit: 2 })
              const second = yield* api.list("sora", { limit: 1000, ...first })
              return [first, second].map(({ cursor, tasks }) => [tasks.map(({ remoteId }) => remoteId), cursor])
            })
        )
        assert.deepStrictEqual(value, [[["c", "b"], "b"], [["a"], undefined]])
        assert.deepStrictEqual(urls, [
          "https://api.openai.com/v1/videos?limit=2&order=desc",
          "https://api.openai.com/v1/videos?limit=100&order=desc&after=b"
        ])
      }))

    it.effect("looks through the newest page, and leaves out what it does not hold", () =>
      Effect.gen(function*() {
        const handles = ["a", "c", "d"].map((remoteId) => TaskHandle.TaskHandle.make({ ...handle, remoteId }))
        const { urls, value } = yield* using(
          () => Response.json(page(["d", "c", "b"], true)),
          (api) => api.observeMany(handles)
        )
        assert.deepStrictEqual([...value.keys()].map(({ remoteId }) => remoteId), ["d", "c"])
        assert.deepStrictEqual(urls, ["https://api.openai.com/v1/videos?limit=100&order=desc"])
      }))

    it.effect.each<[string, object, number]>([
      ["UnexpectedResponse", { object: "list" }, 200],
      ["Unauthorized", refusal("no", "invalid_api_key"), 401],
      ["ProviderUnavailable", refusal("no", null, "server_error"), 500]
    ])(
      "fails with %s",
      ([reason, body, status]) =>
        using(() => Response.json(body, { status }), (api) => Effect.flip(api.list("sora"))).pipe(
          Effect.map(({ value }) => assert.deepStrictEqual([value.reason._tag, value.operation], [reason, "list"]))
        )
    )

    it.effect("has neither at CometAPI, and says so without asking", () =>
      using(
        accepts,
        (api) => Effect.all([Effect.flip(api.list("sora")), Effect.flip(api.observeMany([handle]))]),
        places.CometAPI.make
      )
        .pipe(Effect.map(({ requests, value }) => {
          assert.deepStrictEqual(value.map(({ reason }) => reason._tag), ["Unsupported", "Unsupported"])
          assert.strictEqual(requests.length, 0)
        })))
  })

  describe("content", () => {
    it.effect.each(
      [
        ["video", "", "video/mp4"],
        ["thumbnail", "?variant=thumbnail", "image/webp"],
        ["spritesheet", "?variant=spritesheet", "image/webp"]
      ] as const
    )("finds the %s", ([variant, query, type]) =>
      Effect.gen(function*() {
        const { urls, value } = yield* using(
          () => new Response("x", { headers: { "content-type": type } }),
          (api) => api.content(handle, variant)
        )
        assert.deepStrictEqual(urls, [`https://api.openai.com/v1/videos/video_123/content${query}`])
        const url = value === undefined ? "" : Redacted.value(value.url)
        assert.deepStrictEqual([url, value?.mimeType, value?.needsCredentials], [urls[0], type, true])
      }))

    it.effect("finds nothing where JSON says that it is not ready", () =>
      using(() => Response.json(refusal("Video is not ready yet"), { status: 400 }), (api) => api.content(handle))
        .pipe(Effect.map(({ value }) => assert.strictEqual(value, undefined))))
  })

  it.effect("declares what the pages of each place say", () =>
    Effect.gen(function*() {
      const declared = yield* Effect.forEach(
        Object.values(places),
        ({ make }) =>
          Effect.map(using(accepts, (api) => Effect.succeed(api.families), make), ({ value }) =>
            value.map((
              { batchSize, canCancel, canCreate, canList, canRemove, hasContentRoute, id, poll, statuses }
            ) => ({
              id,
              batchSize,
              flags: [canCreate, canCancel, canList, canRemove, hasContentRoute],
              cadence: [poll.floorMs, poll.ceilingMs, poll.deadlineMs],
              statuses: statuses.join()
            })))
      )
      const shared = {
        id: "sora",
        cadence: [10_000, 30_000, 3_600_000],
        statuses: "SUBMITTED,IN_PROGRESS,SUCCESS,FAILED"
      }
      assert.deepStrictEqual(declared, [
        [{ ...shared, batchSize: 100, flags: [true, false, true, true, true] }],
        [{ ...shared, batchSize: undefined, flags: [true, false, undefined, true, true] }]
      ])
    }))

  it.effect("is provided from options and from Config", () =>
    Effect.gen(function*() {
      const base = OpenAi.OpenAi.use((api) => Effect.succeed([api.id, api.baseUrl]))
      assert.deepStrictEqual(yield* Effect.provide(base, OpenAi.layer({ apiKey })), [
        "openai",
        "https://api.openai.com"
      ])
      const layer = OpenAi.layerConfig({ apiKey: Config.Redacted("OPENAI_API_KEY"), id: Config.succeed("second") })
      assert.deepStrictEqual(yield* Effect.provide(base, layer), ["second", "https://api.openai.com"])
    }).pipe(
      Effect.provideService(
        ConfigProvider.ConfigProvider,
        ConfigProvider.fromEnv({ env: { OPENAI_API_KEY: secret } })
      ),
      stub(accepts).provide
    ))
})

describe("OpenAi against the simulator", () => {
  const live = <A, E>(
    place: keyof typeof places,
    use: UseLive<A, E>,
    options: SimulatorOptions.Options = {}
  ) => usingSimulator(places[place].make({ apiKey, baseUrl: places[place].simulated }), use, options)

  const requestAt = (place: keyof typeof places, fields: Partial<OpenAi.Request> = {}) =>
    OpenAi.video({ model, prompt: "A paper airplane [job=60]", provider: places[place].provider, ...fields })

  const each = ["vendor", "CometAPI"] as const

  /** Fetches a file as a download does: with the credentials that the provider gives out for it. */
  const fetched = (api: VideoProvider.VideoProvider, url: string) =>
    Effect.gen(function*() {
      const headers = Object.entries(api.credentials(new URL(url)))
        .map(([name, value]): [string, string] => [name, Redacted.value(value)])
      const request = HttpClientRequest.setHeaders(HttpClientRequest.get(url), Object.fromEntries(headers))
      const response = yield* HttpClient.execute(request)
      return new Uint8Array(yield* response.arrayBuffer)
    })

  it.effect.each(each)(
    "follows a task to the bytes of its file at %s, with one bill",
    (place) =>
      live(place, (api, simulator) =>
        Effect.gen(function*() {
          const { handle, requestId } = yield* api.create(requestAt(place, { size: "720x1280", image: png }))
          assert.isDefined(requestId)
          const seen = [(yield* api.observe(handle)).status]
          yield* TestClock.adjust("30 seconds")
          seen.push((yield* api.observe(handle)).status)
          assert.strictEqual(yield* api.content(handle), undefined)
          yield* TestClock.adjust("30 seconds")
          const done = yield* api.observe(handle)
          assert.deepStrictEqual([...seen, done.status, done.videos], ["SUBMITTED", "IN_PROGRESS", "SUCCESS", []])
          const video = yield* api.content(handle)
          const url = video === undefined ? "" : Redacted.value(video.url)
          assert.deepStrictEqual(yield* fetched(api, url), Samples.mp4("9:16"))
          const thumbnail = yield* api.content(handle, "thumbnail")
          assert.strictEqual(thumbnail?.mimeType, "image/webp")
          const { bills, posts } = yield* simulator.ledger
          assert.deepStrictEqual([posts, bills], [1, 1])
        }))
  )

  it.effect.each([["[fail]", "moderation_blocked"], ["[error]", "internal_error"]])(
    "sees the end of a task with %s, at 100 percent",
    ([directive, code]) =>
      live("vendor", (api) =>
        Effect.gen(function*() {
          const { handle } = yield* api.create(requestAt("vendor", { prompt: `${directive} [job=60]` }))
          yield* TestClock.adjust("60 seconds")
          const { failure, progress, status } = yield* api.observe(handle)
          assert.deepStrictEqual([status, progress, failure?.code], ["FAILED", 100, code])
        }))
  )

  it.effect.each(each)(
    "remixes a finished video at %s, and no other",
    (place) =>
      live(place, (api, simulator) =>
        Effect.gen(function*() {
          const { handle } = yield* api.create(requestAt(place))
          const remix = OpenAi.remix({ video: handle.remoteId, prompt: "At night", provider: places[place].provider })
          assert.strictEqual((yield* Effect.flip(api.create(remix))).reason._tag, "InvalidRequest")
          yield* TestClock.adjust("60 seconds")
          const remixed = yield* api.create(remix)
          assert.notStrictEqual(remixed.handle.remoteId, handle.remoteId)
          assert.include((yield* api.observe(remixed.handle)).raw, handle.remoteId)
          assert.strictEqual((yield* simulator.ledger).bills, 2)
        }))
  )

  it.effect.each(each)(
    "removes what has ended at %s, and nothing else",
    (place) =>
      live(place, (api, simulator) =>
        Effect.gen(function*() {
          const { handle } = yield* api.create(requestAt(place))
          assert.strictEqual((yield* Effect.flip(api.remove(handle))).reason._tag, "InvalidRequest")
          assert.notInclude((yield* simulator.ledger).requests.map(({ method }) => method), "DELETE")
          yield* TestClock.adjust("60 seconds")
          yield* api.remove(handle)
          assert.strictEqual((yield* Effect.flip(api.observe(handle))).reason._tag, "TaskNotFound")
        }))
  )

  it.effect("lists pages of all tasks, and reads many at once", () =>
    live("vendor", (api, simulator) =>
      Effect.gen(function*() {
        const handles = yield* Effect.forEach(
          ["[job=0]", "[job=100]", "[fail] [job=0]"],
          (prompt) => Effect.map(api.create(requestAt("vendor", { prompt })), ({ handle }) => handle)
        )
        const newest = yield* api.list("sora", { limit: 2 })
        const rest = yield* api.list("sora", { limit: 2, cursor: newest.cursor })
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
    "says what %s says about a key, a model and a length that are none",
    (place) =>
      live(place, (api) =>
        Effect.gen(function*() {
          const reasonOf = (request: VideoRequest.VideoRequest, key = apiKey) =>
            places[place].make({ apiKey: key, baseUrl: api.baseUrl }).pipe(
              Effect.flatMap((other) => Effect.flip(other.create(request))),
              Effect.map(({ reason }) => reason._tag)
            )
          assert.strictEqual(yield* reasonOf(requestAt(place, { model: "no-such-model" })), "ModelUnavailable")
          assert.strictEqual(
            yield* reasonOf({ ...requestAt(place, { model: "sora-9" }), seconds: 5 }),
            "InvalidRequest"
          )
          assert.strictEqual(yield* reasonOf(requestAt(place), Redacted.make("sk-invalid")), "Unauthorized")
          assert.strictEqual(yield* reasonOf(requestAt(place), Redacted.make("sk-broke")), "QuotaExceeded")
        }))
  )
})

describe("CometAPI's other models against the simulator", () => {
  it.effect.each(["output", "data"] as const)(
    "reads a clone of OpenAI's videos that has its link in %s",
    (cometClone) =>
      Effect.gen(function*() {
        const api = yield* CometApi.make({ apiKey, baseUrl: "http://simulator.test" })
        const create = (prompt: string) =>
          Effect.map(api.create(CometApi.video({ model: "veo3-fast", prompt })), ({ handle }) => handle)
        const handles = yield* Effect.forEach(["[job=60]", "[job=60] [fail]"], create)
        const look = Effect.forEach(handles, (handle) => api.observe(handle))
        assert.deepStrictEqual((yield* look).map(({ progress, status }) => [status, progress]), [
          ["SUBMITTED", 0],
          ["SUBMITTED", 0]
        ])
        yield* TestClock.adjust("60 seconds")
        const [done, failed] = yield* look
        const [video] = done?.videos ?? []
        assert.match(video === undefined ? "" : Redacted.value(video.url), /^http:\/\/simulator\.test\/files\//)
        assert.deepStrictEqual([done?.status, failed?.status], ["SUCCESS", "FAILED"])
        assert.isDefined(failed?.failure?.message)
      }).pipe(Effect.provide(SimulatorHttp.layer({ cometClone })))
  )
})
