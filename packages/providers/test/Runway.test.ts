import { assert, describe, it } from "@effect/vitest"
import { TaskHandle, type VideoRequest } from "@video-tasks/core"
import { CometApi, Runway, VideoProviderSuite } from "@video-tasks/providers"
import { SimulatorHttp, type SimulatorOptions } from "@video-tasks/simulator"
import { Cause, Config, ConfigProvider, Effect, Exit, Layer, Redacted } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { jpeg, jsonOf, png } from "./utils/bodies.ts"
import { apiKey, type Handler, secret, stub } from "./utils/stub.ts"
import { type Use, type UseLive, usingSimulator, usingStub } from "./utils/using.ts"

const id = "17f20503-6c24-4c16-946b-35dbbce2af2f"

const prompt = "A paper airplane takes off"

const image = new URL("https://example.com/first.jpg")

const createdAt = "2026-05-01T12:47:47.351Z"

const url = "https://cdn.example.com/v.mp4?_jwt=1"

type Place = "vendor" | "cometapi"

const places = ["vendor", "cometapi"] as const

const make = (place: Place, options: Partial<Runway.Options> = {}) =>
  place === "vendor" ? Runway.make({ apiKey, ...options }) : CometApi.make({ apiKey, ...options })

const origins = { vendor: "https://api.dev.runwayml.com", cometapi: "https://api.cometapi.com/runwayml" }

const at = (place: Place, request: Runway.Request) =>
  Runway.video(place === "vendor" ? request : { provider: "cometapi", ...request })

const basic = { vendor: { model: "gen4_turbo", image }, cometapi: { model: "gen3a_turbo", image } }

const using = <A, E>(place: Place, handler: Handler, use: Use<A, E>) =>
  Effect.map(
    usingStub(make(place), handler, use),
    (used) => ({ ...used, bodies: used.requests.map(({ body }) => body._tag) })
  )

const accepts = () => Response.json({ id })

const handle = (place: Place) =>
  TaskHandle.TaskHandle.make({
    provider: place === "vendor" ? "runway" : "cometapi",
    family: "runway",
    remoteId: id,
    baseUrl: place === "vendor" ? "https://api.dev.runwayml.com" : "https://api.cometapi.com",
    account: "default"
  })

/** The body of a create as it goes out. */
const sent = (place: Place, request: VideoRequest.VideoRequest) =>
  Effect.map(using(place, accepts, (api) => api.create(request)), ({ requests }) => jsonOf(requests[0]))

const violationsOf = (place: Place, request: VideoRequest.VideoRequest) =>
  using(place, accepts, (api) => Effect.flip(api.create(request))).pipe(
    Effect.map(({ requests, value: { reason } }) => {
      assert.strictEqual(requests.length, 0)
      return reason._tag === "InvalidRequest"
        ? reason.violations.map(({ allowed, field, value }) => [field, value, allowed])
        : reason._tag
    })
  )

const suites: ReadonlyArray<readonly [string, Omit<VideoProviderSuite.Options, "secret" | "remoteId">]> = [
  ["Runway", {
    make: make("vendor"),
    request: at("vendor", { model: "gen4.5", image, prompt }),
    answers: {
      created: { id, estimatedCost: { credits: 25 } },
      running: { id, status: "RUNNING", createdAt, progress: 0.45 },
      succeeded: { id, status: "SUCCEEDED", createdAt, output: [url], cost: { credits: 25 } },
      failed: { id, status: "FAILED", createdAt, failure: "no", failureCode: "SAFETY.INPUT.TEXT" },
      unknownTask: { status: 404, body: { error: "A task with that ID was not found" } }
    }
  }],
  ["Runway behind CometAPI, native", {
    make: make("cometapi"),
    request: at("cometapi", { model: "any_model", image, prompt }),
    answers: {
      created: { id },
      running: { id, status: "RUNNING", createdAt, progress: 0.45 },
      succeeded: { id, status: "SUCCEEDED", createdAt, output: [url] },
      failed: { id, status: "FAILED", createdAt, failure: "no", failureCode: "INTERNAL" },
      unknownTask: { status: 400, body: { code: "task_not_exist", message: "task_not_exist", data: null } }
    }
  }],
  ["Runway behind CometAPI, wrapped", {
    make: make("cometapi"),
    request: at("cometapi", { model: "any_model", image, prompt }),
    answers: {
      created: { id },
      running: {
        code: "success",
        message: "",
        data: { task_id: id, status: "IN_PROGRESS", fail_reason: "", progress: "45%", data: { id, status: "RUNNING" } }
      },
      succeeded: {
        code: "success",
        message: "",
        data: { task_id: id, status: "SUCCESS", progress: "100%", data: { id, status: "SUCCEEDED", output: [url] } }
      },
      failed: {
        code: "success",
        message: "",
        data: { task_id: id, status: "FAILURE", fail_reason: "no", progress: "100%", data: null }
      },
      unknownTask: { status: 400, body: { error: { message: "task_not_exist", type: "cometapi_error" } } }
    }
  }]
]

