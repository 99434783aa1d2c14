import { assert, describe, it } from "@effect/vitest"
import { TaskHandle } from "@video-tasks/core"
import { CometApi, GenericApi, Kling, Runway } from "@video-tasks/providers"
import { Effect, Redacted } from "effect"
import { fieldsOf } from "./utils/bodies.ts"
import { apiKey, type Handler, stub } from "./utils/stub.ts"
import { usingStub } from "./utils/using.ts"

const page = "<!doctype html><title>Console</title>"

const html = (status: number) => new Response(page, { status, headers: { "content-type": "text/html" } })

const moved = () => new Response(null, { status: 301, headers: { location: "https://www.example.com/" } })

const answered = (status: number, body: unknown) => () => Response.json(body, { status })

const complaint = (message: string, code: string) => ({ error: { message, code, type: "comet_api_error", param: "" } })

const handle = (provider: string, family: string, baseUrl: string) =>
  TaskHandle.TaskHandle.make({ provider, family, remoteId: "t1", baseUrl, account: "default" })

const baseUrl = "https://gateway.example.com"

const places = {
  cometapi: {
    make: CometApi.make({ apiKey }),
    request: CometApi.seedance({ model: "doubao-seedance-2-0-fast", prompt: "p" }),
    handle: handle("cometapi", "seedance", "https://api.cometapi.com")
  },
  generic: {
    make: GenericApi.make({ apiKey, baseUrl }),
    request: GenericApi.video({ model: "m", prompt: "p" }),
    handle: handle("generic", "video", baseUrl)
  }
}

const names = ["cometapi", "generic"] as const

const refused = (name: (typeof names)[number], handler: Handler) =>
  Effect.map(
    usingStub(places[name].make, handler, (api) => Effect.flip(api.create(places[name].request))),
    ({ requests, value }) => ({ reason: value.reason, retryable: value.retryable, posts: requests.length })
  )

const unread = (name: (typeof names)[number], handler: Handler) =>
  Effect.map(
    usingStub(places[name].make, handler, (api) => Effect.flip(api.observe(places[name].handle))),
    ({ value }) => ({ reason: value.reason, retryable: value.retryable })
  )

describe("an answer that is not what its status says", () => {
  it.effect.each(names)(
    "quirk 16: a 503 about a model that nobody serves is for good, at %s",
    (name) =>
      Effect.gen(function*() {
        const body = complaint("no available channel for model m (distributor)", "model_not_found")
        const { posts, reason, retryable } = yield* refused(name, answered(503, body))
        assert.deepStrictEqual([reason._tag, retryable, posts], ["ModelUnavailable", false, 1])
      })
  )

  it.effect.each(names)(
    "quirk 16: a 500 that says `invalid_request` is about the request, at %s",
    (name) =>
      Effect.gen(function*() {
        const { posts, reason, retryable } = yield* refused(name, answered(500, complaint("bad", "invalid_request")))
        assert.deepStrictEqual([reason._tag, retryable, posts], ["InvalidRequest", false, 1])
      })
  )

  it.effect.each(names)(
    "quirk 16: the same at a poll is a fault of the server, and the task goes on, at %s",
    (name) =>
      Effect.gen(function*() {
        for (const [status, code] of [[503, "model_not_found"], [500, "invalid_request"]] as const) {
          const { reason, retryable } = yield* unread(name, answered(status, complaint("bad", code)))
          assert.deepStrictEqual([reason._tag, retryable], ["ProviderUnavailable", true])
        }
      })
  )

  it.effect.each(names)(
    "quirk 17: a redirect and a page with 200 are no answer of the API, at %s",
    (name) =>
      Effect.gen(function*() {
        for (const handler of [moved, () => html(200)]) {
          assert.strictEqual((yield* unread(name, handler)).reason._tag, "UnexpectedResponse")
        }
        const create = yield* refused(name, moved)
        assert.deepStrictEqual([create.reason._tag, create.retryable], ["InvalidRequest", false])
        // Whoever answered, a task may have been made.
        assert.strictEqual((yield* refused(name, () => html(200))).reason._tag, "SubmissionAmbiguous")
      })
  )

  it.effect("quirk 37: a create may be answered with 201 and `processing`", () =>
    Effect.gen(function*() {
      const handler = answered(201, { task_id: "task_9f", status: "processing" })
      const { value } = yield* usingStub(places.generic.make, handler, (api) => api.create(places.generic.request))
      assert.strictEqual(value.handle.remoteId, "task_9f")
    }))

  it.effect.each(names)(
    "quirk 44: a 403 about the content refuses the request, one about the key the key, at %s",
    (name) =>
      Effect.gen(function*() {
        const content = yield* refused(
          name,
          answered(403, complaint("blocked by our content policy", "moderation_blocked"))
        )
        const key = yield* refused(name, answered(403, complaint("this key may not do that", "")))
        assert.deepStrictEqual([content.reason._tag, key.reason._tag], ["InvalidRequest", "Unauthorized"])
      })
  )
})

