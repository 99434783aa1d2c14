import { assert, describe, it } from "@effect/vitest"
import { Fault, Samples, type Script, Simulator, SimulatorServer } from "@video-tasks/simulator"
import { Clock, Effect } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import * as Http from "node:http"
import { gunzipSync } from "node:zlib"

interface Seen {
  readonly status?: number
  readonly headers: Http.IncomingHttpHeaders
  readonly bytes: Buffer
  /** The code of the error that ended it, or `timeout`. */
  readonly error?: string | undefined
}

/** One request on a connection of its own, as far as it gets. */
const get = (url: string, options: Http.RequestOptions & { readonly body?: string; readonly wait?: number } = {}) =>
  Effect.callback<Seen>((resume) => {
    const { body, wait = 400, ...rest } = options
    const chunks: Array<Buffer> = []
    let message: Http.IncomingMessage | undefined
    const done = (code?: string) => {
      const error = code === "ABORT_ERR" ? "timeout" : code
      resume(Effect.succeed({
        ...(message?.statusCode === undefined ? {} : { status: message.statusCode }),
        headers: message?.headers ?? {},
        bytes: Buffer.concat(chunks),
        error
      }))
    }
    const signal = AbortSignal.timeout(wait)
    const request = Http.request(url, { agent: false, signal, ...rest }, (incoming) => {
      message = incoming
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk))
      incoming.on("end", () => done())
      incoming.on("error", (error: NodeJS.ErrnoException) => done(error.code))
    })
    request.on("error", (error: NodeJS.ErrnoException) => done(error.code))
    request.end(body)
    return Effect.sync(() => request.destroy())
  })

const text = (seen: Seen): string => seen.bytes.toString("utf8")

// oxlint-disable-next-line typescript/no-explicit-any -- tests look into bodies of every shape
const json = (seen: Seen): any => JSON.parse(text(seen))

const key = { authorization: "Bearer sk-test" }

const create = (baseUrl: string, path = "/v1/videos") =>
  get(`${baseUrl}${path}`, {
    method: "POST",
    headers: { ...key, "content-type": "application/x-www-form-urlencoded" },
    body: "model=doubao-seedance-2-0&prompt=x"
  })

const server = Effect.provide(SimulatorServer.layerSimulator({ speed: 60 }))

/** What a client sees of the line on a running task, next to what it would have seen. */
const poll = (line: Omit<Script.Line, "on">, path = "/v1/videos") =>
  Effect.gen(function*() {
    const { baseUrl } = yield* SimulatorServer.SimulatorServer
    const simulator = yield* Simulator.Simulator
    const api = path === "/v1/videos" ? "cometapi" : "generic"
    yield* simulator.addTask(api, { id: "t", jobSeconds: 12_000, elapsedSeconds: 5400 })
    yield* simulator.script([{ on: "poll", ...line }])
    const struck = yield* get(`${baseUrl}${path}/t`, { headers: key })
    const usual = yield* get(`${baseUrl}${path}/t`, { headers: key })
    assert.deepStrictEqual([usual.status, json(usual).progress ?? 45], [200, 45])
    return { struck, usual }
  }).pipe(server)

const download = (line: Omit<Script.Line, "on">) =>
  Effect.gen(function*() {
    const { baseUrl } = yield* SimulatorServer.SimulatorServer
    const simulator = yield* Simulator.Simulator
    yield* simulator.addTask("cometapi", { id: "t", elapsedSeconds: 5400 })
    yield* simulator.script([{ on: "download", ...line }])
    const url = json(yield* get(`${baseUrl}/v1/videos/t`, { headers: key })).video_url
    const struck = yield* get(url)
    const usual = yield* get(url)
    assert.deepStrictEqual([usual.status, usual.bytes.length], [200, Samples.mp4("16:9").length])
    return { struck, usual }
  }).pipe(server)

