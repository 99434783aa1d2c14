import { assert, describe, it } from "@effect/vitest"
import { Simulator } from "@video-tasks/simulator"
import { Effect, Fiber, Stream } from "effect"
import { HttpClientRequest } from "effect/http"
import * as HttpClient from "effect/http/HttpClient"
import { TestClock } from "effect/testing"
import { call, memory, seedance, send } from "./support.ts"

const task = Effect.gen(function*() {
  return yield* (yield* Simulator.Simulator).addTask("cometapi", { jobSeconds: 120, elapsedSeconds: 54 })
})

const script = (line: object) =>
  Effect.flatMap(Simulator.Simulator, (simulator) => simulator.script(JSON.stringify(line)))

describe("SimulatorHttp", () => {
  it.effect("reads every kind of body", () =>
    Effect.gen(function*() {
      const client = yield* HttpClient.HttpClient
      const post = HttpClientRequest.post("https://api.cometapi.com/v1/videos").pipe(
        HttpClientRequest.bearerToken("sk-test")
      )
      const json = new TextEncoder().encode(JSON.stringify(seedance))
      const type = "application/json"
      const statuses = yield* Effect.forEach([
        HttpClientRequest.bodyFormDataRecord(post, seedance),
        HttpClientRequest.bodyUrlParams(post, seedance),
        HttpClientRequest.bodyJsonUnsafe(post, seedance),
        HttpClientRequest.bodyUint8Array(post, json, type),
        HttpClientRequest.bodyStream(post, Stream.make(json.slice(0, 9), json.slice(9)), { contentType: type }),
        post
      ], (request) => Effect.map(client.execute(request), ({ status }) => status))
      assert.deepStrictEqual(statuses, [200, 200, 200, 200, 200, 400])
    }).pipe(memory()))

  it.effect("fails with a transport error when the answer is lost, and the task is there", () =>
    Effect.gen(function*() {
      yield* script({ on: "create", fault: "reset-after-accept" })
      const error = yield* Effect.flip(send("POST", "/v1/videos", { form: seedance }))
      assert.strictEqual(error.reason._tag, "TransportError")
      assert.propertyVal(error.reason.cause, "code", "ECONNRESET")
      const { bills, creates, posts } = yield* (yield* Simulator.Simulator).ledger
      assert.deepStrictEqual([posts, bills], [1, 1])
      assert.strictEqual((yield* call("GET", `/v1/videos/${creates[0]!.taskId}`)).status, 200)
    }).pipe(memory()))

  it.effect("fails with a transport error and no task when nothing was processed", () =>
    Effect.gen(function*() {
      yield* script({ on: "create", fault: "reset-before-accept" })
      const error = yield* Effect.flip(send("POST", "/v1/videos", { form: seedance }))
      assert.strictEqual(error.reason._tag, "TransportError")
      const { bills, posts } = yield* (yield* Simulator.Simulator).ledger
      assert.deepStrictEqual([posts, bills], [1, 0])
    }).pipe(memory()))

  it.effect("fails with a decode error in the middle of a body", () =>
    Effect.gen(function*() {
      const id = yield* task
      yield* script({ on: "poll", fault: "reset-mid-body", bytes: 10, times: 2 })
      const response = yield* send("GET", `/v1/videos/${id}`)
      assert.strictEqual(response.status, 200)
      const error = yield* Effect.flip(response.text)
      assert.strictEqual(error.reason._tag, "DecodeError")
      const seen: Array<number> = []
      const again = yield* send("GET", `/v1/videos/${id}`)
      yield* Effect.flip(Stream.runForEach(again.stream, (chunk) => Effect.sync(() => seen.push(chunk.length))))
      assert.deepStrictEqual(seen, [10])
    }).pipe(memory()))

  it.effect("hangs for ever, or for some seconds", () =>
    Effect.gen(function*() {
      const id = yield* task
      yield* script({ on: "poll", fault: "hang" })
      yield* script({ on: "poll", nth: 2, fault: "hang", seconds: 30 })
      const never = yield* Effect.forkChild(
        send("GET", `/v1/videos/${id}`).pipe(Effect.timeoutOption("10 minutes"))
      )
      yield* TestClock.adjust("10 minutes")
      assert.isTrue((yield* Fiber.join(never))._tag === "None")
      const reset = yield* Effect.forkChild(Effect.flip(send("GET", `/v1/videos/${id}`)))
      yield* TestClock.adjust("30 seconds")
      const error = yield* Fiber.join(reset)
      assert.strictEqual("reason" in error ? error.reason._tag : "", "TransportError")
    }).pipe(memory()))

  it.effect("is late by the clock", () =>
    Effect.gen(function*() {
      const id = yield* task
      yield* script({ on: "poll", fault: "late", seconds: 5 })
      const fiber = yield* Effect.forkChild(send("GET", `/v1/videos/${id}`))
      yield* TestClock.adjust("4 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(fiber)).status, 200)
    }).pipe(memory()))

  it.effect("drips a byte a second after the head", () =>
    Effect.gen(function*() {
      const id = yield* task
      yield* script({ on: "poll", fault: "slow-drip" })
      const response = yield* send("GET", `/v1/videos/${id}`)
      const length = Number(response.headers["content-length"])
      let got = 0
      const fiber = yield* Effect.forkChild(
        Stream.runForEach(response.stream, (chunk) => Effect.sync(() => (got += chunk.length)))
      )
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(got, 5)
      yield* TestClock.adjust(`${length} seconds`)
      yield* Fiber.join(fiber)
      assert.strictEqual(got, length)
    }).pipe(memory()))

  it.effect("does not undo a content encoding", () =>
    Effect.gen(function*() {
      const id = yield* task
      yield* script({ on: "poll", fault: "gzip" })
      const response = yield* send("GET", `/v1/videos/${id}`)
      assert.strictEqual(response.headers["content-encoding"], "gzip")
      const body = new Blob([yield* response.arrayBuffer]).stream().pipeThrough(new DecompressionStream("gzip"))
      const json = yield* Effect.promise(() => new Response(body).json())
      assert.strictEqual(json.progress, 45)
    }).pipe(memory()))

  it.effect("writes an HTTP date by the clock", () =>
    Effect.gen(function*() {
      const id = yield* task
      yield* script({ on: "poll", fault: "429", retryAfter: { date: 3 } })
      const { headers } = yield* call("GET", `/v1/videos/${id}`)
      assert.strictEqual(headers["retry-after"], "Mon, 20 Apr 2026 10:32:32 GMT")
    }).pipe(memory()))

  it.effect("follows 1000 tasks of three APIs through 10,000 requests", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.Simulator
      const paths: Array<string> = []
      for (let n = 0; n < 1000; n++) {
        const api = (["cometapi", "seeany", "generic"] as const)[n % 3]!
        const id = yield* simulator.addTask(api, {})
        paths.push(`${{ cometapi: "/v1/videos", seeany: "/v1/tasks", generic: "/v1/video/generations" }[api]}/${id}`)
      }
      for (let round = 0; round < 10; round++) {
        yield* TestClock.adjust("13 seconds")
        yield* Effect.forEach(paths, (path) => call("GET", path), { concurrency: 50, discard: true })
      }
      const last = yield* Effect.forEach(paths, (path) => call("GET", path))
      assert.isTrue(last.every(({ json }) => ["SUCCESS", "completed"].includes(json.status)))
    }).pipe(memory({ keepRequests: 100 })))
})
