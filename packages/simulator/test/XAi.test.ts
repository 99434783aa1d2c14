import { assert, describe, it } from "@effect/vitest"
import { Simulator, type SimulatorOptions } from "@video-tasks/simulator"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { type Ask, call, memory } from "./support.ts"

const order = { model: "grok-imagine-video", prompt: "A paper airplane" }

const create = (fields: object = {}, route = "/xai/v1/videos/generations", ask: Ask = {}) =>
  call("POST", route, { json: { ...order, ...fields }, ...ask })

const createAtComet = (fields: object = {}, ask: Ask = {}) => create(fields, "/grok/v1/videos/generations", ask)

const read = (id: string, prefix = "/xai") => call("GET", `${prefix}/v1/videos/${id}`)

const seeded = (
  task: Parameters<Simulator.Simulator["Service"]["addTask"]>[1],
  options?: SimulatorOptions.Options,
  prefix?: string
) =>
  Simulator.Simulator.use((simulator) => simulator.addTask("xai", { id: "req-1", ...task })).pipe(
    Effect.flatMap((id) => read(id, prefix)),
    memory(options)
  )

const videoUrl = "https://vidgen.x.ai/v.mp4"

const finished = { elapsedSeconds: 500, seconds: 5, resolution: "480p", model: "grok-imagine-video", videoUrl }

const running = { jobSeconds: 100, elapsedSeconds: 30 }

const picture = { url: "https://example.com/a.png" }