const statuses: ReadonlyArray<readonly [Fault.Fault, number, RegExp, RegExp]> = [
  ["401", 401, /json/, /"message":"Invalid token \(request id: \w+\)","type":"comet_api_error"/],
  ["402", 402, /json/, /insufficient_balance/],
  ["403-json", 403, /json/, /access_denied/],
  ["403-html", 403, /html/, /Firewall/],
  ["404", 404, /json/, /not_found/],
  ["408", 408, /json/, /timed out/],
  ["410", 410, /json/, /gone/],
  ["413", 413, /json/, /too large/],
  ["425", 425, /json/, /too early/],
  ["429", 429, /json/, /too many/],
  ["429-empty", 429, /^$/, /^$/],
  ["500", 500, /json/, /"code":""/],
  ["500-invalid-request", 500, /json/, /"code":"invalid_request"/],
  ["502", 502, /html/, /502 Bad Gateway/],
  ["503", 503, /json/, /unavailable/],
  ["503-html", 503, /html/, /503/],
  ["503-model-not-found", 503, /json/, /"code":"model_not_found"/],
  ["504", 504, /html/, /504/],
  ["524-html", 524, /html/, /524/],
  ["task-not-exist", 400, /json/, /^\{"code":"task_not_exist","message":"task_not_exist","data":null\}$/],
  ["refusal-200", 200, /json/, /"code":"invalid_request"/],
  ["empty-data", 200, /json/, /^\{"code":"success","data":null\}$/],
  ["html-200", 200, /html/, /^<!doctype html>/],
  ["empty-200", 200, /json/, /^$/],
  ["202-empty", 202, /^$/, /^$/],
  ["bad-json", 200, /json/, /^\{"id": task/],
  ["redirect", 307, /^$/, /^$/],
  ["unknown-status", 200, /json/, /"status":"TELEPORTING","progress":45/],
  ["progress-backwards", 200, /json/, /"status":"IN_PROGRESS","progress":22/],
  ["success-without-url", 200, /json/, /"status":"SUCCESS","progress":100,"created_at":\d+,"completed_at":\d+\}$/],
  ["no-id", 200, /json/, /^\{"model":/]
]

/** Faults that have a test of their own below. */
const others: ReadonlyArray<Fault.Fault> = [
  "truncated-json",
  "big-body",
  "gzip",
  "gzip-garbage",
  "late",
  "hang",
  "slow-drip",
  "reset-before-accept",
  "reset-after-accept",
  "reset-mid-body",
  "expired-url",
  "cut-at",
  "html-file"
]

describe("SimulatorServer", () => {
  it.live.each(statuses)("plays %s on a poll", ([fault, status, type, body]) =>
    Effect.gen(function*() {
      const { struck } = yield* poll({ fault })
      assert.strictEqual(struck.status, status)
      assert.match(struck.headers["content-type"] ?? "", type)
      assert.match(text(struck), body)
      assert.isUndefined(struck.error)
    }))

  it("has a test for every fault", () => {
    assert.sameMembers([...statuses.map(([fault]) => fault), ...others], Object.keys(Fault.faults))
  })

  it.live("words a 429 as New-API does, for its tasks", () =>
    Effect.gen(function*() {
      const { struck } = yield* poll({ fault: "429" }, "/v1/video/generations")
      assert.strictEqual(json(struck).message, "当前分组上游负载已饱和，请稍后再试")
    }))

  it.live("sends Retry-After in each spelling", () =>
    Effect.gen(function*() {
      const headers = (retryAfter: typeof Script.RetryAfter.Type) =>
        Effect.map(poll({ fault: "429", retryAfter }), ({ struck }) => struck.headers)
      assert.strictEqual((yield* headers(3))["retry-after"], "3")
      assert.strictEqual((yield* headers("soon"))["retry-after"], "soon")
      assert.strictEqual((yield* headers({ ms: 1500 }))["retry-after-ms"], "1500")
      const date = Date.parse((yield* headers({ date: 90 }))["retry-after"]!)
      assert.closeTo(date - (yield* Clock.currentTimeMillis), 90_000, 5000)
    }))

  it.live("takes the word and the place that a line gives", () =>
    Effect.gen(function*() {
      const word = yield* poll({ fault: "unknown-status", status: "Rendering…" })
      assert.strictEqual(json(word.struck).status, "Rendering…")
      const { struck } = yield* poll({ fault: "redirect", location: "https://elsewhere.example/v1/videos/t" })
      assert.strictEqual(struck.headers.location, "https://elsewhere.example/v1/videos/t")
    }))

  it.live("truncates JSON inside a correct frame", () =>
    Effect.gen(function*() {
      const { struck, usual } = yield* poll({ fault: "truncated-json" })
      assert.isUndefined(struck.error)
      assert.strictEqual(text(struck), text(usual).slice(0, Math.floor(usual.bytes.length / 2)))
    }))

  it.live("pads a body to 64 MiB of valid JSON", () =>
    Effect.gen(function*() {
      const { baseUrl } = yield* SimulatorServer.SimulatorServer
      const simulator = yield* Simulator.Simulator
      yield* simulator.addTask("cometapi", { id: "t" })
      yield* simulator.script(`{"on":"poll","fault":"big-body"}`)
      const seen = yield* get(`${baseUrl}/v1/videos/t`, { headers: key, wait: 10_000 })
      assert.isAbove(seen.bytes.length, 64 * 1024 * 1024)
      assert.strictEqual(json(seen).id, "t")
    }).pipe(server))

  it.live("sends gzip, valid and not", () =>
    Effect.gen(function*() {
      const good = yield* poll({ fault: "gzip" })
      assert.strictEqual(good.struck.headers["content-encoding"], "gzip")
      assert.strictEqual(gunzipSync(good.struck.bytes).toString("utf8"), text(good.usual))
      const bad = yield* poll({ fault: "gzip-garbage" })
      assert.strictEqual(bad.struck.headers["content-encoding"], "gzip")
      assert.throws(() => gunzipSync(bad.struck.bytes))
    }))

  it.live("is late, or hangs without a byte", () =>
    Effect.gen(function*() {
      const late = yield* poll({ fault: "late", seconds: 0.1 })
      assert.strictEqual(late.struck.status, 200)
      const hung = yield* poll({ fault: "hang" })
      assert.deepStrictEqual([hung.struck.status, hung.struck.error], [undefined, "timeout"])
      const reset = yield* poll({ fault: "hang", seconds: 0.1 })
      assert.strictEqual(reset.struck.error, "ECONNRESET")
    }))

  it.live("drips byte after byte", () =>
    Effect.gen(function*() {
      const { struck } = yield* poll({ fault: "slow-drip", seconds: 0.05 })
      assert.deepStrictEqual([struck.status, struck.error], [200, "timeout"])
      assert.isAbove(struck.bytes.length, 1)
      assert.isBelow(struck.bytes.length, 12)
    }))

  it.live("resets in the middle of a body", () =>
    Effect.gen(function*() {
      const { struck, usual } = yield* poll({ fault: "reset-mid-body", bytes: 10 })
      assert.deepStrictEqual([struck.status, struck.error], [200, "ECONNRESET"])
      assert.strictEqual(text(struck), text(usual).slice(0, 10))
    }))

  it.live("cuts a file, which then resumes by range", () =>
    Effect.gen(function*() {
      const { struck, usual } = yield* download({ fault: "cut-at", bytes: 1000 })
      assert.strictEqual(struck.headers["content-length"], String(usual.bytes.length))
      assert.strictEqual(struck.error, "ECONNRESET")
      assert.deepStrictEqual(struck.bytes, usual.bytes.subarray(0, 1000))
      const half = yield* download({ fault: "cut-at" })
      assert.strictEqual(half.struck.bytes.length, Math.floor(usual.bytes.length / 2))
    }))

  it.live("answers a download with XML or HTML", () =>
    Effect.gen(function*() {
      const expired = yield* download({ fault: "expired-url" })
      assert.deepStrictEqual([expired.struck.status, expired.struck.headers["content-type"]], [403, "application/xml"])
      const page = yield* download({ fault: "html-file" })
      assert.strictEqual(page.struck.status, 200)
      assert.match(page.struck.headers["content-type"]!, /html/)
    }))

  const creates: ReadonlyArray<readonly [Omit<Script.Line, "on">, number, string | number]> = [
    [{ fault: "reset-before-accept" }, 0, "ECONNRESET"],
    [{ fault: "reset-after-accept" }, 1, "ECONNRESET"],
    [{ fault: "reset-mid-body" }, 1, "ECONNRESET"],
    [{ fault: "hang" }, 1, "timeout"],
    [{ fault: "500" }, 0, 500],
    [{ fault: "500", accepted: true }, 1, 500],
    [{ fault: "502" }, 0, 502],
    [{ fault: "502", accepted: true }, 1, 502],
    [{ fault: "524-html" }, 1, 524],
    [{ fault: "429", retryAfter: 2 }, 0, 429],
    [{ fault: "503-model-not-found" }, 0, 503],
    [{ fault: "truncated-json" }, 1, 200],
    [{ fault: "bad-json" }, 1, 200],
    [{ fault: "html-200" }, 1, 200],
    [{ fault: "empty-200" }, 1, 200],
    [{ fault: "no-id" }, 1, 200],
    [{ fault: "refusal-200" }, 0, 200],
    [{ fault: "redirect" }, 0, 307],
    [{ fault: "unknown-status" }, 1, 200]
  ]

  it.live.each(creates)("counts a create that meets %o as %d bills", ([line, bills, end]) =>
    Effect.gen(function*() {
      const { baseUrl } = yield* SimulatorServer.SimulatorServer
      const simulator = yield* Simulator.Simulator
      yield* simulator.script([{ on: "create", ...line }])
      const seen = yield* create(baseUrl)
      assert.strictEqual(seen.error ?? seen.status, end)
      const ledger = yield* simulator.ledger
      assert.deepStrictEqual([ledger.posts, ledger.bills, ledger.creates.length], [1, bills, bills])
      for (const { taskId } of ledger.creates) {
        assert.strictEqual((yield* get(`${baseUrl}/v1/videos/${taskId}`, { headers: key })).status, 200)
      }
    }).pipe(server))

  it.live("goes from a create to a file, and tells the ledger over HTTP", () =>
    Effect.gen(function*() {
      const { baseUrl, port } = yield* SimulatorServer.SimulatorServer
      assert.strictEqual(baseUrl, `http://127.0.0.1:${port}`)
      const { id } = json(yield* create(baseUrl))
      const poll = Effect.map(get(`${baseUrl}/v1/videos/${id}`, { headers: key }), json)
      assert.strictEqual((yield* poll).status, "SUBMITTED")
      yield* Effect.sleep("150 millis")
      const done = yield* poll
      assert.strictEqual(done.status, "SUCCESS")
      assert.isTrue(done.video_url.startsWith(`${baseUrl}/files/${id}.mp4?`))
      const file = yield* get(done.video_url, { headers: { range: "bytes=4-7" } })
      assert.deepStrictEqual([file.status, text(file)], [206, "ftyp"])
      const head = yield* get(done.video_url, { method: "HEAD" })
      assert.strictEqual(head.headers["content-length"], String(Samples.mp4("16:9").length))
      const ledger = json(yield* get(`${baseUrl}/_simulator/ledger`))
      assert.deepStrictEqual([ledger.posts, ledger.bills, ledger.tasks[0].downloads], [1, 1, 2])
    }).pipe(Effect.provide(SimulatorServer.layerSimulator({ jobSeconds: { min: 0.1, max: 0.1 } }))))

  it.live("talks to fetch, which undoes gzip", () =>
    Effect.gen(function*() {
      const { baseUrl } = yield* SimulatorServer.SimulatorServer
      const simulator = yield* Simulator.Simulator
      yield* simulator.script(`{"on":"create","fault":"gzip"}`)
      const form = new FormData()
      form.set("model", "doubao-seedance-2-0")
      form.set("prompt", "一架纸飞机")
      form.set("input_reference", new Blob([Uint8Array.of(0xff, 0xd8, 0xff)]), "a.jpg")
      const created = yield* HttpClientRequest.post(`${baseUrl}/v1/videos`).pipe(
        HttpClientRequest.setHeaders(key),
        HttpClientRequest.bodyFormData(form),
        HttpClient.execute,
        Effect.flatMap((response) => response.json)
      )
      assert.propertyVal(created, "status", "SUBMITTED")
    }).pipe(server, Effect.provide(FetchHttpClient.layer)))

  it.live("closes with its scope, hanging requests and all", () =>
    Effect.gen(function*() {
      const url = yield* Effect.gen(function*() {
        const { baseUrl } = yield* SimulatorServer.SimulatorServer
        yield* (yield* Simulator.Simulator).script(`{"on":"models","fault":"hang"}`)
        yield* Effect.forkChild(get(`${baseUrl}/api/models`))
        yield* Effect.sleep("50 millis")
        return baseUrl
      }).pipe(server)
      assert.strictEqual((yield* get(url)).error, "ECONNREFUSED")
    }))

  it.live("fails when the port is taken", () =>
    Effect.gen(function*() {
      const { port } = yield* SimulatorServer.SimulatorServer
      const error = yield* Effect.flip(Effect.scoped(SimulatorServer.make({ port })))
      assert.strictEqual(error.message, `The simulator cannot listen on 127.0.0.1:${port}`)
    }).pipe(server))
})
