import { assert, describe, it } from "@effect/vitest"
import { Simulator } from "@video-tasks/simulator"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { call, memory, seedance } from "./support.ts"

describe("the quirks that a server shows", () => {
  it.effect("quirk 16: a model that nobody serves is a 503 at both gateways", () =>
    Effect.gen(function*() {
      const asked = { model: "no-such-model", prompt: "x" }
      const comet = yield* call("POST", "/v1/videos", { form: asked })
      const newApi = yield* call("POST", "/newapi/v1/video/generations", { json: asked })
      for (const { json, status } of [comet, newApi]) {
        assert.deepStrictEqual([status, json.error.code], [503, "model_not_found"])
      }
    }).pipe(memory()))

  it.effect("quirk 17: a wrong path is a redirect at CometAPI and a page with 200 at New-API", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* call("GET", "/v1/vidoes/1")).status, 301)
      const page = yield* call("GET", "/newapi/pricing")
      assert.deepStrictEqual([page.status, page.headers["content-type"]], [200, "text/html; charset=utf-8"])
    }).pipe(memory()))

  it.effect("quirk 26: a create may name a task that is not there yet", () =>
    Effect.gen(function*() {
      const { json: { id } } = yield* call("POST", "/v1/videos", { form: seedance })
      assert.strictEqual((yield* call("GET", `/v1/videos/${id}`)).status, 400)
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* call("GET", `/v1/videos/${id}`)).status, 200)
    }).pipe(memory({ visibleAfterSeconds: 5 })))

  it.effect("quirk 28: form values may come in the quotes of the page's samples", () =>
    Effect.gen(function*() {
      const form = { model: `"${seedance.model}"`, prompt: "\"x\"", seconds: "\"5\"", size: "\"16:9\"" }
      const { json, status } = yield* call("POST", "/v1/videos", { form })
      assert.deepStrictEqual([status, json.model], [200, seedance.model])
    }).pipe(memory()))

  it.effect("quirk 29: Runway's create wants the version of the API, at CometAPI too", () =>
    Effect.gen(function*() {
      const json = { model: "gen3a_turbo", promptImage: "https://example.com/a.jpg", duration: 5, ratio: "1280:768" }
      const create = (headers: Readonly<Record<string, string>>) =>
        call("POST", "/runwayml/v1/image_to_video", { json, headers })
      assert.strictEqual((yield* create({})).status, 400)
      assert.strictEqual((yield* create({ "x-runway-version": "2024-11-06" })).status, 200)
    }).pipe(memory()))

  it.effect("quirk 33: the poll of a failed Seedance task gives no reason, the content route does", () =>
    Effect.gen(function*() {
      yield* (yield* Simulator.Simulator).addTask("cometapi", { id: "task_1", elapsedSeconds: 500, outcome: "failed" })
      const poll = yield* call("GET", "/v1/videos/task_1")
      assert.notProperty(poll.json, "error")
      const content = yield* call("GET", "/v1/videos/task_1/content")
      assert.notStrictEqual(content.status, 200)
      assert.include(content.text, "current status")
    }).pipe(memory()))
})