describe("XAi", () => {
  it.effect("makes a task with the id of a UUID, and counts it", () =>
    Effect.gen(function*() {
      const created = yield* create()
      assert.deepStrictEqual([created.status, Object.keys(created.json)], [200, ["request_id"]])
      assert.match(created.json.request_id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
      assert.notStrictEqual((yield* create()).json.request_id, created.json.request_id)
      const { creates, posts } = yield* (yield* Simulator.Simulator).ledger
      assert.deepStrictEqual([posts, creates.map(({ api, model }) => [api, model])], [2, [
        ["xai", "grok-imagine-video"],
        ["xai", "grok-imagine-video"]
      ]])
    }).pipe(memory()))

  it.effect("lives from a 202 that is pending to a 200 that is done, with a file and a bill", () =>
    Effect.gen(function*() {
      const { json: { request_id: id } } = yield* create({ prompt: "[job=100] A paper airplane", duration: 5 })
      yield* TestClock.adjust("45 seconds")
      const pending = yield* read(id)
      assert.deepStrictEqual([pending.status, pending.json], [202, { status: "pending", progress: 45 }])
      yield* TestClock.adjust("55 seconds")
      const { json: { video, ...rest }, status } = yield* read(id)
      assert.deepStrictEqual([status, rest, video.duration, video.respect_moderation], [
        200,
        {
          status: "done",
          model: "grok-imagine-video",
          usage: { cost_in_usd_ticks: 2_500_000_000 },
          progress: 100
        },
        5,
        true
      ])
      const file = yield* call("GET", video.url, { key: undefined })
      assert.deepStrictEqual([file.status, file.headers["content-type"]], [200, "video/mp4"])
    }).pipe(memory()))

  it.effect("answers with the finished, the failed and the expired body of the documentation, word for word", () =>
    Effect.gen(function*() {
      const body = (task: object) => Effect.map(seeded({ ...finished, ...task }), ({ text }) => text)
      assert.strictEqual(
        yield* body({ cost: 0.05 }),
        "{\"status\":\"done\",\"video\":{\"url\":\"https://vidgen.x.ai/v.mp4\",\"duration\":5,\"respect_moderation\":true}," +
          "\"model\":\"grok-imagine-video\",\"usage\":{\"cost_in_usd_ticks\":500000000},\"progress\":100}"
      )
      assert.strictEqual(
        yield* body({ outcome: "failed", failureMessage: "m" }),
        "{\"status\":\"failed\",\"video\":{\"duration\":0},\"model\":\"\",\"error\":{\"code\":\"internal_error\",\"message\":\"m\"}}"
      )
      assert.strictEqual(yield* body({ outcome: "expired" }), "{\"status\":\"expired\"}")
    }))

  it.effect.each<[SimulatorOptions.Options, string, number, string]>([
    [{ xaiPending: "empty" }, "/xai", 202, ""],
    [{ xaiPending: "id" }, "/xai", 200, "{\"request_id\":\"req-1\"}"],
    [{ xaiPending: "id" }, "/grok", 200, "{\"request_id\":\"req-1\"}"],
    [{ xaiPending: "empty" }, "/grok", 202, ""],
    [{ progress: "absent" }, "/xai", 202, "{\"status\":\"pending\"}"]
  ])(
    "says of a running job, with %j at %s: %d %s",
    ([options, prefix, status, text]) =>
      Effect.map(
        seeded(running, options, prefix),
        (seen) => assert.deepStrictEqual([seen.status, seen.text], [status, text])
      )
  )

  it.effect("says `done` with a withheld video of a moderated job, or refuses with what it has cost", () =>
    Effect.gen(function*() {
      const moderated = { ...finished, prompt: "[moderate] A paper airplane", cost: 0.05 }
      const withheld = yield* seeded(moderated)
      assert.deepStrictEqual([withheld.status, withheld.json.status, withheld.json.video, withheld.json.usage], [
        200,
        "done",
        { duration: 5, respect_moderation: false },
        { cost_in_usd_ticks: 500000000 }
      ])
      const refused = yield* seeded(moderated, { xaiModeration: "refused" })
      assert.deepStrictEqual([refused.status, refused.json], [400, {
        code: "Client specified an invalid argument",
        error: "Generated video rejected by content moderation.",
        usage: { cost_in_usd_ticks: 500000000 }
      }])
      assert.strictEqual((yield* seeded({ ...moderated, ...running }, { xaiModeration: "refused" })).status, 202)
    }))

  it.effect("leaves the status of a finished job out on demand", () =>
    Effect.map(seeded(finished, { xaiWithoutStatus: true }), ({ json }) => {
      assert.deepStrictEqual(Object.keys(json), ["video", "model", "usage", "progress"])
    }))

  it.effect("gives no link to a success without one", () =>
    Effect.map(seeded({ ...finished, withoutUrl: true }), ({ json }) => {
      assert.deepStrictEqual([json.status, json.video], ["done", { duration: 5, respect_moderation: true }])
    }))

  describe("errors", () => {
    const message = "Failed to find the deferred request."

    it.effect.each<[SimulatorOptions.Options, object]>([
      [{}, { code: "Some requested entity was not found", error: message }],
      [{ xaiErrors: "bare" }, { error: message }],
      [{ xaiErrors: "nested" }, { error: { message, type: "invalid_request_error", param: null, code: null } }]
    ])("with %j has the shape %j", ([options, body]) =>
      Effect.map(
        memory(options)(read("nobody")),
        ({ json, status }) => assert.deepStrictEqual([status, json], [404, body])
      ))

    it.effect("knows a missing key, a bad one, an empty account and an unknown model in its own words", () =>
      Effect.gen(function*() {
        const route = "/xai/v1/videos/generations"
        const answers = [
          yield* create({}, route, { key: undefined }),
          yield* create({}, route, { key: "sk-invalid" }),
          yield* create({}, route, { key: "sk-broke" }),
          yield* create({ model: "no-such-model" })
        ]
        assert.deepStrictEqual(answers.map(({ json, status }) => [status, Object.keys(json)]), [
          [401, ["code", "error"]],
          [400, ["code", "error"]],
          [403, ["code", "error"]],
          [404, ["code", "error"]]
        ])
        assert.strictEqual((yield* (yield* Simulator.Simulator).ledger).bills, 0)
      }).pipe(memory()))

    it.effect.each<[string, object, RegExp]>([
      ["generations", { prompt: "" }, /Prompt cannot be empty/],
      ["generations", { prompt: "x".repeat(4097) }, /4096 characters/],
      ["generations", { duration: 16 }, /between 1 and 15/],
      ["generations", { duration: 1.5 }, /between 1 and 15/],
      ["generations", { duration: 11, reference_images: [picture] }, /between 1 and 10/],
      ["generations", { aspect_ratio: "21:9" }, /aspect ratio/],
      ["generations", { resolution: "1080p" }, /resolution/],
      ["generations", { image: { url: "nowhere" } }, /Image must have/],
      ["generations", { reference_images: [] }, /Between 1 and 7/],
      ["generations", { reference_images: Array.from({ length: 8 }, () => picture) }, /Between 1 and 7/],
      ["generations", { reference_images: [{ url: "" }] }, /Reference images must/],
      ["generations", { image: picture, reference_images: [picture] }, /cannot be combined/],
      ["edits", {}, /Video must have/],
      ["extensions", { video: { url: "https://example.com/v.mp4" }, duration: 11 }, /between 2 and 10/]
    ])(
      "refuses %s of %j",
      ([action, fields, expected]) =>
        Effect.map(memory()(create(fields, `/xai/v1/videos/${action}`)), ({ json, status }) => {
          assert.strictEqual(status, 400)
          assert.match(json.error, expected)
        })
    )

    it.effect.each<[string, object]>([
      ["generations", { model: "grok-imagine-video-1.5", resolution: "1080p", duration: 15, aspect_ratio: "2:3" }],
      ["generations", { image: { url: "data:image/png;base64,AAAA" } }],
      ["generations", { reference_images: [picture, picture], duration: 10, user: "u" }],
      ["edits", { video: { url: "https://example.com/v.mp4" } }],
      ["extensions", { video: { url: "https://example.com/v.mp4" }, duration: 6 }]
    ])("takes %s of %j, read at the one path", ([action, fields]) =>
      Effect.gen(function*() {
        const { json: { request_id: id }, status } = yield* create(fields, `/xai/v1/videos/${action}`)
        assert.deepStrictEqual([status, (yield* read(id)).status], [200, 202])
      }).pipe(memory()))
  })

  describe("behind CometAPI", () => {
    it.effect("answers in the vendor's form, with the id and the model", () =>
      Effect.gen(function*() {
        const { json: { request_id: id } } = yield* createAtComet({ prompt: "[job=100] x" })
        const seen = []
        for (const seconds of [5, 40, 55]) {
          yield* TestClock.adjust(`${seconds} seconds`)
          const { json, status } = yield* read(id, "/grok")
          seen.push([status, json.request_id === id, json.model, json.status, json.progress, json.video?.duration])
        }
        assert.deepStrictEqual(seen, [
          [200, true, "grok-imagine-video", "queued", 5, undefined],
          [200, true, "grok-imagine-video", "processing", 45, undefined],
          [200, true, "grok-imagine-video", "done", 100, 1]
        ])
      }).pipe(memory()))

    it.effect("answers with the old row, whose link is in fail_reason, word for word", () =>
      Effect.gen(function*() {
        const done = yield* seeded(
          { ...finished, seconds: 1, cost: 0.05, jobSeconds: 12, elapsedSeconds: 100 },
          { xaiBody: "wrapped", tickSeconds: 12, epoch: (1773297002 + 100) * 1000 },
          "/grok"
        )
        assert.deepStrictEqual(done.json, {
          code: "success",
          message: "",
          data: {
            task_id: "req-1",
            action: "VIDEO_GENERATION",
            status: "SUCCESS",
            fail_reason: videoUrl,
            submit_time: 1773297002,
            start_time: 0,
            finish_time: 1773297014,
            progress: "100%",
            data: {
              status: "done",
              video: { url: videoUrl, duration: 1, respect_moderation: true },
              model: "grok-imagine-video",
              usage: { cost_in_usd_ticks: 500000000 },
              progress: 100
            }
          }
        })
      }))

    it.effect("has no row of a queued job's inside, and the reason of a failed one outside", () =>
      Effect.gen(function*() {
        const options = { xaiBody: "wrapped" } as const
        const pending = (yield* seeded({ ...running, elapsedSeconds: 0 }, options, "/grok")).json.data
        assert.deepStrictEqual([pending.status, pending.progress, pending.data], ["NOT_START", "0%", null])
        const failed =
          (yield* seeded({ ...finished, outcome: "failed", failureMessage: "m" }, options, "/grok")).json.data
        assert.deepStrictEqual([failed.status, failed.fail_reason, failed.data.status], ["FAILURE", "m", "failed"])
      }))

    it.effect("refuses in the gateway's words, and knows no edits", () =>
      Effect.gen(function*() {
        const unknown = yield* read("nobody", "/grok")
        assert.deepStrictEqual([unknown.status, unknown.json.code], [400, "task_not_exist"])
        const invalid = yield* createAtComet({ resolution: "1080p", model: "grok-imagine-video-1.5" })
        assert.deepStrictEqual([invalid.status, invalid.json.code], [400, "invalid_request"])
        const keyless = yield* createAtComet({}, { key: undefined })
        assert.deepStrictEqual([keyless.status, keyless.json.error.type], [401, "comet_api_error"])
        const edit = yield* create({ video: picture }, "/grok/v1/videos/edits")
        assert.strictEqual(edit.status, 301)
        assert.strictEqual((yield* (yield* Simulator.Simulator).ledger).bills, 0)
      }).pipe(memory()))
  })

  it.effect("has no cancel, no list and no other path", () =>
    Effect.gen(function*() {
      const { json: { request_id: id } } = yield* create()
      for (const [method, path] of [["DELETE", `/${id}`], ["GET", ""], ["GET", `/${id}/content`]] as const) {
        assert.strictEqual((yield* call(method, `/xai/v1/videos${path}`)).status, 404)
      }
    }).pipe(memory()))
})
