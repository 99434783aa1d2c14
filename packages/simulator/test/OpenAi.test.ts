import { assert, describe, it } from "@effect/vitest"
import { Samples, Simulator } from "@video-tasks/simulator"
import { Effect } from "effect"
import type { HttpMethod } from "effect/http"
import { TestClock } from "effect/testing"
import { type Ask, call, memory, send } from "./support.ts"

const at = (method: HttpMethod.HttpMethod, path = "", ask: Ask = {}) => call(method, `/openai/v1/videos${path}`, ask)

const sora = { model: "sora-2", prompt: "A paper airplane" }

const finished = { elapsedSeconds: 120, jobSeconds: 60 }

/** The order of the `Video` object's members does not matter, their names do. */
const names = (body: object): ReadonlyArray<string> => Object.keys(body).toSorted()

const videoFields = [
  "completed_at",
  "created_at",
  "error",
  "expires_at",
  "id",
  "model",
  "object",
  "progress",
  "prompt",
  "remixed_from_video_id",
  "seconds",
  "size",
  "status"
]

const refusal = (message: string, code: string | null = null, param: string | null = null) => ({
  error: { message, type: "invalid_request_error", param, code }
})

describe("OpenAI", () => {
  it.effect("answers a create with the Video object and the defaults of the reference", () =>
    Effect.gen(function*() {
      const { headers, json, status } = yield* at("POST", "", { form: { prompt: sora.prompt } })
      assert.strictEqual(status, 200)
      assert.match(json.id, /^video_[0-9a-f]{48}$/)
      assert.match(headers["x-request-id"]!, /^req_/)
      assert.deepStrictEqual({ ...json, id: "video_123" }, {
        id: "video_123",
        object: "video",
        created_at: 1776681149,
        status: "queued",
        completed_at: null,
        error: null,
        expires_at: null,
        model: "sora-2",
        progress: 0,
        prompt: "A paper airplane",
        remixed_from_video_id: null,
        seconds: "4",
        size: "720x1280"
      })
    }).pipe(memory()))

  it.effect("goes from queued to completed, without a link at any time", () =>
    Effect.gen(function*() {
      const { json } = yield* at("POST", "", { json: { ...sora, prompt: "[job=100]", seconds: "8", size: "1280x720" } })
      const seen = []
      for (const _ of [1, 2, 3]) {
        const polled = yield* at("GET", `/${json.id}`)
        assert.deepStrictEqual(names(polled.json), videoFields)
        seen.push([polled.json.status, polled.json.progress, polled.json.completed_at, polled.json.expires_at])
        yield* TestClock.adjust("50 seconds")
      }
      assert.deepStrictEqual(seen, [
        ["queued", 0, null, null],
        ["in_progress", 50, null, null],
        ["completed", 100, 1776681249, 1776681249 + 86400]
      ])
    }).pipe(memory()))

  it.effect("says why a job failed, at 100 percent and without an end", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.Simulator
      yield* simulator.addTask("openai", { id: "video_f", outcome: "failed", ...finished })
      yield* simulator.addTask("openai", { id: "video_e", outcome: "error", ...finished })
      const { json } = yield* at("GET", "/video_f")
      assert.deepStrictEqual([json.status, json.progress, json.completed_at, json.expires_at, json.error], [
        "failed",
        100,
        null,
        null,
        { code: "moderation_blocked", message: "Your request was blocked by our moderation system." }
      ])
      const { error, status } = (yield* at("GET", "/video_e")).json
      assert.deepStrictEqual([status, error.code], ["failed", "internal_error"])
    }).pipe(memory()))

  it.effect("serves the file and its pictures at the content route", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.Simulator
      yield* simulator.addTask("openai", { id: "video_1", size: "720x1280", ...finished })
      const file = yield* send("GET", "/openai/v1/videos/video_1/content")
      assert.strictEqual(file.headers["content-type"], "video/mp4")
      assert.deepStrictEqual(new Uint8Array(yield* file.arrayBuffer), Samples.mp4("9:16"))
      for (const variant of ["thumbnail", "spritesheet"] as const) {
        const picture = yield* send("GET", `/openai/v1/videos/video_1/content?variant=${variant}`)
        assert.strictEqual(picture.headers["content-type"], "image/webp")
        const bytes = new Uint8Array(yield* picture.arrayBuffer)
        assert.strictEqual(new TextDecoder().decode(bytes.subarray(8, 12)), "WEBP")
        assert.deepStrictEqual(bytes, Samples.webp(variant))
      }
      const other = yield* at("GET", "/video_1/content?variant=poster")
      assert.deepStrictEqual([other.status, other.json.error.param], [400, "variant"])
    }).pipe(memory()))

  it.effect("answers JSON in the place of a file that is not there yet, or no more", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.Simulator
      yield* simulator.addTask("openai", { id: "running", elapsedSeconds: 30, jobSeconds: 60 })
      yield* simulator.addTask("openai", { id: "failed", outcome: "failed", ...finished })
      yield* simulator.addTask("openai", { id: "done", ...finished })
      for (const id of ["running", "failed"]) {
        const { json, status } = yield* at("GET", `/${id}/content`)
        assert.deepStrictEqual([status, json.error.type], [400, "invalid_request_error"])
      }
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* at("GET", "/done/content")).status, 404)
      assert.strictEqual((yield* at("GET", "/done")).json.status, "completed")
    }).pipe(memory({ linkSeconds: 3600 })))

  it.effect("lists the newest first, page by page", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.Simulator
      for (const id of ["a", "b", "c"]) yield* simulator.addTask("openai", { id })
      yield* simulator.addTask("cometapi", { id: "foreign", model: "sora-2" })
      const page = (query: string) =>
        Effect.map(at("GET", query), ({ json }) => [
          json.object,
          json.data.map(({ id }: { readonly id: string }) => id).join(),
          json.first_id,
          json.last_id,
          json.has_more
        ])
      assert.deepStrictEqual(yield* page(""), ["list", "c,b,a", "c", "a", false])
      assert.deepStrictEqual(yield* page("?limit=2"), ["list", "c,b", "c", "b", true])
      assert.deepStrictEqual(yield* page("?limit=2&after=b"), ["list", "a", "a", "a", false])
      assert.deepStrictEqual(yield* page("?order=asc&limit=1"), ["list", "a", "a", "a", true])
      assert.deepStrictEqual(yield* page("?after=a"), ["list", "", null, null, false])
      const first = (yield* at("GET", "?limit=1")).json.data[0]
      assert.deepStrictEqual(first, (yield* at("GET", "/c")).json)
    }).pipe(memory()))

  it.effect.each(["?limit=0", "?limit=101", "?limit=x", "?order=up"])(
    "refuses to list with %s",
    (query) =>
      Effect.gen(function*() {
        const { json, status } = yield* at("GET", query)
        assert.deepStrictEqual([status, json.error.code], [400, "invalid_value"])
      }).pipe(memory())
  )

  it.effect("deletes only what has ended", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.Simulator
      yield* simulator.addTask("openai", { id: "running", elapsedSeconds: 30, jobSeconds: 60 })
      yield* simulator.addTask("openai", { id: "done", ...finished })
      yield* simulator.addTask("openai", { id: "failed", outcome: "failed", ...finished })
      const early = yield* at("DELETE", "/running")
      assert.deepStrictEqual([early.status, early.json], [
        400,
        refusal("Only a completed or failed video can be deleted.")
      ])
      for (const id of ["done", "failed"]) {
        const { json, status } = yield* at("DELETE", `/${id}`)
        assert.deepStrictEqual([status, json], [200, { id, object: "video.deleted", deleted: true }])
        assert.strictEqual((yield* at("GET", `/${id}`)).status, 404)
        assert.strictEqual((yield* at("DELETE", `/${id}`)).status, 404)
      }
      assert.strictEqual((yield* at("GET", "/running")).status, 200)
    }).pipe(memory()))

  it.effect("remixes a finished video: a new one of the same model, length and size", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.Simulator
      yield* simulator.addTask("openai", { id: "v", model: "sora-2-pro", seconds: 8, size: "1792x1024", ...finished })
      yield* simulator.addTask("openai", { id: "running", elapsedSeconds: 30, jobSeconds: 60 })
      const { json } = yield* at("POST", "/v/remix", { json: { prompt: "At night" } })
      assert.notStrictEqual(json.id, "v")
      const { model, prompt, remixed_from_video_id, seconds, size, status } = json
      assert.deepStrictEqual({ model, prompt, remixed_from_video_id, seconds, size, status }, {
        model: "sora-2-pro",
        prompt: "At night",
        remixed_from_video_id: "v",
        seconds: "8",
        size: "1792x1024",
        status: "queued"
      })
      assert.strictEqual((yield* at("GET", `/${json.id}`)).json.remixed_from_video_id, "v")
      assert.strictEqual((yield* at("POST", "/v/remix", { form: { prompt: "As a form" } })).status, 200)
      assert.strictEqual((yield* at("POST", "/v/remix", { json: {} })).json.error.param, "prompt")
      assert.strictEqual((yield* at("POST", "/running/remix", { json: { prompt: "x" } })).status, 400)
      assert.strictEqual((yield* at("POST", "/nobody/remix", { json: { prompt: "x" } })).status, 404)
      assert.strictEqual((yield* simulator.ledger).bills, 2)
    }).pipe(memory()))

  it.effect.each(
    [
      [{ model: "sora-2" }, "Missing required parameter: 'prompt'.", "missing_required_parameter", "prompt"],
      [
        { ...sora, seconds: "5" },
        "Invalid value: '5'. Supported values are: '4', '8', and '12'.",
        "invalid_value",
        "seconds"
      ],
      [
        { ...sora, size: "16:9" },
        "Invalid value: '16:9'. Supported values are: '720x1280', '1280x720', '1024x1792', and '1792x1024'.",
        "invalid_value",
        "size"
      ],
      [
        { model: "veo3", prompt: "x" },
        "Invalid value: 'veo3'. Supported values are: 'sora-2' and 'sora-2-pro'.",
        "invalid_value",
        "model"
      ]
    ] as const
  )("refuses %o", ([fields, message, code, param]) =>
    Effect.gen(function*() {
      const { json, status } = yield* at("POST", "", { form: fields })
      assert.deepStrictEqual([status, json], [400, refusal(message, code, param)])
    }).pipe(memory()))

  it.effect("words its errors as OpenAI does", () =>
    Effect.gen(function*() {
      const noKey = yield* at("GET", "/v", { key: undefined })
      assert.deepStrictEqual([noKey.status, noKey.json.error.code], [401, null])
      const wrong = yield* at("GET", "/v", { key: "sk-invalid" })
      assert.deepStrictEqual([wrong.status, wrong.json.error.code], [401, "invalid_api_key"])
      const broke = yield* at("POST", "", { form: sora, key: "sk-broke" })
      assert.deepStrictEqual([broke.status, broke.json.error.type, broke.json.error.code], [
        429,
        "insufficient_quota",
        "insufficient_quota"
      ])
      const model = yield* at("POST", "", { form: { ...sora, model: "no-such-model" } })
      assert.deepStrictEqual([model.status, model.json.error.code], [404, "model_not_found"])
      const nobody = yield* at("GET", "/nobody")
      assert.deepStrictEqual([nobody.status, nobody.json], [404, refusal("The requested video was not found.")])
      const route = yield* call("GET", "/openai/v1/vidoes")
      assert.deepStrictEqual([route.status, route.json], [404, refusal("not found")])
      assert.strictEqual((yield* at("PUT", "/v")).status, 404)
    }).pipe(memory()))
})

