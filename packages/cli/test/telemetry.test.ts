import { assert, describe, it } from "@effect/vitest"
import { SimulatorServer } from "@video-tasks/simulator"
import { Effect, type Scope } from "effect"
import * as http from "node:http"
import * as path from "node:path"
import * as Command from "./utils/command.ts"

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue?: string; readonly intValue?: number | string }
}

interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly attributes: ReadonlyArray<Attribute>
  readonly links: ReadonlyArray<{ readonly traceId: string; readonly spanId: string }>
}

interface Resource {
  readonly attributes: ReadonlyArray<Attribute>
}

interface Metric {
  readonly name: string
  readonly sum?: { readonly dataPoints: ReadonlyArray<unknown> }
}

interface Traces {
  readonly resourceSpans: ReadonlyArray<
    { readonly resource: Resource; readonly scopeSpans: ReadonlyArray<{ readonly spans: ReadonlyArray<Span> }> }
  >
}

interface Metrics {
  readonly resourceMetrics: ReadonlyArray<
    { readonly scopeMetrics: ReadonlyArray<{ readonly metrics: ReadonlyArray<Metric> }> }
  >
}

interface LogRecord {
  readonly severityText: string
  readonly traceId?: string
  readonly body: { readonly stringValue?: string }
}

interface Logs {
  readonly resourceLogs: ReadonlyArray<
    { readonly scopeLogs: ReadonlyArray<{ readonly logRecords: ReadonlyArray<LogRecord> }> }
  >
}

/** A collector that takes OTLP over HTTP, as JSON. */
const receiver = (options: { readonly status?: number; readonly hangs?: boolean } = {}) => {
  const requests: Array<{ url: string; headers: http.IncomingHttpHeaders; type: string; text: string }> = []
  const server = http.createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => {
      requests.push({
        url: request.url ?? "",
        headers: request.headers,
        type: request.headers["content-type"] ?? "",
        text: Buffer.concat(chunks).toString("utf8")
      })
      if (options.hangs !== true) response.writeHead(options.status ?? 200).end("{}")
    })
  })
  const of = (path: string) => requests.filter(({ url }) => url.endsWith(path)).map(({ text }) => text)
  const traces = () => of("/v1/traces").map((text): Traces => JSON.parse(text)).flatMap((one) => one.resourceSpans)
  const metrics = () => of("/v1/metrics").map((text): Metrics => JSON.parse(text)).flatMap((one) => one.resourceMetrics)
  const logs = () => of("/v1/logs").map((text): Logs => JSON.parse(text)).flatMap((one) => one.resourceLogs)
  return {
    requests,
    open: new Promise<string>((resolve, reject) =>
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        if (address === null || typeof address === "string") return reject(new Error("no port"))
        resolve(`http://127.0.0.1:${address.port}`)
      })
    ),
    close: () => {
      server.closeAllConnections()
      server.close()
    },
    spans: () => traces().flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    metrics: () =>
      new Map(
        metrics().flatMap(({ scopeMetrics }) =>
          scopeMetrics.flatMap(({ metrics }) => metrics.map((metric) => [metric.name, metric] as const))
        )
      ),
    logs: () => logs().flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords)),
    resource: (): Record<string, unknown> =>
      Object.fromEntries((traces()[0]?.resource.attributes ?? []).map(({ key, value }) => [key, value.stringValue]))
  }
}

const collector = (options: Parameters<typeof receiver>[0] = {}) =>
  Effect.gen(function*() {
    const made = yield* Effect.acquireRelease(Effect.sync(() => receiver(options)), ({ close }) => Effect.sync(close))
    return { ...made, url: yield* Effect.promise(() => made.open) }
  })

const attributesOf = ({ attributes }: Span): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]))

const linksOf = (span: Span | undefined) => (span?.links ?? []).map(({ spanId, traceId }) => ({ traceId, spanId }))

const command = Command.bundled()

const key = "sk-secret-1234567890"

const fast = ["--poll-floor", "40ms", "--poll-ceiling", "100ms"]

const create = ["create", "--provider", "generic", "--model", "kling-v1", "--prompt", "A boat"]

const vt = Effect.fnUntraced(function*(args: ReadonlyArray<string>, options: Command.RunOptions = {}) {
  const { baseUrl } = yield* SimulatorServer.SimulatorServer
  const env = { GENERIC_API_KEY: key, GENERIC_BASE_URL: baseUrl, ...options.env }
  return yield* Effect.promise(() => Command.run(command.file, args, { ...options, env }))
})

const live = (name: string, body: Effect.Effect<void, unknown, SimulatorServer.SimulatorServer | Scope.Scope>) =>
  it.live(
    name,
    () =>
      Effect.provide(
        Effect.scoped(body),
        SimulatorServer.layerSimulator({ speed: 200, seed: 7, tickSeconds: 5 }),
        { local: true }
      ),
    60_000
  )

