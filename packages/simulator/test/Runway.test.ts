import { assert, describe, it } from "@effect/vitest"
import { Simulator, type SimulatorOptions } from "@video-tasks/simulator"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { type Ask, call, memory } from "./support.ts"

const headers = { "x-runway-version": "2024-11-06" }

const image = "https://example.com/first.jpg"

const order = {
  model: "gen4_turbo",
  promptImage: image,
  promptText: "A paper airplane",
  ratio: "1280:720",
  duration: 5
}

const old = { model: "gen3a_turbo", promptImage: image, promptText: "A paper airplane" }

const create = (fields: object = {}, ask: Ask = {}) =>
  call("POST", "/runway/v1/image_to_video", { json: { ...order, ...fields }, headers, ...ask })

const createAtComet = (fields: object = {}, ask: Ask = {}) =>
  call("POST", "/runwayml/v1/image_to_video", { json: { ...old, ...fields }, headers, ...ask })

const read = (id: string, prefix = "/runway") => call("GET", `${prefix}/v1/tasks/${id}`, { headers })

const remove = (id: string, prefix = "/runway") => call("DELETE", `${prefix}/v1/tasks/${id}`, { headers })

const seeded = (task: Parameters<Simulator.Simulator["Service"]["addTask"]>[1], options?: SimulatorOptions.Options) =>
  Simulator.Simulator.use((simulator) => simulator.addTask("runway", task)).pipe(
    Effect.flatMap((id) => read(id)),
    memory(options)
  )