describe("Sora behind CometAPI", () => {
  const comet = (method: HttpMethod.HttpMethod, path = "", ask: Ask = {}) => call(method, `/v1/videos${path}`, ask)

  it.effect("answers a create with the sample of the Sora page, and its own default size", () =>
    Effect.gen(function*() {
      const { headers, json } = yield* comet("POST", "", { form: sora })
      assert.strictEqual(
        JSON.stringify({ ...json, id: "video_69b2" }),
        JSON.stringify({
          id: "video_69b2",
          object: "video",
          model: "sora-2",
          status: "queued",
          progress: 0,
          seconds: "4",
          size: "1280x720",
          created_at: 1776681149
        })
      )
      assert.match(json.id, /^video_/)
      assert.isDefined(headers["x-cometapi-request-id"])
      assert.deepStrictEqual(names((yield* comet("GET", `/${json.id}`)).json), videoFields)
    }).pipe(memory()))

  it.effect("has a file, pictures, remix and DELETE for Sora's videos", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.Simulator
      yield* simulator.addTask("cometapi", { id: "video_1", model: "sora-2", ...finished })
      const polled = yield* comet("GET", "/video_1")
      assert.deepStrictEqual([polled.json.status, polled.json.video_url, polled.json.url], [
        "completed",
        undefined,
        undefined
      ])
      assert.strictEqual((yield* comet("GET", "/video_1/content")).headers["content-type"], "video/mp4")
      const picture = yield* comet("GET", "/video_1/content?variant=thumbnail")
      assert.strictEqual(picture.headers["content-type"], "image/webp")
      const remixed = yield* comet("POST", "/video_1/remix", { json: { prompt: "At night" } })
      assert.strictEqual((yield* comet("GET", `/${remixed.json.id}`)).json.remixed_from_video_id, "video_1")
      assert.strictEqual((yield* comet("DELETE", `/${remixed.json.id}`)).status, 400)
      assert.strictEqual((yield* comet("DELETE", "/video_1")).json.deleted, true)
      assert.strictEqual((yield* comet("GET", "/video_1")).json.code, "task_not_exist")
    }).pipe(memory()))

  it.effect("answers JSON before the file is there, as the page says", () =>
    Effect.gen(function*() {
      const { json } = yield* comet("POST", "", { form: sora })
      const content = yield* comet("GET", `/${json.id}/content`)
      assert.deepStrictEqual([content.status, content.json.error.type], [400, "invalid_request_error"])
    }).pipe(memory()))

  it.effect("refuses what Sora refuses, in Sora's words", () =>
    Effect.gen(function*() {
      const { json, status } = yield* comet("POST", "", { form: { ...sora, seconds: "5" } })
      assert.deepStrictEqual([status, json.error.param, json.error.code], [400, "seconds", "invalid_value"])
    }).pipe(memory()))

  it.effect("has neither for the tasks of other models", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.Simulator
      yield* simulator.addTask("cometapi", { id: "task_1", ...finished })
      assert.strictEqual((yield* comet("DELETE", "/task_1")).status, 301)
      assert.strictEqual((yield* comet("POST", "/task_1/remix", { json: { prompt: "x" } })).status, 301)
      assert.strictEqual((yield* comet("GET", "/task_1")).json.status, "SUCCESS")
      assert.strictEqual((yield* comet("DELETE", "/nobody")).json.code, "task_not_exist")
    }).pipe(memory()))
})