for (const [name, options] of suites) {
  describe(`VideoProviderSuite (${name})`, () => {
    for (const { effect, name } of VideoProviderSuite.cases({ ...options, secret, remoteId: id })) {
      it.effect(name, () => effect)
    }
  })
}

describe("Runway", () => {
  describe("create", () => {
    it.effect.each(places)(
      "posts JSON to the route of %s, with the version of the API",
      (place) =>
        Effect.gen(function*() {
          const { requests, urls, value } = yield* using(place, accepts, (api) => api.create(at(place, basic[place])))
          assert.deepStrictEqual(urls, [`${origins[place]}/v1/image_to_video`])
          const [request] = requests
          assert.deepStrictEqual(
            [request?.method, request?.headers["x-runway-version"], request?.headers["authorization"]],
            ["POST", "2024-11-06", `Bearer ${secret}`]
          )
          assert.deepStrictEqual(
            [value.handle.provider, value.handle.family, value.handle.remoteId, value.observation.status],
            [place === "vendor" ? "runway" : "cometapi", "runway", id, "SUBMITTED"]
          )
        })
    )

    it.effect("writes every typed field in the API's own spelling", () =>
      Effect.gen(function*() {
        const body = yield* sent(
          "vendor",
          Runway.video({
            model: "veo3.1",
            prompt,
            image,
            lastImage: new URL("https://example.com/last.jpg"),
            seconds: 8,
            size: "720:1280",
            resolution: "1080p",
            seed: 7,
            publicFigureThreshold: "low",
            audio: false,
            negativePrompt: "rain",
            outputFormat: "prores",
            proresProfile: "422",
            watermark: true,
            options: { somethingNew: { deep: [1] } }
          })
        )
        assert.deepStrictEqual(body, {
          model: "veo3.1",
          promptImage: [
            { uri: "https://example.com/first.jpg", position: "first" },
            { uri: "https://example.com/last.jpg", position: "last" }
          ],
          promptText: prompt,
          ratio: "720:1280",
          duration: 8,
          resolution: "1080p",
          seed: 7,
          contentModeration: { publicFigureThreshold: "low" },
          audio: false,
          negativePrompt: "rain",
          outputFormat: "prores",
          proresProfile: "422",
          watermark: true,
          somethingNew: { deep: [1] }
        })
      }))

    it.effect.each<[Place, Runway.Request, object]>([
      ["vendor", { model: "gen4_turbo", image }, { ratio: "1280:720", duration: 5 }],
      ["vendor", { model: "gen4.5", image, prompt }, { promptText: prompt, ratio: "1280:720", duration: 5 }],
      ["vendor", { model: "veo3.1_fast", image }, { ratio: "1280:720", duration: 4 }],
      ["vendor", { model: "happyhorse_1_0", image }, { resolution: "720p" }],
      ["vendor", { model: "seedance2", image, seconds: "auto" }, { ratio: "1280:720", duration: "auto" }],
      ["vendor", { model: "brand_new", image, prompt }, { promptText: prompt }],
      ["cometapi", { model: "gen3a_turbo", image }, { ratio: "1280:768", duration: 5 }],
      [
        "cometapi",
        { model: "gen3a_turbo", image, prompt, seconds: 10, size: "768:1280", seed: 1, watermark: true },
        { promptText: prompt, ratio: "768:1280", duration: 10, seed: 1, watermark: true }
      ],
      // Not a model of CometAPI's page: nothing is known about it there.
      ["cometapi", { model: "gen4_turbo", image, prompt }, { promptText: prompt }]
    ])("at %s, %j says what its model needs", ([place, request, more]) =>
      Effect.map(
        sent(place, at(place, request)),
        (body) =>
          assert.deepStrictEqual(body, { model: request.model, promptImage: "https://example.com/first.jpg", ...more })
      ))

    it.effect("sends a picture of bytes as a data URI", () =>
      Effect.gen(function*() {
        const body = yield* sent("vendor", Runway.video({ model: "gen4_turbo", image: png }))
        assert.deepInclude(body, { promptImage: `data:image/png;base64,${Buffer.from(png).toString("base64")}` })
      }))

    it.effect.each<[Partial<VideoRequest.VideoRequest>, unknown]>([
      [{ images: [] }, undefined],
      [{ images: [image, image] }, [
        { uri: image.href, position: "first" },
        { uri: image.href, position: "last" }
      ]],
      [{ images: [image, image, image] }, [{ uri: image.href }, { uri: image.href }, { uri: image.href }]],
      [{ images: [image], options: { imagePositions: ["last"] } }, [{ uri: image.href, position: "last" }]],
      [{ images: [image], options: { imagePositions: ["reference"] } }, [{ uri: image.href }]],
      [{ images: [image, image], options: { imagePositions: ["reference", "reference"] } }, [
        { uri: image.href },
        { uri: image.href }
      ]]
    ])("places the pictures of %j", ([request, promptImage]) =>
      Effect.map(
        sent("vendor", { provider: "runway", family: "runway", model: "any", prompt, ...request }),
        (body) =>
          assert.deepStrictEqual(body, {
            model: "any",
            promptText: prompt,
            ...(promptImage === undefined ? {} : { promptImage })
          })
      ))

    it("names the places of pictures only where they are not plain", () => {
      const other = new URL("https://example.com/other.jpg")
      const options = [
        Runway.video({ model: "m", image }),
        Runway.video({ model: "m", image, lastImage: other }),
        Runway.video({ model: "m", lastImage: other }),
        Runway.video({ model: "m", referenceImages: [image, other] })
      ].map(({ images, options }) => [images?.length, options])
      assert.deepStrictEqual(options, [
        [1, {}],
        [2, {}],
        [1, { imagePositions: ["last"] }],
        [2, { imagePositions: ["reference", "reference"] }]
      ])
    })
  })

  describe("validation", () => {
    it.effect("finds everything at once, and sends nothing", () =>
      Effect.gen(function*() {
        const found = yield* violationsOf("vendor", {
          ...Runway.video({ model: "gen4.5", prompt: " ", seconds: 11, size: "16:9", seed: -1 }),
          images: [new URL("http://example.com/a.jpg"), new Uint8Array(), new URL("ftp://example.com/a.jpg")],
          options: {
            seed: -1,
            duration: 7,
            promptText: "another",
            contentModeration: { publicFigureThreshold: "none" },
            imagePositions: ["first", "first", "sideways"]
          }
        })
        assert.deepStrictEqual(found, [
          ["prompt", "empty", "at least one character"],
          ["seconds", "11", "a whole number from 2 to 10 for gen4.5"],
          ["size", "16:9", "1280:720, 720:1280, 1104:832, 832:1104, 960:960, 1584:672"],
          ["images", "3", "at most 1"],
          ["images[1]", "empty", "a JPEG, PNG or WebP picture"],
          ["images[2]", "a ftp: URL", "an http(s) or data URL"],
          [
            "options.promptText",
            "an extra field of that name",
            "prompt of the request itself (for the command: `--prompt`)"
          ],
          ["images[0]", "an http URL", "an https or data URL"],
          [
            "options.imagePositions",
            "[\"first\",\"first\",\"sideways\"]",
            "one of first, last, reference for each picture"
          ],
          ["options.duration", "7", "nothing for gen4.5: use seconds"],
          ["options.seed", "-1", "a whole number from 0 to 4294967295"],
          ["options.contentModeration", "{\"publicFigureThreshold\":\"none\"}", "publicFigureThreshold: auto, low"]
        ])
      }))

    it.effect.each<[Place, Partial<Runway.Request>, ReadonlyArray<string>]>([
      ["vendor", { seconds: "auto" }, ["options.duration"]],
      ["vendor", { model: "veo3.1", seconds: "auto" }, ["options.duration"]],
      ["vendor", { model: "seedance2", seconds: "auto" }, []],
      ["vendor", { model: "any", prompt, seconds: "auto" }, []],
      ["vendor", {}, []],
      ["vendor", { image: undefined }, ["images"]],
      ["vendor", { lastImage: image }, ["images"]],
      ["vendor", { seconds: 2 }, []],
      ["vendor", { seconds: 1 }, ["seconds"]],
      ["vendor", { seconds: 4.5 }, ["seconds"]],
      ["vendor", { size: "1280:768" }, ["size"]],
      ["vendor", { prompt: "x".repeat(1000) }, []],
      ["vendor", { prompt: "x".repeat(1001) }, ["prompt"]],
      ["vendor", { prompt: "🎬".repeat(501) }, ["prompt"]],
      ["vendor", { prompt: "🎬".repeat(500) }, []],
      ["vendor", { seed: 4_294_967_295 }, []],
      ["vendor", { seed: 4_294_967_296 }, ["options.seed"]],
      ["vendor", { seed: 1.5 }, ["options.seed"]],
      ["vendor", { model: "gen4.5" }, ["prompt"]],
      ["vendor", { model: "veo3.1", lastImage: image, seconds: 6 }, []],
      ["vendor", { model: "veo3.1", seconds: 5 }, ["seconds"]],
      ["vendor", { model: "seedance2", referenceImages: [image] }, ["options.imagePositions"]],
      ["vendor", { model: "seedance2", image: undefined, referenceImages: [image, image, image] }, []],
      ["vendor", { image: new URL("http://example.com/a.jpg") }, ["images[0]"]],
      ["vendor", { image: new Blob([jpeg, new Uint8Array(3_932_160)]) }, ["images[0]"]],
      ["vendor", { image: new Blob([jpeg, new Uint8Array(3_900_000)]) }, []],
      ["vendor", { image: new URL(`data:image/png;base64,${"A".repeat(5_242_880)}`) }, ["images[0]"]],
      ["cometapi", { model: "gen3a_turbo" }, []],
      ["cometapi", { model: "gen3a_turbo", seconds: 6 }, ["seconds"]],
      ["cometapi", { model: "gen3a_turbo", prompt: "x".repeat(513) }, ["prompt"]],
      ["cometapi", { model: "gen3a_turbo", size: "1280:768", seed: 999_999_999 }, []],
      ["cometapi", { model: "gen3a_turbo", seed: 1_000_000_000 }, ["options.seed"]],
      ["cometapi", { model: "gen3a_turbo", image: undefined }, ["images"]]
    ])("at %s, %j has violations in %j", ([place, request, fields]) =>
      Effect.map(
        using(place, accepts, (api) => Effect.sync(() => api.validate(at(place, { ...basic[place], ...request })))),
        ({ value }) => assert.deepStrictEqual(value.map(({ field }) => field), fields)
      ))
  })

  describe("observe", () => {
    it.effect.each(places)("asks the route of %s with the version of the API", (place) =>
      Effect.gen(function*() {
        const { requests, urls, value } = yield* using(
          place,
          () => Response.json({ id, status: "RUNNING", createdAt, progress: 0.45 }),
          (api) => api.observe(handle(place))
        )
        assert.deepStrictEqual([value.status, value.progress], ["IN_PROGRESS", 45])
        assert.deepStrictEqual(urls, [`${origins[place]}/v1/tasks/${id}`])
        assert.strictEqual(requests[0]?.headers["x-runway-version"], "2024-11-06")
      }))

    it.effect("sends the version with no request of another family", () =>
      Effect.map(
        using(
          "cometapi",
          () => Response.json({ id: "t", status: "IN_PROGRESS" }),
          (api) => api.observe(TaskHandle.TaskHandle.make({ ...handle("cometapi"), family: "seedance" }))
        ),
        ({ requests }) => assert.notProperty(requests[0]?.headers, "x-runway-version")
      ))
  })

  describe("refusals", () => {
    const refused = (place: Place, status: number, body: unknown) =>
      Effect.map(
        using(place, () => Response.json(body, { status }), (api) => Effect.flip(api.create(at(place, basic[place])))),
        ({ value: { reason } }) => [reason._tag, "detail" in reason ? reason.detail : undefined]
      )

    const issues = {
      error: "Validation of body failed",
      issues: [{ code: "custom", message: "Only HTTPS URLs are allowed.", path: ["promptImage"] }],
      docUrl: "https://docs.dev.runwayml.com/api"
    }

    const said = "Validation of body failed (promptImage: Only HTTPS URLs are allowed.)"

    it.effect.each<[Place, number, unknown, string, string]>([
      ["vendor", 400, issues, "InvalidRequest", `HTTP 400, ${said}`],
      [
        "cometapi",
        400,
        { code: "fail_to_fetch_task", message: JSON.stringify(issues), data: null },
        "InvalidRequest",
        `HTTP 400, fail_to_fetch_task: ${said}`
      ],
      [
        "vendor",
        400,
        { error: "You do not have enough credits to run this task." },
        "QuotaExceeded",
        "HTTP 400, You do not have enough credits to run this task."
      ],
      ["vendor", 401, { error: "invalid key" }, "Unauthorized", "HTTP 401, invalid key"],
      ["vendor", 405, { error: "no such method" }, "InvalidRequest", "HTTP 405, no such method"],
      ["vendor", 429, { error: "too many" }, "RateLimited", "HTTP 429, too many"],
      ["vendor", 502, { error: "shedding load" }, "SubmissionAmbiguous", "HTTP 502, shedding load"],
      ["vendor", 503, { error: "shedding load" }, "SubmissionAmbiguous", "HTTP 503, shedding load"],
      ["vendor", 504, { error: "overloaded" }, "SubmissionAmbiguous", "HTTP 504, overloaded"]
    ])(
      "at %s, %d %j of a create is %s",
      ([place, status, body, tag, detail]) =>
        Effect.map(refused(place, status, body), (found) => assert.deepStrictEqual(found, [tag, detail]))
    )
  })

  describe("against the simulator", () => {
    const keyed = (place: Place) =>
      make(place, { baseUrl: place === "vendor" ? "http://simulator.test/runway" : "http://simulator.test" })

    const run = <A, E>(
      place: Place,
      use: UseLive<A, E>,
      options: SimulatorOptions.Options = {}
    ) => usingSimulator(keyed(place), use, { jobSeconds: { min: 100, max: 100 }, ...options })

    const download = (link: Redacted.Redacted) =>
      HttpClient.get(Redacted.value(link)).pipe(Effect.flatMap((response) => response.arrayBuffer))

    const forms: ReadonlyArray<readonly [Place, SimulatorOptions.Options, readonly [number, number]]> = [
      ["vendor", {}, [45, 25]],
      ["vendor", { runwayQueued: "THROTTLED", runwayWords: "lower", extraFields: true }, [45, 25]],
      ["cometapi", {}, [45, -1]],
      ["cometapi", { extraFields: true }, [45, -1]],
      ["cometapi", { runwayBody: "wrapped" }, [30, -1]],
      ["cometapi", { runwayBody: "wrapped", urlInFailReason: true }, [30, -1]]
    ]

    it.effect.each(forms)(
      "makes a video at %s with %j",
      ([place, options, [progress, credits]]) =>
        run(place, (api) =>
          Effect.gen(function*() {
            const { handle, observation } = yield* api.create(at(place, { ...basic[place], prompt }))
            assert.strictEqual(observation.status, "SUBMITTED")
            yield* TestClock.adjust("5 seconds")
            assert.strictEqual((yield* api.observe(handle)).status, "SUBMITTED")
            yield* TestClock.adjust("40 seconds")
            const running = yield* api.observe(handle)
            assert.deepStrictEqual([running.status, running.progress], ["IN_PROGRESS", progress])
            yield* TestClock.adjust("75 seconds")
            const done = yield* api.observe(handle)
            assert.deepStrictEqual([done.status, done.cost?.amount ?? -1, done.createdAt], [
              "SUCCESS",
              credits,
              1_776_681_149_000
            ])
            const [video] = done.videos
            assert.isDefined(video)
            assert.isAbove((yield* download(video.url)).byteLength, 1000)
          }), options)
    )

    it.effect.each(places)(
      "reads at %s why a task failed",
      (place) =>
        run(place, (api, simulator) =>
          Effect.gen(function*() {
            const refused = yield* api.create(at(place, { ...basic[place], prompt: "[fail] A paper airplane" }))
            const broken = yield* api.create(at(place, { ...basic[place], prompt: "[error] A paper airplane" }))
            yield* TestClock.adjust("100 seconds")
            const failures = [yield* api.observe(refused.handle), yield* api.observe(broken.handle)]
            assert.deepStrictEqual(
              failures.map(({ failure, status }) => [status, failure?.code, failure?.retryable]),
              [["FAILED", "SAFETY.INPUT.TEXT", false], ["FAILED", "INTERNAL", true]]
            )
            assert.strictEqual((yield* simulator.ledger).posts, 2)
          }))
    )

    it.effect("cancels what runs, and then nobody knows the task", () =>
      run("vendor", (api) =>
        Effect.gen(function*() {
          const { handle } = yield* api.create(at("vendor", basic.vendor))
          yield* TestClock.adjust("50 seconds")
          assert.strictEqual(yield* api.cancel(handle), "confirmed")
          const gone = yield* Effect.flip(api.observe(handle))
          assert.strictEqual(gone.reason._tag, "TaskNotFound")
          assert.include(gone.message, "it may have been cancelled or deleted")
        })))

    it.effect.each(["CANCELLED", "CANCELED"] as const)(
      "quirk 22: reads %s",
      (runwayCancelled) =>
        run("vendor", (api) =>
          Effect.gen(function*() {
            const { handle } = yield* api.create(at("vendor", basic.vendor))
            yield* api.cancel(handle)
            assert.strictEqual((yield* api.observe(handle)).status, "CANCELLED")
            assert.strictEqual(yield* api.cancel(handle), "failed")
          }), { runwayCancelled })
    )

    it.effect("quirk 23: never deletes a finished task by cancelling it, only by removing it", () =>
      run("vendor", (api) =>
        Effect.gen(function*() {
          const { handle } = yield* api.create(at("vendor", basic.vendor))
          assert.strictEqual((yield* Effect.flip(api.remove(handle))).reason._tag, "InvalidRequest")
          yield* TestClock.adjust("100 seconds")
          assert.strictEqual(yield* api.cancel(handle), "failed")
          assert.strictEqual((yield* api.observe(handle)).status, "SUCCESS")
          yield* api.remove(handle)
          assert.strictEqual((yield* Effect.flip(api.observe(handle))).reason._tag, "TaskNotFound")
        })))

    it.effect("quirk 13: a task that was just made may be unknown for some seconds", () =>
      run("cometapi", (api) =>
        Effect.gen(function*() {
          const { handle } = yield* api.create(at("cometapi", basic.cometapi))
          assert.strictEqual((yield* Effect.flip(api.observe(handle))).reason._tag, "TaskNotFound")
          yield* TestClock.adjust("5 seconds")
          assert.strictEqual((yield* api.observe(handle)).status, "SUBMITTED")
        }), { visibleAfterSeconds: 5 }))

    it.effect.each<[Place, string, string]>([
      ["vendor", "sk-invalid", "Unauthorized"],
      ["vendor", "sk-broke", "QuotaExceeded"],
      ["cometapi", "sk-invalid", "Unauthorized"],
      ["cometapi", "sk-broke", "QuotaExceeded"]
    ])("at %s with the key %s a create is %s", ([place, key, tag]) =>
      Effect.gen(function*() {
        const baseUrl = place === "vendor" ? "http://simulator.test/runway" : "http://simulator.test"
        const api = yield* make(place, { baseUrl, apiKey: Redacted.make(key) })
        assert.strictEqual((yield* Effect.flip(api.create(at(place, basic[place])))).reason._tag, tag)
      }).pipe(Effect.provide(SimulatorHttp.layer({}))))

    it.effect("hears from the server itself what is wrong with a model that it does not know", () =>
      run("vendor", (api) =>
        Effect.gen(function*() {
          const request = { ...at("vendor", { model: "brand_new", prompt }), images: [] }
          const { reason } = yield* Effect.flip(api.create(request))
          assert.strictEqual(
            "detail" in reason ? reason.detail : "",
            "HTTP 400, Validation of body failed (promptImage: Invalid input: expected string, received undefined)"
          )
        })))
  })

  it.effect("declares what the pages of each place say", () =>
    Effect.gen(function*() {
      const shown = yield* Effect.forEach(places, (place) =>
        Effect.map(
          using(place, accepts, (api) => Effect.succeed(api.families.find(({ id }) => id === "runway"))),
          ({ value }) => [
            [value?.poll.floorMs, value?.poll.minGapMs, value?.poll.deadlineMs, value?.graceMs],
            [value?.canCreate, value?.canCancel, value?.canRemove, value?.canList, value?.hasContentRoute],
            value?.statuses,
            value?.models.map(({ id }) => id).slice(0, 2)
          ]
        ))
      const cadence = [6_000, 5_000, 600_000, 20_000]
      const statuses = ["SUBMITTED", "IN_PROGRESS", "SUCCESS", "FAILED"]
      assert.deepStrictEqual(shown, [
        [cadence, [true, true, true, undefined, false], [...statuses, "CANCELLED"], ["gen4.5", "gen4_turbo"]],
        [cadence, [true, false, undefined, undefined, false], statuses, ["gen3a_turbo"]]
      ])
    }))

  it.effect("knows what gen4 costs by the second, and what nobody says", () =>
    using("vendor", accepts, (api) => Effect.succeed(api.families[0]?.models ?? [])).pipe(Effect.map(({ value }) => {
      const priced = value.flatMap(({ id, price }) => price === undefined ? [] : [[id, price]])
      assert.deepStrictEqual(priced, [
        ["gen4.5", { per: "second", amount: 12, unit: "credits" }],
        ["gen4_turbo", { per: "second", amount: 5, unit: "credits" }]
      ])
    })))

  it.effect("has no cancel and no removal behind CometAPI, and says so without asking", () =>
    Effect.map(
      using("cometapi", accepts, (api) =>
        Effect.all([
          api.cancel(handle("cometapi")),
          Effect.map(Effect.flip(api.remove(handle("cometapi"))), ({ reason }) => reason._tag)
        ])),
      ({ requests, value }) => assert.deepStrictEqual([value, requests.length], [["unsupported", "Unsupported"], 0])
    ))

  it.effect("is built from Config, and names the variable that is missing", () =>
    Effect.gen(function*() {
      const layer = Runway.layerConfig({ apiKey: Config.Redacted("RUNWAYML_API_SECRET") })
      const { client } = stub(accepts)
      const idWith = (env: Record<string, string>) =>
        Runway.Runway.use((api) => Effect.succeed(api.id)).pipe(
          Effect.provide(layer.pipe(
            Layer.provide(Layer.succeed(HttpClient.HttpClient, client)),
            Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(env)))
          )),
          Effect.exit
        )
      assert.deepStrictEqual(yield* idWith({ RUNWAYML_API_SECRET: "key_0123456789" }), Exit.succeed("runway"))
      const missing = yield* idWith({})
      assert.include(Exit.isFailure(missing) ? Cause.pretty(missing.cause) : "", "RUNWAYML_API_SECRET")
    }))
})
