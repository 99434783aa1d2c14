import { assert, describe, it } from "@effect/vitest"
import { Simulator } from "@video-tasks/simulator"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import { type Ask, call, memory } from "./support.ts"

const text = "/kling/v1/videos/text2video"
const picture = "/kling/v1/videos/image2video"

const order = { model_name: "kling-v1-6", prompt: "A paper airplane [job=60]", duration: "5" }

const create = (fields: object = {}, path = text, ask: Ask = {}) =>
  call("POST", path, { json: { ...order, ...fields }, ...ask })

const idOf = (fields: object = {}, path = text) =>
  Effect.map(create(fields, path), ({ json }) => json.data.task_id as string)

const dataOf = (id: string, path = text) => Effect.map(call("GET", `${path}/${id}`), ({ json }) => json.data)

const refusal = ({ json, status }: { readonly json: { readonly code: unknown }; readonly status: number }) => [
  status,
  json.code
]

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")

const jwt = (claims: object) => `${base64url({ alg: "HS256", typ: "JWT" })}.${base64url(claims)}.c2lnbmF0dXJl`

describe("Kling", () => {
  it.effect("makes a task as the page shows it: numbers in text, times in milliseconds", () =>
    Effect.gen(function*() {
      const { json, status } = yield* create()
      const id = json.data.task_id
      assert.match(id, /^20\d{17}$/)
      assert.notStrictEqual(String(Number(id)), id)
      assert.deepStrictEqual([status, json], [200, {
        code: 0,
        message: "success",
        request_id: json.request_id,
        data: {
          task_id: id,
          task_status: "submitted",
          task_info: {},
          created_at: 1_776_681_149_000,
          updated_at: 1_776_681_149_000
        }
      }])
    }).pipe(memory()))

  it.effect("goes through its three words, without progress, to a file and a bill", () =>
    Effect.gen(function*() {
      const id = yield* idOf({ mode: "pro", duration: "10" })
      assert.deepStrictEqual((yield* dataOf(id)).task_status, "submitted")
      yield* TestClock.adjust("20 seconds")
      const running = yield* call("GET", `${text}/${id}`)
      assert.deepStrictEqual(running.json, {
        code: 0,
        message: "SUCCEED",
        request_id: running.json.request_id,
        data: {
          task_id: id,
          task_status: "processing",
          task_status_msg: "",
          task_info: {},
          task_result: {},
          watermark_info: { enabled: false },
          created_at: 1_776_681_149_000,
          updated_at: 1_776_681_169_000
        }
      })
      yield* TestClock.adjust("60 seconds")
      const { task_result, ...done } = yield* dataOf(id)
      assert.deepStrictEqual(done, {
        task_id: id,
        task_status: "succeed",
        task_status_msg: "",
        task_info: {},
        watermark_info: { enabled: false },
        final_unit_deduction: "7",
        final_balance_deduction: { quota: "0", list_price: "0" },
        created_at: 1_776_681_149_000,
        updated_at: 1_776_681_209_000
      })
      const [video] = task_result.videos
      assert.deepStrictEqual(Object.keys(video), ["id", "url", "watermark_url", "duration"])
      assert.strictEqual(video.duration, "10.1")
      const file = yield* call("GET", video.url, { key: undefined })
      assert.deepStrictEqual([file.status, file.headers["content-type"]], [200, "video/mp4"])
    }).pipe(memory()))

  it.effect("says in task_status_msg why a task failed, and takes no units for it", () =>
    Effect.gen(function*() {
      const id = yield* idOf({ prompt: "[fail][job=1]" })
      yield* TestClock.adjust("1 second")
      const { final_unit_deduction, task_result, task_status, task_status_msg } = yield* dataOf(id)
      assert.deepStrictEqual([task_status, task_status_msg, task_result, final_unit_deduction], [
        "failed",
        "生成内容违反内容安全策略",
        {},
        "0"
      ])
    }).pipe(memory()))

  it.effect("knows a task at the route that made it only", () =>
    Effect.gen(function*() {
      const id = yield* idOf({ image: "https://example.com/1.png" }, picture)
      assert.strictEqual((yield* dataOf(id, picture)).task_id, id)
      assert.deepStrictEqual(refusal(yield* call("GET", `${text}/${id}`)), [404, 1203])
    }).pipe(memory()))

  it.effect("finds a task by the client's own name for it, and takes each name once", () =>
    Effect.gen(function*() {
      const external_task_id = "my task/1"
      const id = yield* idOf({ external_task_id })
      const found = yield* dataOf(encodeURIComponent(external_task_id))
      assert.deepStrictEqual([found.task_id, found.task_info], [id, { external_task_id }])
      assert.deepStrictEqual(
        refusal(yield* call("GET", `${picture}/${encodeURIComponent(external_task_id)}`)),
        [404, 1203]
      )
      assert.deepStrictEqual(refusal(yield* create({ external_task_id })), [400, 1201])
      assert.deepStrictEqual(
        refusal(yield* create({ external_task_id, image: "https://example.com/1.png" }, picture)),
        [400, 1201]
      )
      assert.strictEqual((yield* (yield* Simulator.Simulator).ledger).bills, 1)
    }).pipe(memory()))

  it.effect("lists the tasks of a route, the newest first, in pages", () =>
    Effect.gen(function*() {
      const ids = [yield* idOf(), yield* idOf(), yield* idOf()]
      yield* idOf({ image: "https://example.com/1.png" }, picture)
      const page = (query: string) =>
        Effect.map(
          call("GET", `${text}${query}`),
          ({ json }) => json.data.map(({ task_id }: { readonly task_id: string }) => task_id)
        )
      assert.deepStrictEqual(yield* page(""), ids.toReversed())
      assert.deepStrictEqual(yield* page("?pageNum=1&pageSize=2"), [ids[2], ids[1]])
      assert.deepStrictEqual(yield* page("?pageNum=2&pageSize=2"), [ids[0]])
      assert.deepStrictEqual(yield* page("?pageNum=3&pageSize=2"), [])
      for (const query of ["?pageNum=0", "?pageNum=1001", "?pageSize=501", "?pageSize=x"]) {
        assert.deepStrictEqual(refusal(yield* call("GET", `${text}${query}`)), [400, 1201])
      }
    }).pipe(memory()))

  const base64 = Buffer.from("a picture").toString("base64")

  it.effect.each<[string, string, object]>([
    ["no prompt", text, { prompt: "" }],
    ["a long prompt", text, { prompt: "x".repeat(2501) }],
    ["a long negative prompt", text, { negative_prompt: "x".repeat(2501) }],
    ["a duration that is a number", text, { duration: 5 }],
    ["a duration that it does not make", text, { duration: "6" }],
    ["an unknown mode", text, { mode: "ultra" }],
    ["an unknown aspect ratio", text, { aspect_ratio: "21:9" }],
    ["a cfg_scale above 1", text, { cfg_scale: 1.5 }],
    ["a sound that is no word", text, { sound: true }],
    ["an unknown camera", text, { camera_control: { type: "shaky" } }],
    ["a camera that makes two moves", text, { camera_control: { type: "simple", config: { pan: 1, tilt: 1 } } }],
    ["a camera that moves too far", text, { camera_control: { type: "simple", config: { pan: 11 } } }],
    ["a preset camera with moves", text, { camera_control: { type: "down_back", config: { pan: 1 } } }],
    ["no picture", picture, {}],
    ["a picture with the prefix of a data URI", picture, { image: `data:image/png;base64,${base64}` }],
    ["a picture that is too large", picture, { image: "A".repeat(14_000_000) }]
  ])("refuses %s", ([_, path, fields]) =>
    Effect.gen(function*() {
      const answer = yield* create(fields, path)
      assert.deepStrictEqual(refusal(answer), [400, 1201])
      assert.deepStrictEqual(Object.keys(answer.json), ["code", "message", "request_id"])
      assert.strictEqual((yield* (yield* Simulator.Simulator).ledger).bills, 0)
    }).pipe(memory()))

  it.effect.each<[string, object]>([
    [text, { cfg_scale: 0.5, mode: "pro", aspect_ratio: "9:16", negative_prompt: "rain", sound: "on" }],
    [text, { camera_control: { type: "simple", config: { pan: -10, zoom: 0 } }, callback_url: "https://example.com" }],
    [text, { camera_control: { type: "forward_up" } }],
    [text, { model_name: "kling-v3", duration: "15", mode: "4k" }],
    [picture, { image: base64, image_tail: "https://example.com/2.png", prompt: "" }]
  ])(
    "takes at %s what the page allows",
    ([path, fields]) => Effect.map(create(fields, path), ({ status }) => assert.strictEqual(status, 200)).pipe(memory())
  )

  it.effect("refuses a body that is no JSON, a key, an empty account and a model in its own codes", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(refusal(yield* call("POST", text, { form: order })), [400, 1200])
      assert.deepStrictEqual(refusal(yield* create({}, text, { key: undefined })), [401, 1001])
      assert.deepStrictEqual(refusal(yield* create({}, text, { key: "sk-invalid" })), [401, 1002])
      assert.deepStrictEqual(refusal(yield* create({}, text, { key: "sk-broke" })), [429, 1101])
      assert.deepStrictEqual(refusal(yield* create({ model_name: "no-such-model" })), [404, 1203])
      assert.deepStrictEqual(refusal(yield* call("GET", `${text}/1`)), [404, 1203])
      assert.deepStrictEqual(refusal(yield* call("GET", "/kling/v1/videos/nothing")), [404, 1202])
      assert.deepStrictEqual(refusal(yield* call("DELETE", `${text}/1`)), [404, 1202])
    }).pipe(memory()))

  it.effect("says in its own codes that there is too much to do", () =>
    Effect.gen(function*() {
      const id = yield* idOf()
      yield* (yield* Simulator.Simulator).script(
        "{\"on\":\"create\",\"fault\":\"429\"}\n{\"on\":\"poll\",\"fault\":\"429\"}"
      )
      const refused = yield* create()
      assert.deepStrictEqual([refused.status, refused.json.code, refused.json.message], [
        429,
        1303,
        "parallel task over resource pack limit"
      ])
      assert.deepStrictEqual(refusal(yield* call("GET", `${text}/${id}`)), [429, 1302])
    }).pipe(memory()))

  it.effect("looks into a JWT: who made it, and whether its time has come or gone", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 hour")
      const now = (yield* Clock.currentTimeMillis) / 1000
      const valid = { iss: "access", exp: now + 1800, nbf: now - 5 }
      const answers = yield* Effect.forEach(
        [
          valid,
          { ...valid, exp: now },
          { ...valid, nbf: now + 1 },
          { ...valid, iss: "sk-invalid" },
          { ...valid, iss: undefined }
        ],
        (claims) => create({}, text, { key: jwt(claims) })
      )
      assert.deepStrictEqual(answers.map(refusal), [[200, 0], [401, 1004], [401, 1003], [401, 1002], [401, 1002]])
      assert.deepStrictEqual(refusal(yield* create({}, text, { key: jwt({ ...valid, iss: "sk-broke" }) })), [429, 1101])
      const id = yield* idOf()
      assert.deepStrictEqual(refusal(yield* call("GET", `${text}/${id}`, { key: jwt({ ...valid, exp: 0 }) })), [
        401,
        1004
      ])
    }).pipe(memory()))

  it.effect("writes the wrapper otherwise on demand", () =>
    Effect.gen(function*() {
      const { json } = yield* create()
      assert.deepStrictEqual([json.code, json.message], ["0", null])
    }).pipe(memory({ klingCode: "string", klingMessage: "null" })))

  it.effect("leaves the code out, and praises itself, on demand", () =>
    Effect.gen(function*() {
      const id = yield* idOf({ prompt: "[job=0]" })
      const { json } = yield* call("GET", `${text}/${id}`)
      assert.deepStrictEqual(["code" in json, json.data.task_status, json.data.task_status_msg], [
        false,
        "succeed",
        "success"
      ])
    }).pipe(memory({ klingCode: "absent", klingStatusMessage: "success" })))

  it.effect("puts the row of CometAPI's gateway round it on demand", () =>
    Effect.gen(function*() {
      const id = yield* idOf({ prompt: "[job=10]" })
      yield* TestClock.adjust("10 seconds")
      const { json } = yield* call("GET", `${text}/${id}`)
      const { data: inner, ...row } = json.data
      assert.deepStrictEqual({ code: json.code, message: json.message, row }, {
        code: "success",
        message: "",
        row: {
          task_id: id,
          action: "TEXT_TO_VIDEO",
          status: "SUCCESS",
          fail_reason: "",
          submit_time: 1_776_681_149,
          start_time: 1_776_681_149,
          finish_time: 1_776_681_159,
          progress: "100%"
        }
      })
      assert.deepStrictEqual([inner.code, inner.data.task_status, inner.data.task_result.videos.length], [
        0,
        "succeed",
        1
      ])
    }).pipe(memory({ klingBody: "wrapped" })))

  it.effect("answers in the fields of the newer API on demand", () =>
    Effect.gen(function*() {
      const created = yield* create({ prompt: "[job=10]", external_task_id: "mine" })
      const { id } = created.json.data
      assert.deepStrictEqual(Object.keys(created.json.data), ["id", "status", "create_time", "update_time"])
      yield* TestClock.adjust("10 seconds")
      const { json } = yield* call("GET", `${text}/${id}`)
      const [{ outputs, ...task }] = json.data
      assert.deepStrictEqual(task, {
        id,
        status: "succeeded",
        message: "",
        create_time: 1_776_681_149_000,
        update_time: 1_776_681_159_000,
        external_id: "mine",
        billing: [{ charge_type: "unit", package_type: "video", amount: "2", currency: "" }]
      })
      assert.deepStrictEqual(Object.keys(outputs[0]), ["type", "id", "url", "watermark_url", "duration"])
    }).pipe(memory({ klingBody: "new" })))
})
