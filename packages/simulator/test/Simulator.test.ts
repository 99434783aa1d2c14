import { assert, describe, it } from "@effect/vitest"
import { Ledger, Simulator } from "@video-tasks/simulator"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { call, memory, seedance } from "./support.ts"

const create = (prompt = "x") => call("POST", "/v1/videos", { form: { ...seedance, prompt } })

const poll = (id: string) => Effect.map(call("GET", `/v1/videos/${id}`), ({ json }) => json)

/** Everything that two runs of the same requests show. */
const transcript = Effect.gen(function*() {
  const simulator = yield* Simulator.Simulator
  yield* simulator.script(`{"on":"poll","times":{"p":0.4},"fault":"500"}`)
  const seen: Array<string> = []
  for (let n = 0; n < 8; n++) seen.push((yield* create()).text)
  for (let n = 0; n < 6; n++) {
    yield* TestClock.adjust("20 seconds")
    for (const body of seen.slice(0, 8)) seen.push((yield* call("GET", `/v1/videos/${JSON.parse(body).id}`)).text)
  }
  return seen
})

const options = { outcomes: { failed: 0.3, error: 0.2 } }

describe("Simulator", () => {
  it.effect("lets a task live by the clock", () =>
    Effect.gen(function*() {
      const { json } = yield* create()
      const seen: Array<string> = []
      for (let second = 0; second <= 100; second += 10) {
        const { progress, status } = yield* poll(json.id)
        seen.push(`${status} ${progress}`)
        yield* TestClock.adjust("10 seconds")
      }
      assert.deepStrictEqual(seen, [
        "SUBMITTED 0",
        "IN_PROGRESS 10",
        "IN_PROGRESS 20",
        "IN_PROGRESS 30",
        "IN_PROGRESS 40",
        "IN_PROGRESS 50",
        "IN_PROGRESS 60",
        "IN_PROGRESS 70",
        "IN_PROGRESS 80",
        "IN_PROGRESS 90",
        "SUCCESS 100"
      ])
      const done = yield* poll(json.id)
      assert.strictEqual(done.completed_at, done.created_at + 100)
    }).pipe(memory({ jobSeconds: { min: 100, max: 100 } })))

  it.effect("takes a minute to two for a job", () =>
    Effect.gen(function*() {
      const ids: Array<string> = []
      for (let n = 0; n < 50; n++) ids.push((yield* create()).json.id)
      yield* TestClock.adjust("60 seconds")
      const early = yield* Effect.forEach(ids, poll)
      assert.isTrue(early.some(({ status }) => status === "IN_PROGRESS"))
      yield* TestClock.adjust("60 seconds")
      const late = yield* Effect.forEach(ids, poll)
      assert.isTrue(late.every(({ status }) => status === "SUCCESS"))
      const lengths = late.map((task) => task.completed_at - task.created_at)
      assert.isTrue(lengths.every((length) => length >= 60 && length <= 120))
      assert.isAbove(new Set(lengths).size, 20)
    }).pipe(memory()))

  it.effect("runs faster by its factor, in the caller's own timestamps", () =>
    Effect.gen(function*() {
      const { json } = yield* create()
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* poll(json.id)).progress, 50)
      yield* TestClock.adjust("1 second")
      const done = yield* poll(json.id)
      assert.deepStrictEqual([done.status, done.completed_at - done.created_at], ["SUCCESS", 2])
      assert.include(done.video_url, "X-Tos-Expires=1440&")
    }).pipe(memory({ speed: 60, jobSeconds: { min: 120, max: 120 } })))

  it.effect("decides everything by its seed", () =>
    Effect.gen(function*() {
      const first = yield* transcript.pipe(memory({ ...options, seed: 7 }))
      yield* TestClock.setTime(0)
      const again = yield* transcript.pipe(memory({ ...options, seed: 7 }))
      yield* TestClock.setTime(0)
      const other = yield* transcript.pipe(memory({ ...options, seed: 8 }))
      assert.deepStrictEqual(again, first)
      assert.notDeepEqual(other, first)
      for (const word of ["SUCCESS", "FAILED", "ERROR", "comet_api_error"]) {
        assert.isTrue(first.some((text) => text.includes(word)), word)
      }
    }))

  it.effect("decides by its seed whatever the order of the requests", () =>
    Effect.gen(function*() {
      const outcomes = (ids: ReadonlyArray<string>) =>
        Effect.forEach(ids, (id) => Effect.map(poll(id), (t) => t.status))
      const run = (reverse: boolean) =>
        Effect.gen(function*() {
          const ids: Array<string> = []
          for (let n = 0; n < 20; n++) ids.push((yield* create()).json.id)
          yield* (yield* Simulator.Simulator).script(`{"on":"poll","times":{"p":0.5},"fault":"unknown-status"}`)
          yield* TestClock.adjust("200 seconds")
          const seen = yield* outcomes(reverse ? ids.toReversed() : ids)
          return reverse ? seen.toReversed() : seen
        }).pipe(memory(options))
      assert.deepStrictEqual(yield* run(true), yield* run(false))
    }))

  it.effect("obeys the directives of a prompt", () =>
    Effect.gen(function*() {
      const ids = yield* Effect.forEach(
        ["[fail]", "[error]", "[no-url]", "[stuck]", "[ghost]", "a [job=500] plane"],
        (prompt) => Effect.map(create(prompt), ({ json }) => String(json.id))
      )
      yield* TestClock.adjust("200 seconds")
      const seen = yield* Effect.forEach(ids, poll)
      assert.deepStrictEqual(
        seen.map((task) => [task.status ?? task.code, task.progress, typeof task.video_url]),
        [
          ["FAILED", 100, "undefined"],
          ["ERROR", 100, "undefined"],
          ["SUCCESS", 100, "undefined"],
          ["IN_PROGRESS", 30, "undefined"],
          ["task_not_exist", undefined, "undefined"],
          ["IN_PROGRESS", 40, "undefined"]
        ]
      )
      const { bills, creates } = yield* (yield* Simulator.Simulator).ledger
      assert.deepStrictEqual([bills, creates.length], [6, 6])
    }).pipe(memory()))

  it.effect("hides a young task on demand", () =>
    Effect.gen(function*() {
      const { json } = yield* create()
      assert.strictEqual((yield* poll(json.id)).message, "task_not_exist")
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* poll(json.id)).status, "SUBMITTED")
    }).pipe(memory({ visibleAfterSeconds: 5 })))

  it.effect.each(
    [
      ["integer", 45],
      ["percent", "45%"],
      ["float", 45.83],
      ["fraction", 0.45],
      ["absent", undefined],
      ["stuck", 30]
    ] as const
  )("writes progress as %s", ([progress, expected]) =>
    Effect.gen(function*() {
      const id = yield* (yield* Simulator.Simulator).addTask("cometapi", { jobSeconds: 120, elapsedSeconds: 55 })
      assert.strictEqual((yield* poll(id)).progress, expected)
    }).pipe(memory({ progress })))

  it.effect.each(
    [
      ["seconds", 1776681149],
      ["milliseconds", 1776681149000],
      ["iso", "2026-04-20T10:32:29.000Z"]
    ] as const
  )("writes timestamps as %s", ([timestamps, expected]) =>
    Effect.gen(function*() {
      assert.strictEqual((yield* create()).json.created_at, expected)
    }).pipe(memory({ timestamps })))

  it.effect("adds unknown fields on demand", () =>
    Effect.gen(function*() {
      const { json } = yield* create()
      assert.deepStrictEqual(json.x_internal.nested, [{ deep: true }])
    }).pipe(memory({ extraFields: true })))

  it.effect("keeps the tasks of the APIs apart", () =>
    Effect.gen(function*() {
      const id = yield* (yield* Simulator.Simulator).addTask("seeany", {})
      assert.strictEqual((yield* call("GET", `/v1/videos/${id}`)).status, 400)
      assert.strictEqual((yield* call("GET", `/v1/tasks/${id}`)).status, 200)
    }).pipe(memory()))

  it.effect("counts one POST and one bill for a create, however often it is polled", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.Simulator
      const { json } = yield* create()
      for (let n = 0; n < 3; n++) {
        yield* TestClock.adjust("60 seconds")
        yield* poll(json.id)
      }
      yield* call("GET", (yield* poll(json.id)).video_url, { key: undefined })
      const ledger = yield* simulator.ledger
      assert.deepStrictEqual([ledger.posts, ledger.bills], [1, 1])
      const [entry] = ledger.creates
      assert.isAbove(entry!.requestBytes, 100)
      assert.deepStrictEqual(
        { ...entry, requestBytes: 0 },
        {
          at: 1776681149000,
          api: "cometapi",
          model: seedance.model,
          taskId: json.id,
          prompt: "x",
          requestBytes: 0,
          billed: true
        }
      )
      assert.deepStrictEqual(Ledger.ofTask(ledger, json.id), {
        taskId: json.id,
        api: "cometapi",
        polls: 4,
        downloads: 1,
        polledAt: [60, 120, 180, 180].map((second) => 1776681149000 + second * 1000),
        polledBy: ["", "", "", ""],
        downloadedAt: [1776681149000 + 180_000]
      })
      const { operation, authorization, path } = ledger.requests.at(-1)!
      assert.deepStrictEqual([operation, authorization, path], ["download", false, `/files/${json.id}.mp4`])
    }).pipe(memory()))

  it.effect("counts a refused create without billing it", () =>
    Effect.gen(function*() {
      yield* call("POST", "/v1/videos", { form: { ...seedance, seconds: "99" } })
      const { bills, posts, requests } = yield* (yield* Simulator.Simulator).ledger
      assert.deepStrictEqual([posts, bills, requests[0]!.status], [1, 0, 400])
    }).pipe(memory()))

  it.effect("keeps only the latest requests in full", () =>
    Effect.gen(function*() {
      for (let n = 0; n < 25; n++) yield* call("GET", `/v1/videos/task_${n}`)
      const { requests, tasks } = yield* (yield* Simulator.Simulator).ledger
      assert.strictEqual(requests.length, 10)
      assert.strictEqual(requests.at(-1)!.taskId, "task_24")
      assert.strictEqual(tasks.length, 25)
    }).pipe(memory({ keepRequests: 10 })))

  it.effect("keeps as many tasks as it was told, a tenth more at most, and forgets all of the first ones", () =>
    Effect.gen(function*() {
      const ids: Array<string> = []
      for (let n = 0; n < 34; n++) ids.push((yield* call("POST", "/v1/videos", { json: seedance })).json.id)
      const { creates, tasks } = yield* (yield* Simulator.Simulator).ledger
      assert.deepStrictEqual(creates.map(({ taskId }) => taskId), ids.slice(-creates.length))
      assert.deepStrictEqual([creates.length, tasks.length], [22, 22])
      assert.strictEqual((yield* call("GET", `/v1/videos/${ids[0]}`)).json.code, "task_not_exist")
      assert.strictEqual((yield* call("GET", `/v1/videos/${ids.at(-1)}`)).status, 200)
    }).pipe(memory({ keepTasks: 20 })))

  it.effect("is controlled over HTTP as well", () =>
    Effect.gen(function*() {
      const http = { key: undefined }
      const seeded = yield* call("POST", "/_simulator/tasks", {
        ...http,
        json: { api: "seeany", id: "vid_1", jobSeconds: 10, elapsedSeconds: 10 }
      })
      assert.deepStrictEqual(seeded.json, { api: "seeany", id: "vid_1" })
      const added = yield* call("POST", "/_simulator/script", {
        ...http,
        headers: { "content-type": "text/plain" },
        json: { on: "poll", fault: "500" }
      })
      assert.deepStrictEqual(added.json, { added: 1, lines: 1 })
      assert.strictEqual((yield* call("GET", "/v1/tasks/vid_1")).status, 500)
      assert.strictEqual((yield* call("GET", "/v1/tasks/vid_1")).json.status, "completed")
      const ledger = yield* call("GET", "/_simulator/ledger", http)
      assert.deepStrictEqual(ledger.json.tasks[0].polls, 2)
      assert.strictEqual(ledger.json.requests[0].fault, "500")
      const wrong = yield* call("POST", "/_simulator/script", { ...http, json: { on: "poll", fault: "oops" } })
      assert.deepStrictEqual([wrong.status, wrong.json.line, wrong.json.field], [400, 1, "fault"])
      assert.strictEqual((yield* call("POST", "/_simulator/tasks", { ...http, json: { api: "x" } })).status, 400)
      yield* call("POST", "/_simulator/reset", http)
      assert.deepStrictEqual((yield* call("GET", "/_simulator/ledger", http)).json.requests, [])
      assert.strictEqual((yield* call("GET", "/_simulator/nothing", http)).status, 404)
    }).pipe(memory()))

  it.effect("strikes the requests that a line counts, polls for each task apart", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.Simulator
      yield* simulator.addTask("cometapi", { id: "a" })
      yield* simulator.addTask("cometapi", { id: "b" })
      yield* simulator.script([
        { on: "poll", nth: 2, times: 2, fault: "500" },
        { on: "poll", task: "b", nth: 3, times: "always", fault: "429" }
      ])
      const statuses = (id: string) =>
        Effect.forEach([1, 2, 3, 4, 5], () => Effect.map(call("GET", `/v1/videos/${id}`), ({ status }) => status))
      assert.deepStrictEqual(yield* statuses("a"), [200, 500, 500, 200, 200])
      assert.deepStrictEqual(yield* statuses("b"), [200, 500, 500, 429, 429])
    }).pipe(memory()))

  it.effect("strikes only the API of a line", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.Simulator
      yield* simulator.addTask("cometapi", { id: "a" })
      yield* simulator.addTask("generic", { id: "b" })
      yield* simulator.script(`{"on":"poll","api":"generic","fault":"502"}`)
      assert.strictEqual((yield* call("GET", "/v1/videos/a")).status, 200)
      assert.strictEqual((yield* call("GET", "/v1/video/generations/b")).status, 502)
    }).pipe(memory()))
})