describe("what must be sent", () => {
  it.effect("quirk 28: form values go out bare, without the quotes of the page's samples", () =>
    Effect.gen(function*() {
      const request = CometApi.seedance({ model: "doubao-seedance-2-0-fast", prompt: "say \"hi\"", seconds: 5 })
      const { requests } = yield* usingStub(
        places.cometapi.make,
        answered(200, { id: "t1", status: "queued" }),
        (api) => api.create(request)
      )
      const fields = new Map((yield* fieldsOf(requests[0])).map(([name, value]) => [name, value] as const))
      assert.deepStrictEqual(["model", "prompt", "seconds"].map((name) => fields.get(name)), [
        "doubao-seedance-2-0-fast",
        "say \"hi\"",
        "5"
      ])
    }))

  it.effect("quirk 29: Runway's requests name the version of the API at CometAPI too", () =>
    Effect.gen(function*() {
      const image = new URL("https://example.com/first.jpg")
      const request = Runway.video({ provider: "cometapi", model: "gen3a_turbo", image })
      const { requests, urls } = yield* usingStub(places.cometapi.make, answered(200, { id: "t1" }), (api) =>
        api.create(request))
      assert.deepStrictEqual(urls, ["https://api.cometapi.com/runwayml/v1/image_to_video"])
      assert.strictEqual(requests[0]?.headers["x-runway-version"], "2024-11-06")
    }))

  it.effect("quirk 31: a key with more hyphens goes out whole, and the gateway's 403 about it is the key's", () =>
    Effect.gen(function*() {
      const make = GenericApi.make({ apiKey: Redacted.make("sk-abc123-17-x"), baseUrl })
      const denied = answered(403, {
        error: { message: "普通用户不支持指定渠道 (request id: 1)", type: "new_api_error", code: "" }
      })
      const { requests, value } = yield* usingStub(
        make,
        denied,
        (api) => Effect.flip(api.create(places.generic.request))
      )
      assert.strictEqual(requests[0]?.headers["authorization"], "Bearer sk-abc123-17-x")
      assert.strictEqual(value.reason._tag, "Unauthorized")
    }))

  it.effect("quirk 9: an id of 19 digits comes back in the address as it was given", () =>
    Effect.gen(function*() {
      const remoteId = "2032273942220931072"
      const data = { task_id: remoteId, task_status: "processing" }
      const kling = TaskHandle.TaskHandle.make({
        ...handle("kling", "kling", "https://api-singapore.klingai.com"),
        remoteId,
        route: "text2video"
      })
      const { provide, urls } = stub(answered(200, { code: 0, data }))
      const found = yield* Kling.make({ apiKey }).pipe(Effect.flatMap((api) => api.observe(kling)), provide)
      assert.strictEqual(found.remoteId, remoteId)
      assert.isTrue(urls[0]?.endsWith(`/${remoteId}`))
    }))
})
