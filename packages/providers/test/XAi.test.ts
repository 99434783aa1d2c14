import { assert, describe, it } from "@effect/vitest"
import { type Observation, TaskHandle, type VideoRequest } from "@video-tasks/core"
import { CometApi, VideoProviderSuite, XAi } from "@video-tasks/providers"
import type { SimulatorOptions } from "@video-tasks/simulator"
import { Cause, Config, ConfigProvider, Effect, Exit, Layer, Redacted } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { jsonOf, png } from "./utils/bodies.ts"
import { apiKey, type Handler, secret, stub } from "./utils/stub.ts"
import { type Use, type UseLive, usingSimulator, usingStub } from "./utils/using.ts"

const id = "7f2c1f0e-5b0e-4c43-9a55-0f4a9a0f3b11"

const prompt = "A paper airplane"

const image = new URL("https://example.com/first.jpg")

const dataUri = `data:image/png;base64,${Buffer.from(png).toString("base64")}`

const clip = new URL("https://example.com/clip.mp4?sig=1")

type Place = "vendor" | "cometapi"

const places = ["vendor", "cometapi"] as const

const origins = { vendor: "https://api.x.ai", cometapi: "https://api.cometapi.com/grok" }

const make = (place: Place) => place === "vendor" ? XAi.make({ apiKey }) : CometApi.make({ apiKey })

const provider = (place: Place) => place === "vendor" ? "xai" : "cometapi"

const using = <A, E>(place: Place, handler: Handler, use: Use<A, E>) => usingStub(make(place), handler, use)

const accepts = () => Response.json({ request_id: id })

const handle = (place: Place) =>
  TaskHandle.TaskHandle.make({
    provider: provider(place),
    family: "xai",
    remoteId: id,
    baseUrl: place === "vendor" ? "https://api.x.ai" : "https://api.cometapi.com",
    account: "default"
  })

const basic = { model: "grok-imagine-video", prompt } as const

/** The path and the body of a create, as they go out. */
const sent = (place: Place, request: VideoRequest.VideoRequest) =>
  Effect.map(
    using(place, accepts, (api) => api.create({ ...request, provider: provider(place) })),
    ({ requests, urls }) => [urls[0]?.slice(origins[place].length), jsonOf(requests[0])]
  )

const violationsOf = (place: Place, request: VideoRequest.VideoRequest) =>
  using(place, accepts, (api) => Effect.flip(api.create({ ...request, provider: provider(place) }))).pipe(
    Effect.map(({ requests, value: { reason } }) => {
      assert.strictEqual(requests.length, 0)
      return reason._tag === "InvalidRequest"
        ? reason.violations.map(({ allowed, field, value }) => [field, value, allowed])
        : reason._tag
    })
  )

const url = "https://vidgen.x.ai/v.mp4"

const bodies = {
  vendor: {
    created: { request_id: id },
    running: { status: "pending", progress: 30 },
    succeeded: { status: "done", video: { url, duration: 5, respect_moderation: true } },
    failed: {
      status: "failed",
      video: { duration: 0 },
      model: "",
      error: { code: "internal_error", message: "broken" }
    },
    unknownTask: { status: 404, body: { code: "Some requested entity was not found", error: "no such request" } }
  },
  cometapi: {
    created: { request_id: id },
    running: { request_id: id },
    succeeded: { code: "success", message: "", data: { task_id: id, status: "SUCCESS", fail_reason: url } },
    failed: { request_id: id, status: "failed", error: "broken" },
    unknownTask: { status: 400, body: { code: "task_not_exist", message: "task_not_exist", data: null } }
  }
}

describe.each(places)("VideoProviderSuite (XAi at %s)", (place) => {
  const cases = VideoProviderSuite.cases({
    make: make(place),
    secret,
    request: XAi.video({ ...basic, provider: provider(place) }),
    remoteId: id,
    answers: bodies[place]
  })
  for (const { effect, name } of cases) it.effect(name, () => effect)
})

