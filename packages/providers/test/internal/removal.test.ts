import { assert, describe, it } from "@effect/vitest"
import { TaskHandle, type VideoProvider } from "@video-tasks/core"
import { Ark, Runway } from "@video-tasks/providers"
import { Effect } from "effect"
import { apiKey, type Handler, stub } from "../utils/stub.ts"

/** A task of an API that takes a `DELETE` and does not always say so. */
const world = (lost: Handler, first = "RUNNING", gone = true) => {
  const state = { status: first, deletes: 0 }
  const { provide, requests } = stub((request, url) => {
    if (request.method === "DELETE") {
      state.deletes++
      const isKnown = state.status !== "gone"
      state.status = gone ? "gone" : "cancelled"
      if (!isKnown) return Response.json({ error: "none" }, { status: 404 })
      return state.deletes === 1 ? lost(request, url) : new Response(null, { status: 204 })
    }
    return state.status === "gone"
      ? Response.json({ error: "none" }, { status: 404 })
      : Response.json({ id: "t1", status: state.status, output: ["https://cdn.example.com/v.mp4"] })
  })
  return { state, provide, methods: () => requests.map(({ method }) => method) }
}

const handleOf = (api: VideoProvider.VideoProvider) =>
  TaskHandle.TaskHandle.make({
    provider: api.id,
    family: api.id,
    remoteId: "t1",
    baseUrl: api.baseUrl,
    account: api.account
  })

const losses: ReadonlyArray<readonly [string, Handler]> = [
  ["a reset connection", () => ({ cause: Object.assign(new Error("x"), { code: "ECONNRESET" }) })],
  ["HTTP 500", () => Response.json({ error: "oops" }, { status: 500 })],
  ["HTTP 502 with a page", () => new Response("<html>", { status: 502 })],
  ["HTTP 408", () => new Response(null, { status: 408 })]
]

describe("removal", () => {
  it.effect.each(losses)(
    "confirms a cancel whose first answer was %s, when the task is gone then",
    ([, lost]) =>
      Effect.gen(function*() {
        const { methods, provide } = world(lost)
        const api = yield* Runway.make({ apiKey }).pipe(provide)
        assert.strictEqual((yield* Effect.flip(api.cancel(handleOf(api)))).reason._tag, "ProviderUnavailable")
        assert.strictEqual(yield* api.cancel(handleOf(api)), "confirmed")
        assert.deepStrictEqual(methods(), ["GET", "DELETE", "GET"])
      })
  )

  it.effect.each(losses)(
    "confirms it too where a cancelled task stays known (%s)",
    ([, lost]) =>
      Effect.gen(function*() {
        const { methods, provide } = world(lost, "queued", false)
        const api = yield* Ark.make({ apiKey }).pipe(provide)
        yield* Effect.flip(api.cancel(handleOf(api)))
        assert.strictEqual(yield* api.cancel(handleOf(api)), "confirmed")
        assert.deepStrictEqual(methods(), ["GET", "DELETE", "GET"])
      })
  )

  it.effect.each(losses)("is done with a removal whose first answer was %s", ([, lost]) =>
    Effect.gen(function*() {
      const { methods, provide } = world(lost, "SUCCEEDED")
      const api = yield* Runway.make({ apiKey }).pipe(provide)
      yield* Effect.flip(api.remove(handleOf(api)))
      yield* api.remove(handleOf(api))
      assert.deepStrictEqual(methods(), ["GET", "DELETE", "GET"])
    }))

  it.effect("believes a 404 only after a DELETE of its own that was lost", () =>
    Effect.gen(function*() {
      const unknown = world(() => new Response(null, { status: 204 }), "gone")
      const api = yield* Runway.make({ apiKey }).pipe(unknown.provide)
      assert.strictEqual((yield* Effect.flip(api.cancel(handleOf(api)))).reason._tag, "TaskNotFound")
      assert.strictEqual((yield* Effect.flip(api.remove(handleOf(api)))).reason._tag, "TaskNotFound")
      assert.deepStrictEqual(unknown.methods(), ["GET", "GET"])
      const refusing = world(() => Response.json({ error: "no route" }, { status: 404 }))
      const other = yield* Runway.make({ apiKey }).pipe(refusing.provide)
      for (let time = 0; time < 2; time++) {
        refusing.state.status = "RUNNING"
        refusing.state.deletes = 0
        assert.strictEqual((yield* Effect.flip(other.cancel(handleOf(other)))).reason._tag, "TaskNotFound")
      }
      assert.strictEqual((yield* Effect.flip(other.cancel(handleOf(other)))).reason._tag, "TaskNotFound")
    }))

  it.effect("remembers it of that task only", () =>
    Effect.gen(function*() {
      const { provide, state } = world(() => Response.json({}, { status: 500 }))
      const api = yield* Runway.make({ apiKey }).pipe(provide)
      yield* Effect.flip(api.cancel(handleOf(api)))
      assert.strictEqual(state.status, "gone")
      const other = TaskHandle.TaskHandle.make({ ...handleOf(api), remoteId: "t2" })
      assert.strictEqual((yield* Effect.flip(api.cancel(other))).reason._tag, "TaskNotFound")
    }))
})