describe("telemetry of the command", { concurrent: true }, () => {
  live(
    "tells the whole story of a task in one trace, and counts it",
    Effect.gen(function*() {
      const { metrics, requests, resource, spans, url } = yield* collector()
      const output = path.join(Command.emptyFolder(), "out.mp4")
      const ran = yield* vt([...create, "--wait", "--json", ...fast, "--output", output, "--otlp", url], {
        env: { OTEL_RESOURCE_ATTRIBUTES: "deployment.environment=test,service.version=9" }
      })
      assert.strictEqual(ran.code, 0, ran.stderr)
      const all = spans()
      assert.strictEqual(new Set(all.map(({ traceId }) => traceId)).size, 1)
      assert.deepStrictEqual(all.filter((span) => "db.system.name" in attributesOf(span)), [])
      const byId = new Map(all.map((span) => [span.spanId, span]))
      const wayTo = (span: Span | undefined): ReadonlyArray<string> =>
        span === undefined ? [] : [...wayTo(byId.get(span.parentSpanId ?? "")), span.name]
      const paths = new Set(all.map((span) => wayTo(span).join(" > ")))
      assert.includeMembers([...paths], [
        "create",
        "create > VideoTasks.submit > VideoTasks.create > GenericApi.create > POST",
        "create > download.save > Download.toFile",
        "create > progress.follow > VideoTasks.poll > GenericApi.observe > GET"
      ])
      const submit = all.find(({ name }) => name === "VideoTasks.submit")
      assert.deepStrictEqual(submit && Object.keys(attributesOf(submit)).sort(), [
        "video_task.family",
        "video_task.id",
        "video_task.provider"
      ])
      const sent = all.find(({ name }) => name === "GenericApi.create")
      assert.strictEqual(sent && attributesOf(sent)["gen_ai.request.model"], "kling-v1")
      const polls = metrics().get("video_tasks_polls")
      assert.isAbove(polls?.sum?.dataPoints.length ?? 0, 0)
      assert.isTrue(metrics().has("video_tasks_creates"))
      assert.include(resource(), {
        "service.name": "video-tasks",
        "service.version": "9",
        "deployment.environment": "test"
      })
      const signed = Command.lines(ran).at(-1)?.task.videos[0].url ?? "?"
      const query = signed.slice(signed.indexOf("?") + 1)
      assert.isAbove(query.length, 10)
      const everything = requests.map(({ text }) => text).join("\n")
      for (const secret of [key, query, "A boat"]) assert.notInclude(everything, secret)
    })
  )

  live(
    "tells the statements of the store where they are wanted",
    Effect.gen(function*() {
      const { spans, url } = yield* collector()
      const ran = yield* vt([...create, "--otlp", url], { env: { VIDEO_TASKS_TRACE_SQL: "true" } })
      assert.strictEqual(ran.code, 0, ran.stderr)
      const systems = new Set(spans().map((span) => attributesOf(span)["db.system.name"]))
      assert.deepStrictEqual(systems, new Set(["sqlite", undefined]))
    })
  )

  live(
    "obeys the variables of OpenTelemetry, and sends its headers without showing them",
    Effect.gen(function*() {
      const { logs, requests, resource, spans, url } = yield* collector()
      const ran = yield* vt([...create, "--log-level", "debug"], {
        env: {
          OTEL_EXPORTER_OTLP_ENDPOINT: url,
          OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=otlp%20secret",
          OTEL_SERVICE_NAME: "films",
          OTEL_METRICS_EXPORTER: "none"
        }
      })
      assert.strictEqual(ran.code, 0, ran.stderr)
      assert.strictEqual(resource()["service.name"], "films")
      assert.isTrue(spans().some(({ name }) => name === "VideoTasks.submit"))
      const log = logs().find(({ body }) => body.stringValue === "Migrations complete")
      assert.strictEqual(log?.severityText, "Debug")
      assert.include(spans().map(({ traceId }) => traceId), log?.traceId)
      assert.isFalse(requests.some(({ url }) => url.endsWith("/v1/metrics")))
      for (const { headers, text } of requests) {
        assert.strictEqual(headers["x-api-key"], "otlp secret")
        assert.notInclude(text, "otlp secret")
      }
    })
  )

  live(
    "sends what it has when it fails, and when it is interrupted",
    Effect.gen(function*() {
      const failing = yield* collector()
      const failed = yield* vt([...create, "--otlp", failing.url], { env: { GENERIC_API_KEY: "sk-invalid" } })
      assert.strictEqual(failed.code, 3, failed.stderr)
      const names = failing.spans().map(({ name }) => name)
      assert.includeMembers(names, ["create", "VideoTasks.submit", "GenericApi.create"])
      assert.notInclude(failing.requests.map(({ text }) => text).join(""), "sk-invalid")
      const stopping = yield* collector()
      const stopped = yield* vt([...create, "--wait", "--poll-floor", "1h", "--otlp", stopping.url], {
        interrupt: { when: "vt1_", signal: "SIGINT" }
      })
      assert.strictEqual(stopped.code, 130, stopped.stderr)
      assert.includeMembers(stopping.spans().map(({ name }) => name), ["create", "VideoTasks.submit"])
    })
  )

  live(
    "speaks protobuf when asked to, and nothing that it does not know",
    Effect.gen(function*() {
      const { requests, url } = yield* collector()
      const binary = yield* vt([...create, "--otlp", `${url}/v1/traces`], {
        env: { OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" }
      })
      assert.strictEqual(binary.code, 0, binary.stderr)
      const traces = requests.find(({ url }) => url === "/v1/traces")
      assert.strictEqual(traces?.type, "application/x-protobuf")
      assert.include(traces?.text, "VideoTasks.submit")
      const sent = requests.length
      const grpc = yield* vt([...create, "--otlp", url], { env: { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" } })
      assert.strictEqual(grpc.code, 0, grpc.stderr)
      assert.match(grpc.stderr, /warning: no telemetry is sent: OTEL_EXPORTER_OTLP_PROTOCOL is grpc/)
      assert.strictEqual(requests.length, sent)
    })
  )

  live(
    "loses nothing to a collector that is gone, hangs, or refuses, and says so once",
    Effect.gen(function*() {
      const refusing = yield* collector({ status: 401 })
      const hanging = yield* collector({ hangs: true })
      for (
        const [url, words] of [
          ["http://127.0.0.1:9/", "it cannot be reached"],
          [hanging.url, "no answer"],
          [refusing.url, "HTTP 401"]
        ] as const
      ) {
        const ran = yield* vt([...create, "--wait", ...fast, "--otlp", url])
        assert.strictEqual(ran.code, 0, ran.stderr)
        assert.strictEqual(ran.stderr.split("warning: telemetry").length, 2, ran.stderr)
        assert.include(ran.stderr, words)
      }
    })
  )

  live(
    "sends nothing when it is switched off, and refuses an address that is none",
    Effect.gen(function*() {
      const { requests, url } = yield* collector()
      const off = yield* vt([...create, "--otlp", url], { env: { OTEL_SDK_DISABLED: "true" } })
      assert.strictEqual(off.code, 0, off.stderr)
      const none = yield* vt(create, {
        env: {
          OTEL_EXPORTER_OTLP_ENDPOINT: url,
          OTEL_TRACES_EXPORTER: "none",
          OTEL_METRICS_EXPORTER: "none",
          OTEL_LOGS_EXPORTER: "none"
        }
      })
      assert.strictEqual(none.code, 0, none.stderr)
      assert.deepStrictEqual(requests, [])
      assert.strictEqual((yield* vt(["list", "--otlp", "localhost:4318"])).code, 2)
      const odd = yield* vt(["list"], { env: { OTEL_EXPORTER_OTLP_ENDPOINT: "not an address" } })
      assert.strictEqual(odd.code, 0, odd.stderr)
      assert.match(odd.stderr, /warning: no telemetry is sent/)
    })
  )

  live(
    "links what a later process does to the submit of one that was killed",
    Effect.gen(function*() {
      const { spans, url } = yield* collector()
      const data = Command.emptyFolder()
      const made = yield* vt([...create, "--otlp", url], { data })
      assert.strictEqual(made.code, 0, made.stderr)
      const submit = spans().find(({ name }) => name === "VideoTasks.submit")
      const resumed = yield* vt(["resume", ...fast, "--otlp", url], { data })
      assert.strictEqual(resumed.code, 0, resumed.stderr)
      const later = spans().filter(({ traceId }) => traceId !== submit?.traceId)
      const expected = [{ traceId: submit?.traceId ?? "", spanId: submit?.spanId ?? "" }]
      for (const name of ["VideoTasks.resume", "VideoTasks.poll"]) {
        assert.deepStrictEqual(linksOf(later.find((span) => span.name === name)), expected, name)
      }
      const killed = yield* vt([...create, "--wait", "--poll-floor", "1h", "--otlp", url], {
        data,
        interrupt: { when: "vt1_", signal: "SIGKILL" }
      })
      assert.strictEqual(killed.signal, "SIGKILL")
      const [handle = ""] = killed.stdout.split("\n")
      const [shown] = Command.lines(yield* vt(["show", handle, "--json"], { data }))
      const waited = yield* vt(["wait", handle, ...fast, "--otlp", url], { data })
      assert.strictEqual(waited.code, 0, waited.stderr)
      const followed = spans().find(({ attributes, name }) =>
        name === "VideoTasks.poll" && attributes.some(({ value }) => value.stringValue === shown?.id)
      )
      const trace = linksOf(followed).map(({ spanId, traceId }) => `00-${traceId}-${spanId}-01`)
      assert.deepStrictEqual(trace, [shown?.events?.[0]?.trace])
    })
  )
})
