import { assert, describe, it } from "@effect/vitest"
import { Simulator } from "@video-tasks/simulator"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { call, memory, seedance, shape } from "./support.ts"

const model = "doubao-seedance-2-0-fast"

describe("CometAPI", () => {
  it.effect("answers a create with the sample of the create page", () =>
    Effect.gen(function*() {
      const { headers, json, status } = yield* call("POST", "/v1/videos", { form: seedance })
      assert.strictEqual(status, 200)
      assert.match(headers["content-type"]!, /^application\/json/)
      assert.match(json.id, /^task_[A-Za-z0-9]{32}$/)
      assert.deepStrictEqual(
        JSON.stringify({ ...json, id: "task_abc123", task_id: "task_abc123" }),
        JSON.stringify({
          id: "task_abc123",
          task_id: "task_abc123",
          object: "video",
          model,
          status: "SUBMITTED",
          progress: 0,
          created_at: 1776681149
        })
      )
      assert.strictEqual(json.task_id, json.id)
    }).pipe(memory()))

  it.effect("answers a poll with the sample of the query page, word for word", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.Simulator
      yield* simulator.addTask("cometapi", { id: "task_abc123", model, jobSeconds: 120, elapsedSeconds: 54 })
      const { text } = yield* call("GET", "/v1/videos/task_abc123")
      assert.strictEqual(
        text,
        JSON.stringify({
          id: "task_abc123",
          model,
          object: "video",
          status: "IN_PROGRESS",
          progress: 45,
          created_at: 1776567610,
          completed_at: null
        })
      )
    }).pipe(memory({ epoch: (1776567610 + 54) * 1000 })))

  it.effect("answers with the samples of the overview page in the lower-case vocabulary", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.Simulator
      const created = yield* call("POST", "/v1/videos", {
        params: { model: "your-video-model-id", prompt: "A calm camera move" }
      })
      assert.strictEqual(
        JSON.stringify({ ...created.json, id: "task_example", task_id: "task_example" }),
        JSON.stringify({
          id: "task_example",
          task_id: "task_example",
          object: "video",
          model: "your-video-model-id",
          status: "queued",
          progress: 0,
          created_at: 1779872000
        })
      )
      yield* simulator.addTask("cometapi", {
        id: "task_example",
        model: "your-video-model-id",
        jobSeconds: 300,
        videoUrl: "https://example.com/generated-video.mp4"
      })
      yield* TestClock.adjust("300 seconds")
      const { text } = yield* call("GET", "/v1/videos/task_example")
      assert.strictEqual(
        text,
        JSON.stringify({
          id: "task_example",
          object: "video",
          model: "your-video-model-id",
          status: "completed",
          progress: 100,
          completed_at: 1779872300,
          video_url: "https://example.com/generated-video.mp4"
        })
      )
    }).pipe(memory({ epoch: 1779872000_000, vocabulary: "lower" })))

  it.effect("fills completed_at while running on demand, as the newer query page shows", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.Simulator
      yield* simulator.addTask("cometapi", { id: "task_abc123", jobSeconds: 225, elapsedSeconds: 68 })
      const { json } = yield* call("GET", "/v1/videos/task_abc123")
      assert.deepStrictEqual(json, {
        id: "task_abc123",
        object: "video",
        model,
        status: "in_progress",
        progress: 30,
        created_at: 1777385418,
        completed_at: 1777385486
      })
    }).pipe(memory({ epoch: 1777385486_000, vocabulary: "lower", completedAtWhileRunning: true })))

  it.effect.each(
    [
      ["output", "succeeded", (url: string) => ({ output: [url] })],
      ["data", "completed", (url: string) => ({ data: [{ url }] })]
    ] as const
  )(
    "writes tasks as a clone does on demand, with the link in %s",
    ([cometClone, word, place]) =>
      Effect.gen(function*() {
        const simulator = yield* Simulator.Simulator
        const videoUrl = "https://example.com/v.mp4"
        yield* simulator.addTask("cometapi", { id: "new", model: "veo3-fast" })
        yield* simulator.addTask("cometapi", { id: "done", model: "veo3-fast", videoUrl, elapsedSeconds: 500 })
        yield* simulator.addTask("cometapi", {
          id: "failed",
          elapsedSeconds: 500,
          outcome: "failed",
          failureMessage: "the picture was refused"
        })
        const { json: queued } = yield* call("GET", "/v1/videos/new")
        assert.deepStrictEqual([queued.status, queued.progress], ["queued", "0%"])
        const { created_at: _, ...done } = (yield* call("GET", "/v1/videos/done")).json
        assert.deepStrictEqual(done, {
          id: "done",
          object: "video",
          model: "veo3-fast",
          status: word,
          progress: "100%",
          ...place(videoUrl)
        })
        const { json: failed } = yield* call("GET", "/v1/videos/failed")
        assert.deepStrictEqual([failed.status, failed.progress, failed.error], [
          "failed",
          "100%",
          "the picture was refused"
        ])
      }).pipe(memory({ cometClone }))
  )

  it.effect("alternates between the vocabularies on demand", () =>
    Effect.gen(function*() {
      const { json } = yield* call("POST", "/v1/videos", { form: seedance })
      const first = yield* call("GET", `/v1/videos/${json.id}`)
      const second = yield* call("GET", `/v1/videos/${json.id}`)
      assert.sameMembers([first.json.status, second.json.status], ["SUBMITTED", "queued"])
    }).pipe(memory({ vocabulary: "mixed" })))

  it.effect("lists models with the sample of the overview page first", () =>
    Effect.gen(function*() {
      const { json } = yield* call("GET", "/api/models", { key: undefined })
      assert.deepStrictEqual(shape(json), [
        "success: boolean",
        "page: number",
        "page_size: number",
        "total: number",
        "data: object"
      ])
      assert.deepStrictEqual(
        JSON.stringify(json.data[0]),
        JSON.stringify({
          created: 1767529753,
          id: "your-video-model-id",
          code: "your-video-model-id",
          provider: "ExampleProvider",
          provider_code: "example",
          name: "Example video model",
          model_type: "video",
          features: ["text-to-video"],
          endpoints: "{\n  \"seedance\": {\n    \"path\": \"/v1/videos\",\n    \"method\": \"POST\"\n  }\n}",
          pricing: { currency: "USD / M Tokens", input: null, output: null, per_request: null, per_second: 0.024 }
        })
      )
      const whole = yield* call("GET", "/api/models?page=0")
      assert.strictEqual(whole.json.data.length, whole.json.total)
      const page = yield* call("GET", "/api/models?page=2&page_size=2")
      assert.deepStrictEqual([page.json.page, page.json.page_size, page.json.data.length], [2, 2, 2])
    }).pipe(memory()))

  it.effect("lists models of every family, in all the shapes that clients have met", () =>
    Effect.gen(function*() {
      const { json } = yield* call("GET", "/api/models?page_size=0")
      const of = (id: string) => json.data.find((one: { readonly id: string }) => one.id === id)
      const ids = ["sora-2", "gen3a_turbo", "kling-v1-6", "grok-imagine-video", "doubao-seedance-1-5-pro-251215"]
      assert.deepStrictEqual(ids.map((id) => [typeof of(id).endpoints, of(id).model_type]), [
        ["string", "video"],
        ["string", "video"],
        ["object", "video"],
        ["string", "video"],
        ["object", "video"]
      ])
      assert.isArray(of("doubao-seedance-1-5-pro-251215").endpoints)
      assert.strictEqual(of("veo3-fast").pricing.per_request, 0.4)
      assert.strictEqual(of("sora-2").pricing.per_second, 0.08)
      assert.deepStrictEqual([of("kling-v2-master").pricing.per_second, of("kling-v2-master").pricing.per_request], [
        null,
        null
      ])
      assert.deepStrictEqual([of("vidu-q2").features, of("vidu-q2").upcoming, "pricing" in of("vidu-q2")], [
        null,
        true,
        false
      ])
      assert.deepStrictEqual([of("wan2.5-t2v").code, of("wan2.5-t2v").pricing.ratio], ["wan2-5-t2v", 0.8])
      const pages = yield* Effect.forEach([1, 2, 3], (page) => call("GET", `/api/models?page=${page}&page_size=6`))
      assert.deepStrictEqual(pages.flatMap((page) => page.json.data), json.data)
      assert.deepStrictEqual((yield* call("GET", "/api/models?page=9&page_size=6")).json.data, [])
    }).pipe(memory()))

  const create = (fields: Readonly<Record<string, string | Blob>>, key?: string) =>
    call("POST", "/v1/videos", { form: fields, ...(key === undefined ? {} : { key }) })

  it.effect.each(
    [
      [{ model, prompt: "x", seconds: "3" }, "duration"],
      [{ model, prompt: "x", seconds: "16" }, "duration"],
      [{ model: "doubao-seedance-1-5-pro", prompt: "x", seconds: "13" }, "duration"],
      [{ model: "doubao-seedance-1-0-pro", prompt: "x", seconds: "11" }, "duration"],
      [{ model, prompt: "x", seconds: "five" }, "duration"],
      [{ model, prompt: "x", size: "2:1" }, "ratio"],
      [{ model, prompt: "x", resolution: "1080p" }, "resolution"]
    ] as const
  )("refuses %o with InvalidParameter", ([fields, topic]) =>
    Effect.gen(function*() {
      const { json, status } = yield* create(fields)
      assert.strictEqual(status, 400)
      assert.deepStrictEqual(shape(json), ["code: string", "message: string", "data: null"])
      assert.strictEqual(json.code, "InvalidParameter")
      assert.include(json.message, `\`${topic}\``)
    }).pipe(memory()))

  it.effect.each(
    [
      { model, prompt: "x", seconds: "4", size: "21:9", resolution: "480p" },
      { model: "doubao-seedance-1-0-pro", prompt: "x", seconds: "2", resolution: "1080p" },
      { model: "doubao-seedance-1-5-pro", prompt: "x", seconds: "12" },
      // The quotes of the page's own sample.
      { model: `"${model}"`, prompt: "\"x\"", seconds: "\"5\"", size: "\"16:9\"" },
      { model, prompt: "x", input_reference: new Blob([Uint8Array.of(0xff, 0xd8, 0xff, 13, 10, 13, 10)]) },
      { model: "seedance-2-5", prompt: "x", seconds: "30", size: "854x480" }
    ] as ReadonlyArray<Record<string, string | Blob> & { readonly model: string }>
  )("takes %o", (fields) =>
    Effect.gen(function*() {
      const { json, status } = yield* create(fields)
      assert.strictEqual(status, 200)
      assert.strictEqual(json.model, fields.model.replaceAll("\"", ""))
    }).pipe(memory()))

  it.effect("refuses a reference image for a model that takes none", () =>
    Effect.gen(function*() {
      const { json, status } = yield* create({
        model: "doubao-seedance-1-5-pro",
        prompt: "x",
        input_reference: new Blob(["jpeg"])
      })
      assert.strictEqual(status, 400)
      assert.include(json.message, "the specified task_type r2v does not support model seedance-1-5-pro")
    }).pipe(memory()))

  it.effect("nests a refusal on demand, as Ark does", () =>
    Effect.gen(function*() {
      const { json } = yield* create({ model, prompt: "x", seconds: "99" })
      assert.deepStrictEqual(shape(json.error), ["code: string", "message: string", "param: string", "type: string"])
    }).pipe(memory({ refusal: "nested" })))

  it.effect("words the errors of its gateway, in the order key, model, quota, prompt", () =>
    Effect.gen(function*() {
      const ask = { model: "no-such-model-1", prompt: "" }
      const noKey = yield* call("POST", "/v1/videos", { form: ask, key: undefined })
      assert.strictEqual(noKey.status, 401)
      assert.deepStrictEqual(shape(noKey.json.error), [
        "message: string",
        "type: string",
        "param: string",
        "code: string"
      ])
      assert.match(noKey.json.error.message, /^Invalid token \(request id: 2026\d{19}\w{8}\)$/)
      assert.strictEqual(noKey.json.error.type, "comet_api_error")
      assert.strictEqual((yield* create(ask, "sk-invalid")).status, 401)
      const noModel = yield* create({ prompt: "x" })
      assert.strictEqual(noModel.status, 400)
      assert.match(noModel.json.error.message, /^model name is required/)
      const unknown = yield* create(ask, "sk-broke")
      assert.deepStrictEqual([unknown.status, unknown.json.error.code], [503, "model_not_found"])
      const broke = yield* create({ model, prompt: "" }, "sk-broke")
      assert.deepStrictEqual([broke.status, broke.json.error.code], [403, "insufficient_user_quota"])
      const noPrompt = yield* create({ model })
      assert.deepStrictEqual(noPrompt.json, { code: "invalid_request", message: "prompt is required", data: null })
    }).pipe(memory()))

  it.effect("answers 400 task_not_exist for an unknown id", () =>
    Effect.gen(function*() {
      const { headers, json, status } = yield* call("GET", "/v1/videos/task_nobody")
      assert.strictEqual(status, 400)
      assert.deepStrictEqual(json, { code: "task_not_exist", message: "task_not_exist", data: null })
      assert.isDefined(headers["x-cometapi-request-id"])
    }).pipe(memory()))

  it.effect("answers an unknown id without a code on demand", () =>
    Effect.gen(function*() {
      const { json } = yield* call("GET", "/v1/videos/task_nobody")
      assert.deepStrictEqual(json, { error: { message: "task_not_exist", type: "cometapi_error" } })
    }).pipe(memory({ unknownTask: "nested" })))

  it.effect("answers a wrong path or verb without JSON", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* call("GET", "/v1/vidoes/1")).status, 301)
      assert.strictEqual((yield* call("PUT", "/v1/videos/task_1")).status, 301)
      const page = yield* call("GET", "/videos")
      assert.strictEqual(page.status, 200)
      assert.match(page.headers["content-type"]!, /^text\/html/)
    }).pipe(memory()))

  it.effect("serves the file at the content route, and there only says why it is not there", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.Simulator
      yield* simulator.addTask("cometapi", { id: "running", jobSeconds: 60, elapsedSeconds: 30 })
      yield* simulator.addTask("cometapi", { id: "done", elapsedSeconds: 500, withoutUrl: true })
      yield* simulator.addTask("cometapi", { id: "failed", elapsedSeconds: 500, outcome: "failed" })
      const content = (id: string) => call("GET", `/v1/videos/${id}/content`)
      assert.deepStrictEqual((yield* content("running")).json, {
        error: {
          message: "Task is not completed yet, current status: IN_PROGRESS",
          type: "invalid_request_error"
        }
      })
      assert.match((yield* content("failed")).json.error.message, /current status: VIOLATION$/)
      assert.strictEqual((yield* content("nobody")).status, 404)
      const done = yield* content("done")
      assert.deepStrictEqual(
        [done.status, done.headers["content-type"], done.headers["cache-control"]],
        [200, "video/mp4", "public, max-age=86400"]
      )
      const polled = yield* call("GET", "/v1/videos/done")
      assert.deepStrictEqual([polled.json.status, polled.json.video_url], ["SUCCESS", undefined])
    }).pipe(memory()))
})