describe("XAi", () => {
  describe("create", () => {
    it.effect.each(places)(
      "posts to the generations of %s what decides the price, and what was said",
      (place) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* sent(place, XAi.video(basic)), ["/v1/videos/generations", {
            model: "grok-imagine-video",
            prompt,
            duration: place === "vendor" ? 8 : 1,
            resolution: "480p"
          }])
          assert.deepStrictEqual(
            yield* sent(
              place,
              XAi.video({ ...basic, seconds: 5, size: "9:16", resolution: "720p", image, user: "u-1" })
            ),
            ["/v1/videos/generations", {
              model: "grok-imagine-video",
              prompt,
              duration: 5,
              aspect_ratio: "9:16",
              resolution: "720p",
              image: { url: image.href },
              user: "u-1"
            }]
          )
        })
    )

    it.effect.each(places)(
      "sends a picture as a data URI to %s",
      (place) =>
        Effect.map(sent(place, XAi.video({ ...basic, seconds: 5, resolution: "480p", image: png })), ([, body]) => {
          assert.deepInclude(body, { image: { url: dataUri } })
        })
    )

    it.effect.each<[string, XAi.Request, object]>([
      ["references", { ...basic, referenceImages: [image, png] }, {
        reference_images: [{ url: image.href }, { url: dataUri }]
      }],
      ["a lone reference", { ...basic, referenceImages: [image] }, { reference_images: [{ url: image.href }] }],
      ["voices", { ...basic, referenceVoices: ["eve", "leo"] }, {
        reference_audios: [{ voice_id: "eve" }, { voice_id: "leo" }]
      }],
      ["sound", { ...basic, generateAudio: false }, { generate_audio: false }],
      ["further fields", { ...basic, options: { storage_options: { filename: "v.mp4", public_url: true } } }, {
        storage_options: { filename: "v.mp4", public_url: true }
      }]
    ])("sends %s", ([, request, fields]) =>
      Effect.map(sent("vendor", XAi.video(request)), (found) => {
        assert.deepStrictEqual(found, ["/v1/videos/generations", {
          model: "grok-imagine-video",
          prompt,
          duration: 8,
          resolution: "480p",
          ...fields
        }])
      }))

    it.effect("sends what only 1.5 has", () =>
      Effect.map(
        sent(
          "vendor",
          XAi.video({
            model: "grok-imagine-video-1.5",
            prompt,
            seconds: 15,
            resolution: "1080p",
            lastFrame: image,
            keyframes: [{ image, atSeconds: 2.5 }]
          })
        ),
        ([, body]) =>
          assert.deepStrictEqual(body, {
            model: "grok-imagine-video-1.5",
            prompt,
            duration: 15,
            resolution: "1080p",
            last_frame: { url: image.href },
            keyframes: [{ image: { url: image.href }, timestamp_s: 2.5 }]
          })
      ))

    it.effect("takes several pictures without a word about them as references", () =>
      Effect.map(
        sent("vendor", { provider: "xai", family: "xai", ...basic, images: [image, clip] }),
        ([, body]) => assert.deepInclude(body, { reference_images: [{ url: image.href }, { url: clip.href }] })
      ))

    it.effect("posts edits and extensions at routes of their own", () =>
      Effect.gen(function*() {
        const video = { url: clip.href }
        assert.deepStrictEqual(yield* sent("vendor", XAi.edit({ ...basic, video: clip, user: "u-1" })), [
          "/v1/videos/edits",
          { ...basic, video, user: "u-1" }
        ])
        assert.deepStrictEqual(yield* sent("vendor", XAi.extend({ ...basic, video: clip, seconds: 6 })), [
          "/v1/videos/extensions",
          { ...basic, duration: 6, video }
        ])
        // As the command says it.
        const request = { provider: "xai", family: "xai", ...basic, options: { mode: "edit-video", video: clip.href } }
        assert.deepStrictEqual(yield* sent("vendor", request), ["/v1/videos/edits", { ...basic, video }])
      }))

    it.effect("sends a model that nobody knows as given", () =>
      Effect.map(sent("vendor", XAi.video({ model: "grok-imagine-video-2", prompt, seconds: 30 })), ([, body]) => {
        assert.deepStrictEqual(body, { model: "grok-imagine-video-2", prompt, duration: 30 })
      }))

    it.effect.each<[string, object, number]>([
      ["a 202 with an id", { request_id: id }, 202],
      ["a word", { request_id: id, status: "pending" }, 200]
    ])("takes %s for a task that was made", ([, body, status]) =>
      Effect.map(
        using("vendor", () => Response.json(body, { status }), (api) => api.create(XAi.video(basic))),
        ({ value: { handle, observation } }) => {
          assert.deepStrictEqual([handle.remoteId, handle.route, observation.status], [id, undefined, "IN_PROGRESS"])
        }
      ))

    it.effect.each([["no body", null], ["no id", "{\"status\":\"pending\"}"], ["text", "Accepted"]] as const)(
      "never takes a 202 with %s for more than ambiguous",
      ([, body]) =>
        Effect.map(
          using(
            "vendor",
            () => new Response(body, { status: 202 }),
            (api) => Effect.flip(api.create(XAi.video(basic)))
          ),
          ({ requests, value }) =>
            assert.deepStrictEqual([value.reason._tag, requests.length], ["SubmissionAmbiguous", 1])
        )
    )
  })

  describe("validation", () => {
    const ratios = "1:1, 16:9, 9:16, 4:3, 3:4, 3:2, 2:3"

    it.effect("finds everything at once, and sends nothing", () =>
      Effect.gen(function*() {
        const found = yield* violationsOf("vendor", {
          ...XAi.video({ ...basic, prompt: "x".repeat(4097), seconds: 16, resolution: "1080p" }),
          size: "21:9",
          images: [new URL("ftp://example.com/a.png")],
          options: {
            mode: "dream",
            video: clip.href,
            duration: 3,
            last_frame: { url: image.href },
            reference_audios: "eve"
          }
        })
        assert.deepStrictEqual(found, [
          ["prompt", "4097 characters", "at most 4096 characters"],
          ["seconds", "16", "a whole number from 1 to 15 for grok-imagine-video"],
          ["size", "21:9", ratios],
          ["resolution", "1080p", "480p, 720p for grok-imagine-video"],
          ["images[0]", "a ftp: URL", "an http(s) or data URL"],
          [
            "options.duration",
            "an extra field of that name",
            "seconds of the request itself (for the command: `--seconds`)"
          ],
          ["options.mode", "dream", "reference-to-video, edit-video, extend-video"],
          ["options.video", "a video", "only with options.mode edit-video or extend-video"],
          ["options.reference_audios", "eve", "a list of at most 3"],
          ["options.last_frame", "given", "only for grok-imagine-video-1.5"]
        ])
      }))

    const nine = Array.from({ length: 9 }, () => image)

    it.effect.each<[VideoRequest.VideoRequest, Array<Array<string>>]>([
      [XAi.video({ ...basic, referenceImages: [image], seconds: 11 }), [[
        "seconds",
        "11",
        "at most 10 with references"
      ]]],
      [XAi.video({ ...basic, referenceImages: [] }), [["images", "none", "1 to 7 references"]]],
      [XAi.video({ ...basic, referenceImages: nine }), [["images", "9", "at most 7"]]],
      [XAi.video({ model: "new", prompt, referenceImages: nine }), [["images", "9", "at most 7"]]],
      [
        XAi.video({ model: "grok-imagine-video-1.5", prompt, referenceImages: [image], resolution: "1080p" }),
        [["resolution", "1080p", "480p, 720p with references"]]
      ],
      [
        XAi.video({
          model: "grok-imagine-video-1.5",
          prompt,
          keyframes: Array.from({ length: 5 }, () => ({ image, atSeconds: 1 }))
        }),
        [["options.keyframes", "5", "a list of at most 4"]]
      ],
      [XAi.extend({ ...basic, video: clip, seconds: 11 }), [
        ["seconds", "11", "a whole number from 2 to 10 for an extension"]
      ]],
      [XAi.edit({ ...basic, video: new URL("file:///etc/passwd") }), [
        ["options.video", "file:///etc/passwd", "an http(s) or data URL"]
      ]],
      [{ ...XAi.edit({ ...basic, video: clip }), seconds: 5, size: "1:1", resolution: "480p", images: [image] }, [
        ["images", "1", "none with edit-video"],
        ["size", "1:1", "none: an edited video keeps its own"],
        ["resolution", "480p", "none: an edited video keeps its own"],
        ["seconds", "5", "none: an edited video keeps its own"]
      ]],
      [{ provider: "xai", family: "xai", ...basic, options: { mode: "extend-video" } }, [
        ["options.video", "nothing", "an http(s) or data URL"]
      ]]
    ])(
      "refuses %j",
      ([request, expected]) =>
        Effect.map(violationsOf("vendor", request), (found) => assert.deepStrictEqual(found, expected))
    )

    const references = "one, to begin with: CometAPI documents no references"

    it.effect.each<[VideoRequest.VideoRequest, Array<Array<string>>]>([
      [XAi.edit({ ...basic, video: clip }), [
        ["options.mode", "edit-video", "none: CometAPI documents generations only"]
      ]],
      [XAi.extend({ ...basic, video: clip }), [
        ["options.mode", "extend-video", "none: CometAPI documents generations only"]
      ]],
      [XAi.video({ ...basic, referenceImages: [image] }), [["images", "1, as references", references]]],
      [XAi.video({ ...basic, referenceImages: [image, image] }), [["images", "2", "at most 1"]]],
      [XAi.video({ model: "another", prompt, referenceImages: [image, image] }), [
        ["images", "2, as references", references]
      ]],
      [XAi.video({ ...basic, resolution: "1080p" }), [["resolution", "1080p", "480p, 720p for grok-imagine-video"]]]
    ])(
      "refuses %j at CometAPI",
      ([request, expected]) =>
        Effect.map(violationsOf("cometapi", request), (found) => assert.deepStrictEqual(found, expected))
    )
  })

  describe("observe", () => {
    const observed = (place: Place, answer: () => Response) =>
      Effect.map(using(place, answer, (api) => api.observe(handle(place))), ({ urls, value }) => {
        assert.deepStrictEqual(urls, [`${origins[place]}/v1/videos/${id}`])
        return value
      })

    const json = (status: number, body: object) => () => Response.json(body, { status })

    it.effect.each<[string, () => Response, Partial<Observation.Observation>]>([
      ["an empty 202", () => new Response(null, { status: 202 }), { status: "IN_PROGRESS" }],
      ["a 202 of blanks", () => new Response(" \n", { status: 202 }), { status: "IN_PROGRESS" }],
      ["a 202 of text", () => new Response("Accepted", { status: 202 }), { status: "IN_PROGRESS" }],
      ["a 202 that says nothing", json(202, {}), { status: "IN_PROGRESS" }],
      ["a 202 with progress", json(202, { status: "pending", progress: 30 }), { status: "IN_PROGRESS", progress: 30 }],
      ["a 202 of only the id", json(202, { request_id: id }), { status: "IN_PROGRESS" }],
      ["a 200 of only the id", json(200, { request_id: id }), { status: "IN_PROGRESS" }],
      ["a word that nobody knows", json(202, { status: "dreaming" }), { unrecognised: "dreaming" }]
    ])("reads %s at both places", ([, answer, expected]) =>
      Effect.gen(function*() {
        for (const place of places) {
          const { progress, status, unrecognised, videos } = yield* observed(place, answer)
          assert.deepStrictEqual({ progress, status, unrecognised, videos }, {
            progress: undefined,
            status: undefined,
            unrecognised: undefined,
            videos: [],
            ...expected
          })
        }
      }))

    const usage = { cost_in_usd_ticks: 500000000 }

    const violates = "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"

    it.effect.each<[number, string]>([[400, "blocked"], [403, violates], [409, "blocked"], [422, "blocked"]])(
      "reads HTTP %d with a bill as a failed job, at both places: %s",
      ([status, error]) =>
        Effect.gen(function*() {
          for (const place of places) {
            const { cost, failure, status: seen } = yield* observed(
              place,
              json(status, { code: "c", error, usage })
            )
            assert.deepStrictEqual([seen, failure?.message, cost?.amount, cost?.unit], [
              "FAILED",
              error,
              0.05,
              "USD"
            ])
          }
        })
    )

    it.effect.each<[string, () => Response, string]>([
      ["a 4xx without a bill", json(400, { code: "c", error: "bad" }), "InvalidRequest"],
      ["400 about the key with one", json(400, { error: "Incorrect API key provided: x", usage }), "Unauthorized"],
      ["403 about the key with one", json(403, { code: "c", error: "no permission", usage }), "Unauthorized"],
      [
        "403 about money with one",
        json(403, { code: "c", error: "Your team has used all available credits", usage }),
        "QuotaExceeded"
      ],
      ["402 with one", json(402, { code: "c", error: "pay", usage }), "QuotaExceeded"],
      [
        "400 about no task with one",
        json(400, { code: "task_not_exist", error: "no such task", usage }),
        "TaskNotFound"
      ],
      ["400 with an empty one", json(400, { error: "Incorrect API key provided: x", usage: {} }), "Unauthorized"],
      ["409 with one that counts requests", json(409, { error: "busy", usage: { requests: 3 } }), "InvalidRequest"],
      ["422 with one of nothing", json(422, { error: "bad", usage: { total_tokens: 0 } }), "InvalidRequest"],
      ["401 with one", json(401, { code: "c", error: "bad key", usage }), "Unauthorized"],
      ["429 with one", json(429, { code: "c", error: "slow down", usage }), "RateLimited"],
      ["404 with a code", json(404, { code: "Some requested entity was not found", error: "none" }), "TaskNotFound"],
      ["404 without a code", json(404, { error: "none" }), "TaskNotFound"],
      [
        "404 with an object",
        json(404, { error: { message: "none", type: "t", param: null, code: null } }),
        "TaskNotFound"
      ],
      ["a 5xx with a bill", json(500, { code: "c", error: "oops", usage }), "ProviderUnavailable"],
      [
        "a 202 that is a web page",
        () =>
          new Response("<!doctype html><title>Just a moment...</title>", {
            status: 202,
            headers: { "content-type": "text/html" }
          }),
        "UnexpectedResponse"
      ],
      ["a 202 that says no", json(202, { error: "no" }), "UnexpectedResponse"],
      ["an empty 200", () => new Response(null), "UnexpectedResponse"]
    ])("reads %s as no end of the job", ([, answer, reason]) =>
      Effect.map(
        using("vendor", answer, (api) => Effect.flip(api.observe(handle("vendor")))),
        ({ value }) => assert.strictEqual(value.reason._tag, reason)
      ))
  })

  describe("against the simulator", () => {
    const keyed = (place: Place, key = "sk-any") => {
      const options = { apiKey: Redacted.make(key), baseUrl: "http://simulator.test" }
      return place === "vendor"
        ? XAi.make({ ...options, baseUrl: `${options.baseUrl}/xai` })
        : CometApi.make(options)
    }

    const live = <A, E>(
      place: Place,
      use: UseLive<A, E>,
      options: SimulatorOptions.Options = {}
    ) => usingSimulator(keyed(place), use, { jobSeconds: { min: 100, max: 100 }, ...options })

    const forms: ReadonlyArray<readonly [Place, SimulatorOptions.Options]> = [
      ["vendor", {}],
      ["vendor", { xaiPending: "empty" }],
      ["vendor", { xaiPending: "id", xaiWithoutStatus: true, extraFields: true }],
      ["vendor", { progress: "absent" }],
      ["cometapi", {}],
      ["cometapi", { xaiPending: "id" }],
      ["cometapi", { xaiPending: "empty" }],
      ["cometapi", { xaiBody: "wrapped" }]
    ]

    it.effect.each(forms)(
      "makes, follows and fetches a video at %s with %j",
      ([place, options]) =>
        live(place, (api) =>
          Effect.gen(function*() {
            const request = XAi.video({ ...basic, provider: provider(place), seconds: 5, resolution: "720p" })
            const { handle } = yield* api.create(request)
            yield* TestClock.adjust("50 seconds")
            assert.strictEqual((yield* api.observe(handle)).status, "IN_PROGRESS")
            yield* TestClock.adjust("60 seconds")
            const { cost, status, videos: [video] } = yield* api.observe(handle)
            assert.deepStrictEqual([status, video?.durationSeconds, cost?.amount, cost?.unit], [
              "SUCCESS",
              5,
              0.35,
              "USD"
            ])
            const file = yield* HttpClient.get(video === undefined ? "" : Redacted.value(video.url))
            assert.deepStrictEqual([file.status, file.headers["content-type"]], [200, "video/mp4"])
          }), options)
    )

    const endings: ReadonlyArray<readonly [string, SimulatorOptions.Options, ReadonlyArray<unknown>]> = [
      ["[fail]", {}, ["FAILED", "internal_error", undefined]],
      ["[expire]", {}, ["EXPIRED", undefined, undefined]],
      ["[moderate]", {}, ["FAILED", "moderation", 0.05]],
      ["[moderate]", { xaiModeration: "refused" }, ["FAILED", "Client specified an invalid argument", 0.05]],
      ["[moderate]", { xaiModeration: "refused", xaiErrors: "bare" }, ["FAILED", undefined, 0.05]],
      ["[moderate]", { xaiModeration: "refused", xaiErrors: "nested" }, ["FAILED", "invalid_request_error", 0.05]],
      ["[moderate]", { xaiBody: "wrapped" }, ["FAILED", "moderation", 0.05]]
    ]

    it.effect.each(endings)(
      "sees how %s ends with %j, at both places",
      ([directive, options, expected]) =>
        Effect.gen(function*() {
          for (const place of places) {
            yield* live(place, (api) =>
              Effect.gen(function*() {
                const request = XAi.video({ ...basic, prompt: `${directive} x`, provider: provider(place), seconds: 1 })
                const { handle } = yield* api.create(request)
                yield* TestClock.adjust("110 seconds")
                const { cost, failure, status, videos } = yield* api.observe(handle)
                assert.deepStrictEqual([status, failure?.code, cost?.amount, videos], [...expected, []])
              }), options)
          }
        })
    )

    it.effect("edits and extends, and reads both at the one path", () =>
      live("vendor", (api, simulator) =>
        Effect.gen(function*() {
          for (
            const request of [XAi.edit({ ...basic, video: clip }), XAi.extend({ ...basic, video: clip, seconds: 6 })]
          ) {
            const { handle } = yield* api.create(request)
            assert.strictEqual((yield* api.observe(handle)).status, "IN_PROGRESS")
          }
          const { bills, requests } = yield* simulator.ledger
          assert.deepStrictEqual([bills, requests.flatMap(({ method, path }) => method === "POST" ? [path] : [])], [2, [
            "/xai/v1/videos/edits",
            "/xai/v1/videos/extensions"
          ]])
        })))

    it.effect.each<[SimulatorOptions.Options, Place]>([
      [{}, "vendor"],
      [{ xaiErrors: "bare" }, "vendor"],
      [{ xaiErrors: "nested" }, "vendor"],
      [{}, "cometapi"],
      [{ unknownTask: "nested" }, "cometapi"]
    ])(
      "does not find what is not there, with %j at %s",
      ([options, place]) =>
        live(place, (api) =>
          Effect.gen(function*() {
            const baseUrl = api.baseUrl
            const lost = TaskHandle.TaskHandle.make({ ...handle(place), baseUrl })
            assert.strictEqual((yield* Effect.flip(api.observe(lost))).reason._tag, "TaskNotFound")
          }), options)
    )

    const refusals: ReadonlyArray<readonly [string, XAi.Request, string]> = [
      ["sk-invalid", basic, "Unauthorized"],
      ["sk-broke", basic, "QuotaExceeded"],
      ["sk-any", { ...basic, model: "no-such-model" }, "ModelUnavailable"],
      ["sk-any", { model: "grok-imagine-video-2", prompt, seconds: 99 }, "InvalidRequest"]
    ]

    it.effect.each(refusals)("with %s and %j ends as %s, whatever the shape of the error, at both places", (
      [key, request, reason]
    ) =>
      Effect.gen(function*() {
        for (const place of places) {
          for (const xaiErrors of ["flat", "bare", "nested"] as const) {
            yield* live(place, (_, simulator) =>
              Effect.gen(function*() {
                const api = yield* keyed(place, key)
                const error = yield* Effect.flip(api.create(XAi.video({ ...request, provider: provider(place) })))
                assert.strictEqual(error.reason._tag, reason)
                assert.strictEqual((yield* simulator.ledger).posts, 1)
              }), { xaiErrors })
          }
        }
      }))

    it.effect("reads the sentences of xAI where its codes say nothing, to a create and to a query", () =>
      Effect.gen(function*() {
        const spent = "Your team 1 has either used all available credits or reached its monthly spending limit."
        for (
          const [status, error, reason] of [
            [429, spent, "QuotaExceeded"],
            [403, spent, "QuotaExceeded"],
            [400, "Incorrect API key provided: xa***VY.", "Unauthorized"],
            [429, "Too many requests", "RateLimited"],
            [403, "no access", "Unauthorized"]
          ] as const
        ) {
          const answer = () => Response.json({ code: "Some resource has been exhausted", error }, { status })
          const { value } = yield* using("vendor", answer, (api) =>
            Effect.all([
              Effect.flip(api.create(XAi.video(basic))),
              Effect.flip(api.observe(handle("vendor")))
            ]))
          assert.deepStrictEqual(value.map((one) => one.reason._tag), [reason, reason])
        }
      }))

    it.effect("cancels, lists and removes nothing, and asks nobody", () =>
      live("vendor", (api, simulator) =>
        Effect.gen(function*() {
          const task = handle("vendor")
          assert.strictEqual(yield* api.cancel(task), "unsupported")
          const errors = [
            yield* Effect.flip(api.list("xai")),
            yield* Effect.flip(api.remove(task)),
            yield* Effect.flip(api.observeMany([task])),
            yield* Effect.flip(api.models)
          ]
          assert.deepStrictEqual(
            errors.map(({ reason }) => reason._tag),
            Array.from({ length: 4 }, () => "Unsupported")
          )
          assert.strictEqual((yield* simulator.ledger).requests.length, 0)
        })))
  })

  it.effect("declares what the pages of each place say", () =>
    Effect.gen(function*() {
      for (const place of places) {
        const { value } = yield* using(place, accepts, (api) =>
          Effect.succeed(api.families.find((family) =>
            family.id === "xai"
          )))
        assert.deepStrictEqual(
          [value?.statuses.join(), value?.models.map(({ id }) => id), value?.poll.floorMs, value?.poll.deadlineMs],
          place === "vendor"
            ? [
              "IN_PROGRESS,SUCCESS,FAILED,EXPIRED",
              ["grok-imagine-video", "grok-imagine-video-1.5", "grok-imagine-video-1.5-preview"],
              5_000,
              600_000
            ]
            : ["SUBMITTED,IN_PROGRESS,SUCCESS,FAILED,EXPIRED", ["grok-imagine-video"], 10_000, 3_600_000]
        )
      }
    }))

  it.effect("is built from Config, and names what is missing", () =>
    Effect.gen(function*() {
      const build = (env: Record<string, string>) =>
        Effect.exit(Effect.provide(
          XAi.XAi.use((api) => Effect.succeed([api.id, api.baseUrl])),
          XAi.layerConfig({ apiKey: Config.Redacted("XAI_API_KEY") }).pipe(
            Layer.provide(Layer.succeed(HttpClient.HttpClient, stub(accepts).client)),
            Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(env)))
          )
        ))
      assert.deepStrictEqual(yield* build({ XAI_API_KEY: secret }), Exit.succeed(["xai", "https://api.x.ai"]))
      const missing = yield* build({})
      assert.match(Exit.isFailure(missing) ? Cause.pretty(missing.cause) : "built", /XAI_API_KEY/)
    }))
})
