import { assert, describe, it } from "@effect/vitest"
import { Simulator } from "@video-tasks/simulator"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { type Ask, call, memory } from "./support.ts"

const vendor = "/ark/api/v3/contents/generations/tasks"
const gateway = "/volc/v3/contents/generations/tasks"

const text = (prompt: string) => ({ type: "text", text: prompt })

const picture = (role?: string) => ({ type: "image_url", image_url: { url: "https://example.com/1.png" }, role })

const order = (fields: object = {}, prompt = "A paper airplane") => ({
  model: "doubao-seedance-1-5-pro-251215",
  content: [text(prompt)],
  ...fields
})

const create = (fields: object = {}, prompt?: string, path = vendor, ask: Ask = {}) =>
  call("POST", path, { json: order(fields, prompt), ...ask })

const idOf = (fields: object = {}, prompt?: string) =>
  Effect.map(create(fields, prompt), ({ json }) => json.id as string)

const statusOf = (id: string) => Effect.map(call("GET", `${vendor}/${id}`), ({ json, status }) => json.status ?? status)

describe("Ark", () => {
  it.effect.each([vendor, gateway])(
    "makes a task at %s and tells its id, nothing else",
    (path) =>
      Effect.gen(function*() {
        const created = yield* create({}, undefined, path)
        assert.deepStrictEqual([created.status, Object.keys(created.json)], [200, ["id"]])
        assert.match(created.json.id, /^cgt-20260420103229-[a-z0-9]{5}$/)
        const { json } = yield* call("GET", `${path}/${created.json.id}`)
        assert.deepStrictEqual(json, {
          id: created.json.id,
          model: "doubao-seedance-1-5-pro-251215",
          status: "queued",
          created_at: 1776681149,
          updated_at: 1776681149,
          service_tier: "default",
          execution_expires_after: 172800
        })
        const { creates, posts } = yield* (yield* Simulator.Simulator).ledger
        assert.deepStrictEqual([posts, creates.map(({ api }) => api)], [1, ["ark"]])
      }).pipe(memory())
  )

  it.effect("answers with the finished sample of its page, word for word but for the link", () =>
    Effect.gen(function*() {
      yield* (yield* Simulator.Simulator).addTask("ark", {
        id: "cgt-2026",
        model: "doubao-seedance-1-5-pro-251215",
        jobSeconds: 54,
        elapsedSeconds: 54,
        seconds: 5,
        seed: 10,
        videoUrl: "https://tos.example.com/v.mp4"
      })
      assert.strictEqual(
        (yield* call("GET", `${vendor}/cgt-2026`)).text,
        JSON.stringify({
          id: "cgt-2026",
          model: "doubao-seedance-1-5-pro-251215",
          status: "succeeded",
          content: { video_url: "https://tos.example.com/v.mp4" },
          usage: { completion_tokens: 108900, total_tokens: 108900 },
          created_at: 1743414619,
          updated_at: 1743414673,
          seed: 10,
          resolution: "720p",
          ratio: "16:9",
          duration: 5,
          framespersecond: 24,
          service_tier: "default",
          execution_expires_after: 172800
        })
      )
    }).pipe(memory({ epoch: 1743414673_000 })))

  it.effect("leads a task through queued and running to a file and its last frame", () =>
    Effect.gen(function*() {
      const id = yield* idOf(
        { return_last_frame: true, duration: 8, ratio: "9:16", resolution: "480p", seed: 7 },
        "[job=100]"
      )
      const seen: Array<unknown> = []
      for (const seconds of [0, 10, 89, 1]) {
        yield* TestClock.adjust(`${seconds} seconds`)
        seen.push(yield* statusOf(id))
      }
      assert.deepStrictEqual(seen, ["queued", "running", "running", "succeeded"])
      const { json } = yield* call("GET", `${vendor}/${id}`)
      assert.deepStrictEqual(
        [json.seed, json.duration, json.ratio, json.resolution, json.updated_at - json.created_at],
        [7, 8, "9:16", "480p", 100]
      )
      const video = yield* call("GET", json.content.video_url, { key: undefined })
      const frame = yield* call("GET", json.content.last_frame_url, { key: undefined })
      assert.deepStrictEqual([video.headers["content-type"], frame.headers["content-type"]], [
        "video/mp4",
        "image/jpeg"
      ])
    }).pipe(memory()))

  it.effect("stamps a running task with the moment at which it began to run", () =>
    Effect.gen(function*() {
      const id = yield* idOf({}, "[job=100]")
      yield* TestClock.adjust("50 seconds")
      const { json } = yield* call("GET", `${vendor}/${id}`)
      assert.strictEqual(json.updated_at - json.created_at, 10)
    }).pipe(memory()))

  it.effect.each<["fail" | "error", string]>([
    ["fail", "OutputVideoSensitiveContentDetected"],
    ["error", "InternalServiceError"]
  ])("ends a task with [%s] as failed, in a 200 with the code %s", ([directive, code]) =>
    Effect.gen(function*() {
      const id = yield* idOf({}, `x [${directive}] [job=0]`)
      const { json, status } = yield* call("GET", `${vendor}/${id}`)
      assert.deepStrictEqual([status, json.status, json.error.code], [200, "failed", code])
      assert.isUndefined(json.content)
    }).pipe(memory()))

  it.effect.each<[string, object, string]>([
    ["the directive", {}, "[expire] [job=30]"],
    ["execution_expires_after", { execution_expires_after: 30 }, "[job=60]"],
    ["execution_expires_after of a stuck one", { execution_expires_after: 30 }, "[stuck]"]
  ])("gives a task up as expired by %s", ([, fields, prompt]) =>
    Effect.gen(function*() {
      const id = yield* idOf(fields, prompt)
      yield* TestClock.adjust("29 seconds")
      assert.strictEqual(yield* statusOf(id), "running")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* statusOf(id), "expired")
    }).pipe(memory()))

  it.effect("writes the content as a list and numbers as strings on demand", () =>
    Effect.gen(function*() {
      const id = yield* idOf({}, "[job=0]")
      const { json } = yield* call("GET", `${vendor}/${id}`)
      assert.match(json.content[0].video_url, /^http/)
      assert.deepStrictEqual([json.usage.total_tokens, json.duration], ["108900", "5"])
    }).pipe(memory({ arkContent: "array", arkNumbers: "strings" })))

  it.effect("reads the length and the ratio out of the text, as CometAPI's page writes them", () =>
    Effect.gen(function*() {
      const id = yield* idOf({}, "A fox [job=0] --duration 8 --ratio 9:16")
      const { json } = yield* call("GET", `${vendor}/${id}`)
      assert.deepStrictEqual([json.duration, json.ratio], [8, "9:16"])
    }).pipe(memory()))

  describe("create", () => {
    it.effect.each<[string, string, object]>([
      ["MissingParameter", "model", { model: undefined }],
      ["MissingParameter", "content", { content: undefined }],
      ["InvalidParameter", "content", { content: [] }],
      ["InvalidParameter", "content[0].type", { content: [{ type: "poem" }] }],
      ["MissingParameter", "content[0].text", { content: [{ type: "text" }] }],
      ["MissingParameter", "content[0].image_url", { content: [{ type: "image_url", image_url: {} }] }],
      ["InvalidParameter", "content[0].image_url", { content: [{ type: "image_url", image_url: { url: "x" } }] }],
      ["InvalidParameter", "content[0].role", { content: [picture("reference_video")] }],
      ["InvalidParameter", "content", { content: [picture("last_frame")] }],
      ["InvalidParameter", "content", { content: [picture(), picture()] }],
      ["InvalidParameter", "content", { content: [picture("first_frame"), picture("reference_image")] }],
      ["InvalidParameter", "duration", { duration: 13 }],
      ["InvalidParameter", "duration", { duration: 3 }],
      ["InvalidParameter", "duration", { duration: "5" }],
      ["InvalidParameter", "ratio", { ratio: "2:1" }],
      ["InvalidParameter", "resolution", { resolution: "8k" }],
      ["InvalidParameter", "seed", { seed: 2 ** 32 }],
      ["InvalidParameter", "priority", { priority: 10 }],
      ["InvalidParameter", "service_tier", { service_tier: "slow" }],
      ["InvalidParameter", "safety_identifier", { safety_identifier: "x".repeat(65) }],
      ["InvalidParameter", "callback_url", { callback_url: "no url" }],
      ["InvalidParameter", "watermark", { watermark: "yes" }]
    ])("refuses with %s about %s", ([code, param, fields]) =>
      Effect.gen(function*() {
        const { json, status } = yield* create(fields)
        assert.deepStrictEqual([status, json.error.code, json.error.param, json.error.type], [
          400,
          code,
          param,
          "BadRequest"
        ])
        assert.match(json.error.message, /Request id: 02\d{13}[0-9a-f]{38}$/)
        assert.strictEqual((yield* (yield* Simulator.Simulator).ledger).bills, 0)
      }).pipe(memory()))

    it.effect.each<[object]>([
      [{ duration: -1, ratio: "adaptive", resolution: "4k", seed: -1, unknown_field: { a: 1 } }],
      [{ model: "seedance-2-5-250000", duration: 30 }],
      [{ content: [text("x"), picture()] }],
      [{ content: [picture("first_frame"), picture("last_frame")] }],
      [{ content: [text("x"), picture("reference_image"), picture("reference_image")] }],
      [{ content: [{ type: "image_url", image_url: { url: "data:image/png;base64,AA==" } }] }],
      [{ content: [{ type: "draft_task", draft_task: { id: "cgt-1" } }] }]
    ])("takes %j", ([fields]) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* create(fields)).status, 200)
      }).pipe(memory()))

    it.effect("says in its own words that the key, the account or the model is none", () =>
      Effect.gen(function*() {
        const refused = yield* create({}, undefined, vendor, { key: "sk-invalid" })
        const broke = yield* create({}, undefined, vendor, { key: "sk-broke" })
        const unknown = yield* create({ model: "no-such-model-1" })
        assert.deepStrictEqual([refused, broke, unknown].map(({ json, status }) => [status, json.error.code]), [
          [401, "AuthenticationError"],
          [403, "AccountOverdueError"],
          [404, "InvalidEndpointOrModel.NotFound"]
        ])
      }).pipe(memory()))

    it.effect("lets CometAPI speak for itself about keys, accounts and models", () =>
      Effect.gen(function*() {
        const refused = yield* create({}, undefined, gateway, { key: "sk-invalid" })
        const broke = yield* create({}, undefined, gateway, { key: "sk-broke" })
        const unknown = yield* create({ model: "no-such-model-1" }, undefined, gateway)
        assert.deepStrictEqual([refused, broke, unknown].map(({ json, status }) => [status, json.error.type]), [
          [401, "comet_api_error"],
          [403, "comet_api_error"],
          [503, "comet_api_error"]
        ])
      }).pipe(memory()))
  })

  describe("list", () => {
    const three = Effect.gen(function*() {
      const first = yield* idOf({}, "[job=0]")
      const second = yield* idOf({ model: "seedance-1-0-pro-250528" }, "[job=100]")
      const third = yield* idOf({ service_tier: "flex" }, "[fail] [job=0]")
      return [first, second, third] as const
    })

    const list = (query = "") =>
      Effect.map(
        call("GET", `${vendor}?${query}`),
        ({ json }) => [json.total, json.items.map(({ id }: { id: string }) => id)]
      )

    it.effect("shows the newest first, and filters by status, model, tier and repeated ids", () =>
      Effect.gen(function*() {
        const [first, second, third] = yield* three
        assert.deepStrictEqual(yield* list(), [3, [third, second, first]])
        assert.deepStrictEqual(yield* list("filter.status=queued"), [1, [second]])
        assert.deepStrictEqual(yield* list("filter.status=failed"), [1, [third]])
        assert.deepStrictEqual(yield* list("filter.model=seedance-1-0-pro-250528"), [1, [second]])
        assert.deepStrictEqual(yield* list("filter.service_tier=flex"), [1, [third]])
        assert.deepStrictEqual(yield* list(`filter.task_ids=${third}&filter.task_ids=${first}&filter.task_ids=x`), [2, [
          third,
          first
        ]])
        assert.deepStrictEqual(yield* list("filter.task_ids=x"), [0, []])
      }).pipe(memory()))

    it.effect("gives pages, with the same bodies as the query", () =>
      Effect.gen(function*() {
        const [first, second, third] = yield* three
        assert.deepStrictEqual(yield* list("page_size=2"), [3, [third, second]])
        assert.deepStrictEqual(yield* list("page_size=2&page_num=2"), [3, [first]])
        assert.deepStrictEqual(yield* list("page_size=2&page_num=3"), [3, []])
        const { json } = yield* call("GET", `${vendor}?filter.task_ids=${second}`)
        assert.deepStrictEqual(json.items, [(yield* call("GET", `${vendor}/${second}`)).json])
      }).pipe(memory()))

    it.effect.each(["page_size=0", "page_size=501", "page_num=0", "page_num=501", "page_num=x"])(
      "refuses %s",
      (query) =>
        Effect.gen(function*() {
          assert.strictEqual((yield* call("GET", `${vendor}?${query}`)).json.error.code, "InvalidParameter")
        }).pipe(memory())
    )
  })

  describe("delete", () => {
    it.effect("cancels what is queued, and forgets it a day later", () =>
      Effect.gen(function*() {
        const id = yield* idOf({}, "[job=100]")
        const { json, status } = yield* call("DELETE", `${vendor}/${id}`)
        assert.deepStrictEqual([status, json], [200, {}])
        assert.strictEqual(yield* statusOf(id), "cancelled")
        assert.strictEqual((yield* call("DELETE", `${vendor}/${id}`)).status, 409)
        yield* TestClock.adjust("86399 seconds")
        assert.strictEqual(yield* statusOf(id), "cancelled")
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* statusOf(id), 404)
      }).pipe(memory()))

    it.effect("leaves a running task alone", () =>
      Effect.gen(function*() {
        const id = yield* idOf({}, "[job=100]")
        yield* TestClock.adjust("10 seconds")
        const { json, status } = yield* call("DELETE", `${vendor}/${id}`)
        assert.deepStrictEqual([status, json.error.code], [409, "InvalidAction.RunningTaskDeletion"])
        assert.strictEqual(yield* statusOf(id), "running")
      }).pipe(memory()))

    it.effect.each(["", "[fail]", "[expire]"])(
      "removes the record of what has ended %s",
      (directive) =>
        Effect.gen(function*() {
          const id = yield* idOf({}, `x ${directive} [job=0]`)
          assert.strictEqual((yield* call("DELETE", `${vendor}/${id}`)).status, 200)
          assert.strictEqual(yield* statusOf(id), 404)
          assert.strictEqual((yield* call("DELETE", `${vendor}/${id}`)).json.error.type, "NotFound")
        }).pipe(memory())
    )
  })

  it.effect("keeps records for 7 days", () =>
    Effect.gen(function*() {
      const id = yield* idOf({}, "[job=0]")
      yield* TestClock.adjust("604799 seconds")
      assert.strictEqual(yield* statusOf(id), "succeeded")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* statusOf(id), 404)
      assert.strictEqual((yield* call("GET", vendor)).json.total, 0)
    }).pipe(memory()))

  it.effect("has neither list nor delete behind CometAPI, whose pages know none", () =>
    Effect.gen(function*() {
      const { json } = yield* create({}, "[job=100]", gateway)
      assert.strictEqual((yield* call("GET", gateway)).status, 404)
      assert.strictEqual((yield* call("DELETE", `${gateway}/${json.id}`)).status, 404)
      assert.strictEqual((yield* call("GET", `${gateway}/${json.id}`)).json.status, "queued")
    }).pipe(memory()))
})