describe("Runway", () => {
  it.effect("makes a task with the id of a UUID, and counts it", () =>
    Effect.gen(function*() {
      const created = yield* create()
      assert.deepStrictEqual([created.status, Object.keys(created.json)], [200, ["id", "estimatedCost"]])
      assert.match(created.json.id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
      assert.notStrictEqual((yield* create()).json.id, created.json.id)
      const { creates, posts } = yield* (yield* Simulator.Simulator).ledger
      assert.deepStrictEqual([posts, creates.map(({ api, model }) => [api, model])], [2, [
        ["runway", "gen4_turbo"],
        ["runway", "gen4_turbo"]
      ]])
    }).pipe(memory()))

  it.effect("lives from PENDING over RUNNING, whose progress is a share of 1, to SUCCEEDED", () =>
    Effect.gen(function*() {
      const { json: { id } } = yield* create({ promptText: "[job=100] A paper airplane" })
      const seen = []
      for (const seconds of [5, 40, 55]) {
        yield* TestClock.adjust(`${seconds} seconds`)
        const { output, ...rest } = (yield* read(id)).json
        seen.push({ ...rest, ...(output === undefined ? {} : { output: output.length }) })
      }
      const createdAt = "2026-04-20T10:32:29.000Z"
      assert.deepStrictEqual(seen, [
        { id, status: "PENDING", createdAt, estimatedCost: { credits: 25 } },
        { id, status: "RUNNING", createdAt, progress: 0.45, estimatedCost: { credits: 25 } },
        { id, status: "SUCCEEDED", createdAt, output: 1, cost: { credits: 25 } }
      ])
    }).pipe(memory()))

  it.effect("charges each model by the second", () =>
    Effect.map(
      Effect.forEach(["gen4_turbo", "gen4.5"], (model) => create({ model, duration: 10 })),
      (created) => assert.deepStrictEqual(created.map(({ json }) => json.estimatedCost.credits), [50, 120])
    ).pipe(memory()))

  it.effect("signs the link anew with every read", () =>
    Effect.gen(function*() {
      const id = yield* (yield* Simulator.Simulator).addTask("runway", { elapsedSeconds: 500 })
      const first = (yield* read(id)).json.output[0]
      const second = (yield* read(id)).json.output[0]
      assert.notStrictEqual(first, second)
      const file = yield* call("GET", second)
      assert.deepStrictEqual([file.status, file.headers["content-type"]], [200, "video/mp4"])
    }).pipe(memory()))

  it.effect("says why a task failed, and charges what its moderation refused", () =>
    Effect.gen(function*() {
      const bodies = yield* Effect.forEach(
        [
          { outcome: "failed" },
          { outcome: "error" },
          { outcome: "expired" },
          { outcome: "failed", failureCode: "THIRD_PARTY.UNAVAILABLE", failureMessage: "no luck" },
          { outcome: "failed", failureCode: null, cost: 7 }
        ] as const,
        (task) => seeded({ ...task, elapsedSeconds: 500 })
      )
      assert.deepStrictEqual(
        bodies.map(({ json }) => [json.status, json.failureCode, json.cost.credits]),
        [
          ["FAILED", "SAFETY.INPUT.TEXT", 25],
          ["FAILED", "INTERNAL", 0],
          ["FAILED", "INTERNAL", 0],
          ["FAILED", "THIRD_PARTY.UNAVAILABLE", 0],
          ["FAILED", null, 0]
        ]
      )
    }))

  it.effect.each<[SimulatorOptions.Options, string]>([
    [{ runwayQueued: "THROTTLED" }, "THROTTLED"],
    [{ runwayWords: "lower" }, "pending"],
    [{ runwayWords: "lower", runwayQueued: "THROTTLED" }, "throttled"]
  ])(
    "with %j a task that waits is %s",
    ([options, word]) => Effect.map(seeded({}, options), ({ json }) => assert.strictEqual(json.status, word))
  )

  it.effect.each(["CANCELLED", "CANCELED"] as const)(
    "can call a cancelled task %s",
    (runwayCancelled) =>
      Effect.gen(function*() {
        const { json: { id } } = yield* create()
        yield* remove(id)
        const { json } = yield* read(id)
        assert.deepStrictEqual([json.status, json.cost], [runwayCancelled, { credits: 0 }])
      }).pipe(memory({ runwayCancelled }))
  )

  it.effect("cancels a task that has not ended, which nobody can read from then on", () =>
    Effect.gen(function*() {
      const { json: { id } } = yield* create()
      yield* TestClock.adjust("30 seconds")
      const removed = yield* remove(id)
      assert.deepStrictEqual([removed.status, removed.text], [204, ""])
      assert.deepStrictEqual([(yield* read(id)).status, (yield* remove(id)).status], [404, 404])
    }).pipe(memory()))

  it.effect("deletes a task that has ended, and its file", () =>
    Effect.gen(function*() {
      const id = yield* (yield* Simulator.Simulator).addTask("runway", { elapsedSeconds: 500 })
      const url = (yield* read(id)).json.output[0]
      assert.strictEqual((yield* remove(id)).status, 204)
      assert.deepStrictEqual([(yield* read(id)).status, (yield* call("GET", url)).status], [404, 403])
    }).pipe(memory()))

  it.effect("wants its version with every request", () =>
    Effect.gen(function*() {
      const { json: { id } } = yield* create()
      const answers = [
        yield* create({}, { headers: {} }),
        yield* create({}, { headers: { "x-runway-version": "2023-01-01" } }),
        yield* call("GET", `/runway/v1/tasks/${id}`),
        yield* call("DELETE", `/runway/v1/tasks/${id}`)
      ]
      assert.deepStrictEqual(answers.map(({ json, status }) => [status, typeof json.error]), [
        [400, "string"],
        [400, "string"],
        [400, "string"],
        [400, "string"]
      ])
    }).pipe(memory()))

  it.effect.each<[object, ReadonlyArray<string>]>([
    [{ promptImage: undefined }, ["promptImage"]],
    [{ promptImage: "http://example.com/a.jpg" }, ["promptImage"]],
    [{ promptImage: "data:text/plain,hello" }, ["promptImage"]],
    [{ promptImage: `data:image/png;base64,${"A".repeat(5 * 1024 * 1024)}` }, ["promptImage"]],
    [{ promptImage: "data:image/png;base64,AAAA" }, []],
    [{ promptImage: "runway://upload" }, []],
    [{ promptImage: [] }, ["promptImage"]],
    [{ promptImage: [{ uri: image, position: "first" }] }, []],
    [{ promptImage: [{ uri: image, position: "last" }] }, ["promptImage.0.position"]],
    [{ promptImage: [{ uri: image }] }, ["promptImage.0.position"]],
    [{ promptText: undefined }, []],
    [{ promptText: "" }, ["promptText"]],
    [{ promptText: "x".repeat(1001) }, ["promptText"]],
    [{ ratio: undefined }, ["ratio"]],
    [{ ratio: "16:9" }, ["ratio"]],
    [{ duration: undefined }, []],
    [{ duration: 11 }, ["duration"]],
    [{ duration: "5" }, ["duration"]],
    [{ seed: 4_294_967_295 }, []],
    [{ seed: -1 }, ["seed"]],
    [{ contentModeration: { publicFigureThreshold: "low" } }, []],
    [{ contentModeration: { publicFigureThreshold: "none" } }, ["contentModeration.publicFigureThreshold"]],
    [{ model: "gen4.5", duration: undefined, promptText: undefined }, ["promptText", "duration"]],
    [{ model: "veo3.1", duration: 5 }, ["duration"]],
    [{ model: "veo3.1", duration: 8, ratio: "1920:1080" }, []],
    [
      {
        model: "veo3.1",
        duration: 4,
        promptImage: [{ uri: image, position: "first" }, { uri: image, position: "last" }]
      },
      []
    ],
    [{ model: "seedance2", duration: "auto", promptImage: [{ uri: image }], ratio: undefined }, []],
    [{ model: "" }, ["model"]]
  ])("finds what is wrong with %j", ([fields, paths]) =>
    Effect.gen(function*() {
      const { json, status } = yield* create(fields)
      const found = (json.issues ?? []).map(({ path }: { readonly path: Array<string> }) => path.join("."))
      assert.deepStrictEqual([status, found], [paths.length === 0 ? 200 : 400, paths])
      if (paths.length > 0) assert.strictEqual(json.error, "Validation of body failed")
    }).pipe(memory()))

  it.effect("words its errors as a sentence in `error`", () =>
    Effect.gen(function*() {
      const answers = [
        yield* create({}, { key: "sk-invalid" }),
        yield* create({}, { key: undefined }),
        yield* create({}, { key: "sk-broke" }),
        yield* create({ model: "no-such-model-1" }),
        yield* read("17f20503-6c24-4c16-946b-35dbbce2af2f"),
        yield* call("PUT", "/runway/v1/tasks/1", { headers }),
        yield* call("GET", "/runway/v1/image_to_video", { headers }),
        yield* call("GET", "/runway/v1/organization", { headers })
      ]
      assert.deepStrictEqual(answers.map(({ json, status }) => [status, typeof json.error]), [
        [401, "string"],
        [401, "string"],
        [400, "string"],
        [400, "string"],
        [404, "string"],
        [405, "string"],
        [405, "string"],
        [404, "string"]
      ])
    }).pipe(memory()))

  it.effect("takes no body that is not JSON", () =>
    Effect.map(
      create({}, { json: undefined, params: { model: "gen4_turbo" } }),
      ({ status }) => assert.strictEqual(status, 400)
    ).pipe(memory()))
})

describe("Runway behind CometAPI", () => {
  it.effect("answers a create with an id and nothing else, and a query natively without any cost", () =>
    Effect.gen(function*() {
      const created = yield* createAtComet()
      assert.deepStrictEqual([created.status, Object.keys(created.json)], [200, ["id"]])
      const { id } = created.json
      assert.deepStrictEqual((yield* read(id, "/runwayml")).json, {
        id,
        status: "PENDING",
        createdAt: "2026-04-20T10:32:29.000Z"
      })
      assert.strictEqual((yield* call("GET", `/runwayml/v1/tasks/${id}`)).status, 200)
    }).pipe(memory()))

  it.effect("answers with the wrapped row of its older page", () =>
    Effect.gen(function*() {
      const { json: { id } } = yield* createAtComet({ promptText: "[job=60] A paper airplane" })
      const rows = []
      for (const seconds of [1, 29, 45]) {
        yield* TestClock.adjust(`${seconds} seconds`)
        const { json } = yield* read(id, "/runwayml")
        assert.deepStrictEqual([json.code, json.message], ["success", ""])
        const { data, ...row } = json.data
        rows.push({ ...row, data: { ...data, ...(data.output === undefined ? {} : { output: data.output.length }) } })
      }
      const head = { task_id: id, action: "IMAGE_TO_VIDEO" }
      const inner = { id, createdAt: "2026-04-20T18:32:29+08:00" }
      const submit_time = 1776681149
      assert.deepStrictEqual(rows, [
        {
          ...head,
          status: "NOT_START",
          fail_reason: "",
          submit_time,
          start_time: 0,
          finish_time: 0,
          progress: "0%",
          data: { ...inner, status: "PENDING" }
        },
        {
          ...head,
          status: "IN_PROGRESS",
          fail_reason: "",
          submit_time,
          start_time: submit_time + 6,
          finish_time: 0,
          progress: "30%",
          data: { ...inner, status: "RUNNING", progress: 0.3 }
        },
        {
          ...head,
          status: "SUCCESS",
          fail_reason: "",
          submit_time,
          start_time: submit_time + 6,
          finish_time: submit_time + 60,
          progress: "100%",
          data: { ...inner, status: "SUCCEEDED", output: 1 }
        }
      ])
    }).pipe(memory({ runwayBody: "wrapped" })))

  it.effect("keeps the reason, or the link, in the row's `fail_reason`", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.Simulator
      const failed = yield* simulator.addTask("runway", {
        elapsedSeconds: 500,
        outcome: "failed",
        failureMessage: "no"
      })
      const done = yield* simulator.addTask("runway", { elapsedSeconds: 500 })
      const { data: lost } = (yield* read(failed, "/runwayml")).json
      assert.deepStrictEqual([lost.status, lost.fail_reason, lost.data.failure], ["FAILURE", "no", "no"])
      const { data: won } = (yield* read(done, "/runwayml")).json
      assert.match(won.fail_reason, /^http:\/\/simulator\.test\/files\//)
      assert.deepStrictEqual(won.data.output, [])
    }).pipe(memory({ runwayBody: "wrapped", urlInFailReason: true })))

  it.effect("wraps nothing at the vendor's own address", () =>
    Effect.map(seeded({}, { runwayBody: "wrapped" }), ({ json }) => assert.strictEqual(json.status, "PENDING")))

  it.effect("refuses as the gateway does what the gateway refuses", () =>
    Effect.gen(function*() {
      const answers = [
        yield* createAtComet({}, { key: "sk-invalid" }),
        yield* createAtComet({}, { key: "sk-broke" }),
        yield* createAtComet({ model: "no-such-model" }),
        yield* createAtComet({ model: undefined })
      ]
      assert.deepStrictEqual(answers.map(({ json, status }) => [status, json.error.type, json.error.code]), [
        [401, "comet_api_error", ""],
        [403, "comet_api_error", "insufficient_user_quota"],
        [503, "comet_api_error", "model_not_found"],
        [400, "comet_api_error", ""]
      ])
    }).pipe(memory()))

  it.effect("passes the vendor's refusal on as text", () =>
    Effect.gen(function*() {
      const { json, status } = yield* createAtComet({ duration: 7, promptText: "x".repeat(513), seed: 1e9 })
      assert.deepStrictEqual([status, json.code, json.data], [400, "fail_to_fetch_task", null])
      const issues: ReadonlyArray<{ readonly path: ReadonlyArray<string> }> = JSON.parse(json.message).issues
      assert.deepStrictEqual(issues.map(({ path }) => path.join()), ["promptText", "duration", "seed"])
      assert.strictEqual((yield* createAtComet({}, { headers: {} })).status, 400)
    }).pipe(memory()))

  it.effect.each<[SimulatorOptions.Options, unknown]>([
    [{}, { code: "task_not_exist", message: "task_not_exist", data: null }],
    [{ unknownTask: "nested" }, { error: { message: "task_not_exist", type: "cometapi_error" } }]
  ])("does not know a task for some seconds after its create, with %j", ([options, body]) =>
    Effect.gen(function*() {
      const { json: { id } } = yield* createAtComet()
      const early = yield* read(id, "/runwayml")
      assert.deepStrictEqual([early.status, early.json], [400, body])
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* read(id, "/runwayml")).status, 200)
    }).pipe(memory({ visibleAfterSeconds: 5, ...options })))

  it.effect("has no DELETE", () =>
    Effect.gen(function*() {
      const { json: { id } } = yield* createAtComet()
      assert.strictEqual((yield* remove(id, "/runwayml")).status, 301)
      assert.strictEqual((yield* read(id, "/runwayml")).json.status, "PENDING")
    }).pipe(memory()))
})
