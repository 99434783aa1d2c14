import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Submission, TaskEvent, type TaskId, TaskMachine, VideoProvider, VideoTaskError } from "@video-tasks/core"
import { Archive, TaskObserver, TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Clock, Context, Effect, Exit, Layer, Schema, Scope } from "effect"
import { FetchHttpClient, HttpClient, type HttpClientRequest, HttpClientResponse } from "effect/http"
import * as fs from "node:fs"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import parsePrometheus from "parse-prometheus-text-format"
import { type Contract, Dashboard, DashboardHub } from "../src/index.ts"
import { ask, portOf, post, serve, streamUntil } from "./support/server.ts"
import {
  failing,
  ground,
  idOf,
  observed,
  planted,
  request,
  running,
  signedUrl,
  stepOf,
  success,
  traceId,
  writer
} from "./support/world.ts"

// eslint-disable-next-line typescript/no-unnecessary-type-parameters
const json = <A>({ body }: { readonly body: string }): A =>
  JSON.parse(Buffer.from(body, "latin1").toString("utf8")) as A

const detailOf = (port: number, id: string) => Effect.map(ask(port, `/api/tasks/${id}`), json<Contract.Detail>)

const submissionOf = (id: TaskId.TaskId, outcome: Submission.Outcome, requestHash = "00") =>
  new Submission.Submission({
    id,
    provider: "double",
    family: "double",
    model: "model-1",
    account: "default",
    requestHash,
    startedAt: 1000,
    outcome
  })

/** A file that begins like an MP4. */
const movie = Uint8Array.from({ length: 5000 }, (_, index) => (index * 31) % 251)
movie.set(new TextEncoder().encode("\0\0\0\x20ftypisom"))

/** A storage that knows ranges, and links by their signature. */
const storage = (isGood: (url: string) => boolean) => {
  const asked: Array<string> = []
  const client = HttpClient.make((request: HttpClientRequest.HttpClientRequest, url) =>
    Effect.sync(() => {
      asked.push(url.href)
      if (!isGood(url.href)) return HttpClientResponse.fromWeb(request, new Response("gone", { status: 403 }))
      const found = /^bytes=(\d+)-(\d*)$/.exec(request.headers["range"] ?? "")
      const from = Number(found?.[1] ?? 0)
      if (from >= movie.length) {
        const headers = { "content-range": `bytes */${movie.length}` }
        return HttpClientResponse.fromWeb(request, new Response(null, { status: 416, headers }))
      }
      const to = found?.[2] === undefined || found[2] === "" ? movie.length - 1 : Number(found[2])
      return HttpClientResponse.fromWeb(
        request,
        new Response(movie.slice(from, to + 1), {
          status: found === null ? 200 : 206,
          headers: {
            "content-length": String(to + 1 - from),
            "accept-ranges": "bytes",
            etag: "\"one\"",
            ...(found === null ? {} : { "content-range": `bytes ${from}-${to}/${movie.length}` })
          }
        })
      )
    })
  )
  return { asked, layer: Layer.succeed(HttpClient.HttpClient, client) }
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1")

describe("Dashboard", () => {
  describe("the live stream", () => {
    it.live("gives all lines, then what changes, and goes on where a browser was", () =>
      Effect.gen(function*() {
        const context = yield* serve({}, { hub: { lookEveryMs: 20 } })
        const port = portOf(context)
        const tasks = Context.get(context, VideoTasks.VideoTasks)
        const first = yield* streamUntil(port, "/api/events", "event: reset")
        assert.match(first, /^retry: 1000\nevent: reset\nid: \w+\.\d+\ndata: /)
        const id = /id: (\S+)/.exec(first)?.[1] ?? ""
        yield* tasks.submit(request)
        const again = yield* streamUntil(port, "/api/events", "model-1", { "last-event-id": id })
        assert.notInclude(again, "event: reset")
        assert.match(again, /event: changes\nid: \w+\.\d+\ndata: /)
      }).pipe(Effect.scoped))

    it.live("gives all lines again after a restart, although the browser knows others", () =>
      Effect.gen(function*() {
        const store = Layer.succeedContext(yield* Layer.build(TaskStore.layerMemory))
        const scope = yield* Scope.make()
        const before = yield* Scope.provide(serve({}, { store }), scope)
        const port = portOf(before)
        yield* Context.get(before, VideoTasks.VideoTasks).submit(request)
        const id = /id: (\S+)/.exec(yield* streamUntil(port, "/api/events", "\n\n"))?.[1] ?? ""
        yield* Scope.close(scope, Exit.void)
        const after = yield* serve({ port }, { store, hub: { lookEveryMs: 20 } })
        assert.strictEqual(portOf(after), port)
        const again = yield* streamUntil(port, "/api/events", "model-1", { "last-event-id": id })
        assert.include(again, "event: reset")
      }).pipe(Effect.scoped))

    it.live(
      "does not pile up for a browser that reads nothing: it gets the newest lines when it reads again",
      () =>
        Effect.gen(function*() {
          let asked = 0
          const counted = Layer.effect(
            DashboardHub.DashboardHub,
            Effect.map(DashboardHub.DashboardHub, (hub) =>
              DashboardHub.DashboardHub.of({
                ...hub,
                news: (seq) => {
                  asked++
                  return hub.news(seq)
                }
              }))
          )
          const silent = Layer.effect(
            TaskStore.TaskStore,
            Effect.map(TaskStore.TaskStore, (store) => TaskStore.TaskStore.of({ ...store, list: () => Effect.never }))
          ).pipe(Layer.provide(TaskStore.layerMemory))
          const context = yield* Layer.build(
            Dashboard.layer().pipe(
              Layer.provide(counted),
              Layer.provideMerge(ground({ store: silent, hub: { maxTasks: 100_000 } }))
            )
          )
          const port = portOf(context)
          const observer = Context.get(context, TaskObserver.TaskObserver)
          // More than a connection holds on its way.
          const count = 60_000
          for (let n = 1; n <= count; n++) yield* observer.step(stepOf(n, 1000))
          const socket = yield* Effect.acquireRelease(
            Effect.sync(() => net.connect(port, "127.0.0.1")),
            (socket) => Effect.sync(() => socket.destroy())
          )
          socket.pause()
          socket.write(`GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
          yield* Effect.sleep(500)
          for (let n = 1; n <= 100; n++) yield* observer.step(stepOf(n, 2000, running(77)))
          yield* Effect.sleep(600)
          assert.strictEqual(asked, 0)
          yield* Effect.callback<void>((resume) => {
            let text = ""
            socket.on("data", (chunk: Buffer) => {
              text = (text + chunk.toString("latin1")).slice(-200_000)
              if (text.split("\"progress\":77").length === 101) resume(Effect.void)
            })
            socket.resume()
          })
          assert.strictEqual(asked, 1)
        }).pipe(Effect.scoped),
      30_000
    )

    it.live("ends at once with the server, although somebody watches", () =>
      Effect.gen(function*() {
        const scope = yield* Scope.make()
        const port = portOf(yield* Scope.provide(serve(), scope))
        const watching = yield* Effect.forkChild(ask(port, "/api/events"))
        yield* streamUntil(port, "/api/events", "\n\n")
        yield* Scope.close(scope, Exit.void).pipe(Effect.timeout("15 seconds"))
        assert.isTrue(Exit.isSuccess(yield* Effect.exit(serve({ port }))))
        void watching
      }).pipe(Effect.scoped))
  })

  describe("a task", () => {
    it.live("is shown with its steps and reads, the time in each state, its request, its answer and its cost", () =>
      Effect.gen(function*() {
        const provider = VideoProvider.double({
          observations: [
            running(30),
            running(30),
            failing(new VideoTaskError.ProviderUnavailable({ detail: "HTTP 503" })),
            observed({ status: "FAILED" })
          ]
        })
        const context = yield* serve({}, { providers: [provider], hub: { lookEveryMs: 20 } })
        const port = portOf(context)
        const tasks = Context.get(context, VideoTasks.VideoTasks)
        const handle = yield* tasks.submit(request)
        const task = yield* tasks.get(handle)
        yield* tasks.refresh(handle)
        const detail = yield* detailOf(port, task.id)
        assert.deepStrictEqual(
          detail.moments.filter(({ kind }) => kind === "step").map(({ from, progress, text, to, type }) => ({
            from,
            progress,
            text,
            to,
            type
          })),
          [
            { from: undefined, progress: undefined, text: "submitted", to: "SUBMITTED", type: "task.created" },
            {
              from: "SUBMITTED",
              progress: 30,
              text: "in progress, 30 %",
              to: "IN_PROGRESS",
              type: "task.observed"
            }
          ]
        )
        assert.deepStrictEqual(detail.spent.map(({ state }) => state), ["SUBMITTED", "IN_PROGRESS"])
        assert.deepStrictEqual(detail.lastEdge, { from: "SUBMITTED", to: "IN_PROGRESS" })
        assert.deepStrictEqual(detail.request, { prompt: request.prompt, seconds: 5, images: 0 })
        assert.deepStrictEqual(detail.can, {
          poll: true,
          cancel: "The API of double (Double) has no way to cancel.",
          retry: "It still runs: wait for its end, or cancel it first."
        })
        assert.match(detail.row.handle ?? "", /^vt1_/)
      }).pipe(Effect.scoped))

    it.live("says how it failed and what to do", () =>
      Effect.gen(function*() {
        const provider = VideoProvider.double({ observations: [observed({ status: "FAILED" })] })
        const context = yield* serve({}, { providers: [provider] })
        const tasks = Context.get(context, VideoTasks.VideoTasks)
        const handle = yield* tasks.submit(request)
        yield* tasks.refresh(handle)
        const detail = yield* detailOf(portOf(context), (yield* tasks.get(handle)).id)
        assert.deepStrictEqual(detail.error, {
          reason: "TaskFailed",
          message:
            "The task failed: the provider gave no reason. Change the prompt or the input before you submit a new one.",
          isRetryable: false
        })
        assert.deepStrictEqual(detail.can, { poll: "It has ended.", cancel: "It has ended.", retry: true })
      }).pipe(Effect.scoped))

    it.live("that was given up may be tried again as it was, and its words are not contradicted", () =>
      Effect.gen(function*() {
        const context = yield* serve()
        const write = writer(Context.get(context, TaskStore.TaskStore))
        yield* write.create(1, 1000)
        yield* write.observe(1, 2000, observed({ status: "EXPIRED" }))
        const { error } = yield* detailOf(portOf(context), idOf(1))
        assert.deepStrictEqual(error, {
          reason: "TaskExpired",
          message:
            "The provider gave the task up because it took too long. Submit a new one if you still want the video.",
          isRetryable: true
        })
      }).pipe(Effect.scoped))

    it.live("of which nobody knows whether it was made says what is known", () =>
      Effect.gen(function*() {
        const context = yield* serve()
        const store = Context.get(context, TaskStore.TaskStore)
        yield* store.begin(submissionOf(idOf(1), { _tag: "ambiguous", detail: "HTTP 504" }))
        const { error } = yield* detailOf(portOf(context), idOf(1))
        assert.deepStrictEqual(error, {
          reason: "SubmissionAmbiguous",
          message: "HTTP 504",
          isRetryable: false
        })
      }).pipe(Effect.scoped))

    it.live("is read once in the store when it is shown", () =>
      Effect.gen(function*() {
        let loads = 0
        const counted = Layer.effect(
          TaskStore.TaskStore,
          Effect.map(TaskStore.TaskStore, (store) =>
            TaskStore.TaskStore.of({
              ...store,
              load: (id) => {
                loads++
                return store.load(id)
              }
            }))
        ).pipe(Layer.provide(TaskStore.layerMemory))
        const context = yield* serve({}, { store: counted, hub: { lookEveryMs: 600_000 } })
        yield* writer(Context.get(context, TaskStore.TaskStore)).create(1, 1000)
        loads = 0
        assert.strictEqual((yield* detailOf(portOf(context), idOf(1))).row.state, "SUBMITTED")
        assert.strictEqual(loads, 1)
      }).pipe(Effect.scoped))

    it.live("shows of an answer what is known to be safe, and says that there is more", () =>
      Effect.gen(function*() {
        const context = yield* serve()
        const write = writer(Context.get(context, TaskStore.TaskStore))
        yield* write.create(1, 1000)
        yield* write.observe(
          1,
          2000,
          success(signedUrl),
          JSON.stringify({
            status: "SUCCESS",
            data: { video_url: signedUrl, secret_thing: 1, owner: "me" },
            items_we_do_not_know: []
          })
        )
        const detail = yield* detailOf(portOf(context), idOf(1))
        assert.deepStrictEqual(JSON.parse(detail.answer ?? ""), {
          status: "SUCCESS",
          data: { video_url: "https://cdn.example.com/v.mp4", "…": "2 fields are not shown" },
          "…": "1 field is not shown"
        })
        assert.deepStrictEqual(detail.videos, [{
          src: `/api/tasks/${idOf(1)}/videos/0`,
          from: "cdn.example.com",
          isArchived: false
        }])
        assert.strictEqual(detail.traceId, traceId)
        assert.deepStrictEqual(
          detail.can.retry,
          "It was not created from this store, so what it was made of is not known."
        )
      }).pipe(Effect.scoped))

    it.live("is a fixture that lives through the machine to the same end, without what links hide", () =>
      Effect.gen(function*() {
        const context = yield* serve()
        const store = Context.get(context, TaskStore.TaskStore)
        const write = writer(store)
        yield* write.create(1, 1000)
        yield* write.observe(1, 2000, running(30))
        yield* write.observe(1, 3000, success(signedUrl))
        const { body } = yield* ask(portOf(context), `/api/tasks/${idOf(1)}/fixture`)
        assert.notInclude(body, planted.signature)
        const fixture = json<Contract.Fixture>({ body })
        const events = yield* Schema.decodeUnknownEffect(Schema.Array(TaskEvent.JournalEvent))(fixture.events)
        const [first, ...rest] = events
        if (first?.type !== "task.created") return assert.fail("the first event is not task.created")
        assert.strictEqual(TaskMachine.replay([first, ...rest]).value, "SUCCESS")
        assert.strictEqual(fixture.name, "double SUCCESS 00000001")
      }).pipe(Effect.scoped))

    it.live("that nobody knows is not found, in words", () =>
      Effect.gen(function*() {
        const port = portOf(yield* serve())
        for (
          const path of [
            `/api/tasks/${idOf(1)}`,
            "/api/tasks/x",
            `/api/tasks/${idOf(1)}/fixture`,
            "/api/tasks/..%2f..%2f"
          ]
        ) {
          const answer = yield* ask(port, path)
          assert.deepStrictEqual([answer.status, json<Contract.Refused>(answer).reason], [404, "TaskNotFound"], path)
        }
      }).pipe(Effect.scoped))

    it.live("whose store does not answer is refused as that", () =>
      Effect.gen(function*() {
        const broken = Layer.effect(
          TaskStore.TaskStore,
          Effect.map(TaskStore.TaskStore, (store) =>
            TaskStore.TaskStore.of({
              ...store,
              load: () => Effect.fail(new TaskStore.TaskStoreError({ detail: "no connection", retryable: true }))
            }))
        ).pipe(Layer.provide(TaskStore.layerMemory))
        const answer = yield* ask(portOf(yield* serve({}, { store: broken })), `/api/tasks/${idOf(1)}`)
        assert.deepStrictEqual([answer.status, json<Contract.Refused>(answer)], [
          503,
          { reason: "StoreError", message: "The store does not answer: no connection" }
        ])
      }).pipe(Effect.scoped))
  })

  describe("an action", () => {
    it.live("polls now", () =>
      Effect.gen(function*() {
        const context = yield* serve({}, { providers: [VideoProvider.double({ observations: [running(45)] })] })
        const tasks = Context.get(context, VideoTasks.VideoTasks)
        const task = yield* tasks.get(yield* tasks.submit(request))
        const answer = yield* post(portOf(context), `/api/tasks/${task.id}/poll`)
        assert.deepStrictEqual([answer.status, json<Contract.Done>(answer)], [200, {
          message: "It was read: in progress, 45 %."
        }])
      }).pipe(Effect.scoped))

    it.live("cancels, and says what became of it", () =>
      Effect.gen(function*() {
        const outcomes = ["failed", "confirmed"] as const
        let asked = 0
        const provider = VideoProvider.double({
          family: { canCancel: true },
          cancel: () => Effect.sync(() => outcomes[asked++] ?? "confirmed")
        })
        const context = yield* serve({}, { providers: [provider] })
        const port = portOf(context)
        const tasks = Context.get(context, VideoTasks.VideoTasks)
        const task = yield* tasks.get(yield* tasks.submit(request))
        const cancel = Effect.map(post(port, `/api/tasks/${task.id}/cancel`), (answer) => [
          answer.status,
          json<Contract.Done>(answer).message
        ])
        assert.deepStrictEqual(yield* cancel, [
          200,
          "It could not be cancelled: the task goes on, or had ended before."
        ])
        assert.deepStrictEqual(yield* cancel, [200, "The provider confirmed that it is cancelled."])
        assert.deepStrictEqual(yield* cancel, [409, "It has ended."])
        assert.strictEqual((yield* detailOf(port, task.id)).row.state, "CANCELLED")
      }).pipe(Effect.scoped))

    it.live("retries as new: the same request, another task", () =>
      Effect.gen(function*() {
        const created: Array<unknown> = []
        const double = VideoProvider.double({ observations: [observed({ status: "FAILED" })] })
        const provider: VideoProvider.VideoProvider = {
          ...double,
          create: (request, options) => {
            created.push(request)
            return double.create(request, options)
          }
        }
        const context = yield* serve({}, { providers: [provider] })
        const port = portOf(context)
        const tasks = Context.get(context, VideoTasks.VideoTasks)
        const handle = yield* tasks.submit(request)
        const task = yield* tasks.get(handle)
        assert.strictEqual((yield* post(port, `/api/tasks/${task.id}/retry`)).status, 409)
        yield* tasks.refresh(handle)
        const answer = yield* post(port, `/api/tasks/${task.id}/retry`)
        const { id = "", message } = json<Contract.Done>(answer)
        assert.deepStrictEqual([answer.status, message], [200, "It was created anew."])
        assert.notStrictEqual(id, task.id)
        assert.deepStrictEqual(created, [request, request])
        assert.strictEqual((yield* detailOf(port, id)).request?.prompt, request.prompt)
      }).pipe(Effect.scoped))

    it.live("does not pay twice when it is asked for twice at once", () =>
      Effect.gen(function*() {
        let created = 0
        const double = VideoProvider.double({ observations: [observed({ status: "FAILED" })] })
        const provider: VideoProvider.VideoProvider = {
          ...double,
          create: (request, options) => {
            created++
            return Effect.delay(double.create(request, options), created === 1 ? 0 : 100)
          }
        }
        const context = yield* serve({}, { providers: [provider] })
        const tasks = Context.get(context, VideoTasks.VideoTasks)
        const handle = yield* tasks.submit(request)
        yield* tasks.refresh(handle)
        const retry = post(portOf(context), `/api/tasks/${(yield* tasks.get(handle)).id}/retry`)
        const both = yield* Effect.all([retry, retry], { concurrency: "unbounded" })
        assert.deepStrictEqual([both.map(({ status }) => status).sort((a, b) => a - b), created], [[200, 409], 2])
      }).pipe(Effect.scoped))

    describe("that retries under an id of its own", () => {
      /** A provider whose tasks fail at once, and a way to say when a create is answered. */
      const failingProvider = (delayMs = 0) => {
        const created: Array<unknown> = []
        const double = VideoProvider.double({ observations: [observed({ status: "FAILED" })] })
        const provider: VideoProvider.VideoProvider = {
          ...double,
          create: (request, options) => {
            created.push(request)
            return Effect.delay(double.create(request, options), created.length === 1 ? 0 : delayMs)
          }
        }
        return { created, provider }
      }

      const failedTask = (tasks: VideoTasks.VideoTasks["Service"], wanted = request) =>
        Effect.gen(function*() {
          const handle = yield* tasks.submit(wanted)
          yield* tasks.refresh(handle)
          return (yield* tasks.get(handle)).id
        })

      const retry = (port: number, id: string, again: string) =>
        Effect.map(
          post(port, `/api/tasks/${id}/retry`, { "content-type": "application/json" }, JSON.stringify({ id: again })),
          (answer) => [answer.status, json<Contract.Done & { readonly reason?: string }>(answer)] as const
        )

      const anew = [200, { message: "It was created anew.", id: idOf(9) }] as const

      it.live("pays once, although its answer was lost and it is asked for again", () =>
        Effect.gen(function*() {
          const { created, provider } = failingProvider(200)
          const context = yield* serve({}, { providers: [provider] })
          const port = portOf(context)
          const id = yield* failedTask(Context.get(context, VideoTasks.VideoTasks))
          const lost = yield* Effect.timeoutOption(retry(port, id, idOf(9)), 100)
          assert.strictEqual(lost._tag, "None")
          assert.deepStrictEqual(yield* retry(port, id, idOf(9)), anew)
          assert.deepStrictEqual(yield* retry(port, id, idOf(9)), anew)
          assert.strictEqual(created.length, 2)
          assert.strictEqual((yield* detailOf(port, idOf(9))).request?.prompt, request.prompt)
        }).pipe(Effect.scoped))

      it.live("pays once when two ask at once, and tells both the same", () =>
        Effect.gen(function*() {
          const { created, provider } = failingProvider(100)
          const context = yield* serve({}, { providers: [provider] })
          const id = yield* failedTask(Context.get(context, VideoTasks.VideoTasks))
          const one = retry(portOf(context), id, idOf(9))
          assert.deepStrictEqual(yield* Effect.all([one, one], { concurrency: "unbounded" }), [anew, anew])
          assert.strictEqual(created.length, 2)
        }).pipe(Effect.scoped))

      it.live("pays once when two servers on one store are asked at once, and when one is asked after a restart", () =>
        Effect.gen(function*() {
          const store = Layer.succeedContext(yield* Layer.build(TaskStore.layerMemory))
          const { created, provider } = failingProvider(100)
          const scope = yield* Scope.make()
          const one = yield* Scope.provide(serve({}, { store, providers: [provider] }), scope)
          const other = yield* serve({}, { store, providers: [provider] })
          const id = yield* failedTask(Context.get(one, VideoTasks.VideoTasks))
          const both = yield* Effect.all(
            [retry(portOf(one), id, idOf(9)), retry(portOf(other), id, idOf(9))],
            { concurrency: "unbounded" }
          )
          assert.deepStrictEqual(both.map(([status, { id }]) => [status, id]), [[200, idOf(9)], [200, idOf(9)]])
          yield* Scope.close(scope, Exit.void)
          const after = yield* serve({}, { store, providers: [provider] })
          assert.deepStrictEqual(yield* retry(portOf(after), id, idOf(9)), anew)
          assert.strictEqual(created.length, 2)
        }).pipe(Effect.scoped))

      it.live("is not sent again when nobody knows what became of it, and says when it was refused", () =>
        Effect.gen(function*() {
          const { created, provider } = failingProvider()
          const context = yield* serve({}, { providers: [provider] })
          const port = portOf(context)
          const id = yield* failedTask(Context.get(context, VideoTasks.VideoTasks))
          const store = Context.get(context, TaskStore.TaskStore)
          const { requestHash } = (yield* store.submission(id)) ?? assert.fail("no submission")
          yield* store.begin(submissionOf(idOf(7), { _tag: "ambiguous", detail: "HTTP 504" }, requestHash))
          yield* store.begin(submissionOf(idOf(8), { _tag: "rejected", reason: "QuotaExceeded" }, requestHash))
          const [status, { id: again }] = yield* retry(port, id, idOf(7))
          assert.deepStrictEqual([status, again], [200, idOf(7)])
          const [refused, { reason }] = yield* retry(port, id, idOf(8))
          assert.deepStrictEqual([refused, reason, created.length], [409, "RetryRefused", 1])
        }).pipe(Effect.scoped))

      it.live("takes no id of another request, or of a task that there is, or that is none", () =>
        Effect.gen(function*() {
          const { created, provider } = failingProvider()
          const context = yield* serve({}, { providers: [provider] })
          const port = portOf(context)
          const tasks = Context.get(context, VideoTasks.VideoTasks)
          const id = yield* failedTask(tasks)
          const other = yield* failedTask(tasks, { ...request, prompt: "A boat" })
          yield* writer(Context.get(context, TaskStore.TaskStore)).create(3, 1000)
          for (const taken of [id, other, idOf(3)]) {
            const [status, { reason }] = yield* retry(port, id, taken)
            assert.deepStrictEqual([status, reason], [409, "IdTaken"], taken)
          }
          for (const body of ["{\"id\":\"x\"}", "{\"id\":7}", "not json", "[]", `{"id":"${idOf(9).toUpperCase()}"}`]) {
            const answer = yield* post(port, `/api/tasks/${id}/retry`, {}, body)
            assert.deepStrictEqual([answer.status, json<Contract.Refused>(answer).reason], [422, "BadRequest"], body)
          }
          assert.strictEqual(created.length, 2)
        }).pipe(Effect.scoped))
    })

    it.live("that fails says why, in the words of the error", () =>
      Effect.gen(function*() {
        const provider = VideoProvider.double({
          observations: [failing(new VideoTaskError.Unauthorized({ detail: "HTTP 401" }))]
        })
        const context = yield* serve({}, { providers: [provider] })
        const tasks = Context.get(context, VideoTasks.VideoTasks)
        const task = yield* tasks.get(yield* tasks.submit(request))
        const answer = yield* post(portOf(context), `/api/tasks/${task.id}/poll`)
        assert.deepStrictEqual([answer.status, json<Contract.Refused>(answer)], [502, {
          reason: "Unauthorized",
          message: "The provider refused the key: HTTP 401. Check the key, then try again."
        }])
      }).pipe(Effect.scoped))

    it.live("that there is not is not found", () =>
      Effect.gen(function*() {
        const context = yield* serve()
        const tasks = Context.get(context, VideoTasks.VideoTasks)
        const task = yield* tasks.get(yield* tasks.submit(request))
        const answer = yield* post(portOf(context), `/api/tasks/${task.id}/explode`)
        assert.strictEqual(answer.status, 404)
      }).pipe(Effect.scoped))

    it.live("on a task of a provider that is not configured is refused in words", () =>
      Effect.gen(function*() {
        const context = yield* serve({}, { providers: [VideoProvider.double({ id: "another" })] })
        yield* writer(Context.get(context, TaskStore.TaskStore)).create(1, 1000)
        const { can, whyMissing } = yield* detailOf(portOf(context), idOf(1))
        const why = "This process has no provider double: it can't ask about its tasks."
        assert.deepStrictEqual([can, whyMissing], [{ poll: why, cancel: why, retry: why }, why])
        assert.strictEqual((yield* post(portOf(context), `/api/tasks/${idOf(1)}/poll`)).status, 409)
      }).pipe(Effect.scoped))

    it.live("on such a task tells what is missing where the program knows, and nothing where nobody is to be asked", () =>
      Effect.gen(function*() {
        const told = Effect.fnUntraced(function*(readOnly: boolean) {
          const whyMissing = (id: string) => `There is no key for ${id}, and it is not sk-secret-1234567890.`
          const context = yield* serve({ readOnly, whyMissing }, {
            providers: [VideoProvider.double({ id: "another" })]
          })
          yield* writer(Context.get(context, TaskStore.TaskStore)).create(1, 1000)
          const { can, whyMissing: why } = yield* detailOf(portOf(context), idOf(1))
          return [can.poll, why]
        })
        const why = "There is no key for double, and it is not <redacted>."
        assert.deepStrictEqual(yield* told(false), [why, why])
        assert.deepStrictEqual(yield* told(true), ["This dashboard only shows; it changes nothing.", undefined])
      }).pipe(Effect.scoped))
  })

  describe("a video", () => {
    const served = (isGood: (url: string) => boolean, provider = VideoProvider.double()) =>
      Effect.gen(function*() {
        const { asked, layer } = storage(isGood)
        const context = yield* serve({}, { providers: [provider], http: layer })
        const write = writer(Context.get(context, TaskStore.TaskStore))
        const now = yield* Clock.currentTimeMillis
        yield* write.create(1, now)
        yield* write.observe(1, now, success(signedUrl))
        const get = (headers: Record<string, string> = {}, query = "", method = "GET") =>
          ask(portOf(context), `/api/tasks/${idOf(1)}/videos/0${query}`, { headers, method })
        return { asked, get, port: portOf(context) }
      })

    it.live("comes whole, or in the part that is asked for", () =>
      Effect.gen(function*() {
        const { asked, get } = yield* served(() => true)
        const whole = yield* get()
        assert.deepStrictEqual(
          [whole.status, whole.headers["content-type"], whole.headers["content-length"], whole.body === latin1(movie)],
          [200, "video/mp4", "5000", true]
        )
        assert.strictEqual(whole.headers["content-disposition"], `inline; filename="${idOf(1)}.mp4"`)
        const part = yield* get({ range: "bytes=1000-1999" })
        assert.deepStrictEqual(
          [part.status, part.headers["content-range"], part.body === latin1(movie.slice(1000, 2000))],
          [206, "bytes 1000-1999/5000", true]
        )
        assert.deepStrictEqual([part.headers["accept-ranges"], part.headers["cache-control"]], ["bytes", "no-store"])
        const beyond = yield* get({ range: "bytes=9000-" })
        assert.deepStrictEqual([beyond.status, beyond.headers["content-range"], beyond.body], [416, "bytes */5000", ""])
        assert.strictEqual((yield* get({}, "", "HEAD")).body, "")
        assert.deepStrictEqual(new Set(asked), new Set([signedUrl]))
      }).pipe(Effect.scoped))

    it.live("is a file to keep when that is asked for", () =>
      Effect.gen(function*() {
        const { get } = yield* served(() => true)
        const answer = yield* get({}, "?download")
        assert.strictEqual(answer.headers["content-disposition"], `attachment; filename="${idOf(1)}.mp4"`)
      }).pipe(Effect.scoped))

    it.live("comes by a fresh link when the old one lapsed, for which the provider is asked once", () =>
      Effect.gen(function*() {
        const fresh = "https://cdn.example.com/v.mp4?X-Signature=fresh"
        let reads = 0
        const provider = VideoProvider.double({
          observe: () =>
            Effect.sync(() => {
              reads++
              return success(fresh)
            })
        })
        const { asked, get } = yield* served((url) => url === fresh, provider)
        const first = yield* get({ range: "bytes=0-99" })
        const second = yield* get({ range: "bytes=100-199" })
        assert.deepStrictEqual([first.status, second.status, reads], [206, 206, 1])
        assert.deepStrictEqual(asked, [signedUrl, fresh, fresh])
        assert.notInclude(JSON.stringify([first, second]), "fresh")
      }).pipe(Effect.scoped))

    it.live("that is gone says so, without its link", () =>
      Effect.gen(function*() {
        const { get } = yield* served(() => false, VideoProvider.double({ observations: [success(signedUrl)] }))
        const answer = yield* get()
        assert.deepStrictEqual([answer.status, json<Contract.Refused>(answer).reason], [410, "ResultExpired"])
        assert.notInclude(answer.body, planted.signature)
      }).pipe(Effect.scoped))

    it.live("that there is not is not found", () =>
      Effect.gen(function*() {
        const { port } = yield* served(() => true)
        for (const index of ["1", "-1", "x", "1e9", "%2e%2e"]) {
          assert.strictEqual((yield* ask(port, `/api/tasks/${idOf(1)}/videos/${index}`)).status, 404, index)
        }
      }).pipe(Effect.scoped))

    it.live("does not lead to this machine's own network", () =>
      Effect.gen(function*() {
        const context = yield* serve({}, { http: FetchHttpClient.layer })
        const port = portOf(context)
        const write = writer(Context.get(context, TaskStore.TaskStore))
        yield* write.create(1, 1000)
        yield* write.observe(1, 1001, success(`http://127.0.0.1:${port}/metrics`))
        const answer = yield* ask(port, `/api/tasks/${idOf(1)}/videos/0`)
        assert.deepStrictEqual([answer.status, json<Contract.Refused>(answer).reason], [502, "UnsafeAddress"])
      }).pipe(Effect.scoped))

    it.live("comes from the archive when it is there, whole or in part, and from nowhere else on this machine", () =>
      Effect.gen(function*() {
        const directory = fs.mkdtempSync(path.join(os.tmpdir(), "video-tasks-archive-"))
        yield* Effect.addFinalizer(() => Effect.sync(() => fs.rmSync(directory, { recursive: true })))
        const { asked, layer: http } = storage(() => true)
        const archive = Archive.layerFiles({ directory }).pipe(
          Layer.provide(Layer.merge(NodeServices.layer, http))
        )
        const context = yield* Layer.build(
          Dashboard.layer().pipe(Layer.provideMerge(ground({ http })), Layer.provideMerge(archive))
        )
        const port = portOf(context)
        const store = Context.get(context, TaskStore.TaskStore)
        const now = yield* Clock.currentTimeMillis
        const write = writer(store)
        for (const n of [1, 2]) {
          yield* write.create(n, now)
          yield* write.observe(n, now, success(signedUrl))
        }
        const stored = yield* store.load(idOf(1))
        if (stored === undefined) return assert.fail("no task")
        const task = TaskMachine.toTask(TaskMachine.restore(stored.snapshot))
        if (task.status !== "SUCCESS") return assert.fail("no success")
        const file = yield* Context.get(context, Archive.Archive).store({ task, kind: "video", index: 0 }).pipe(
          Effect.provideContext(context)
        )
        const archived = (n: number, one: typeof file) =>
          Effect.gen(function*() {
            const before = yield* store.load(idOf(n))
            if (before === undefined) return
            const event = { type: "task.archived" as const, at: now, files: [one] as const }
            const { snapshot } = TaskMachine.step(TaskMachine.restore(before.snapshot), event)
            yield* store.append(idOf(n), before.version, [event], { snapshot: TaskMachine.persist(snapshot) })
          })
        yield* archived(1, file)
        asked.length = 0
        const part = yield* ask(port, `/api/tasks/${idOf(1)}/videos/0`, { headers: { range: "bytes=100-199" } })
        assert.deepStrictEqual(
          [
            part.status,
            part.headers["content-range"],
            part.headers["content-type"],
            part.body === latin1(movie.slice(100, 200))
          ],
          [206, "bytes 100-199/5000", "video/mp4", true]
        )
        const whole = yield* ask(port, `/api/tasks/${idOf(1)}/videos/0`)
        assert.deepStrictEqual([whole.status, whole.body === latin1(movie), asked], [200, true, []])
        const detail = yield* detailOf(port, idOf(1))
        assert.deepStrictEqual([detail.videos[0]?.isArchived, detail.files], [true, [file.uri]])
        // A store that others write may say anything of where a file is.
        fs.writeFileSync(path.join(directory, "private.mp4"), "private")
        yield* archived(2, { ...file, key: "../../etc/passwd", uri: `file://${directory}/private.mp4` })
        const foreign = yield* ask(port, `/api/tasks/${idOf(2)}/videos/0`)
        assert.deepStrictEqual([foreign.status, foreign.body === latin1(movie), asked], [200, true, [signedUrl]])
      }).pipe(Effect.scoped))
  })

  it.live("has metrics that Prometheus can read", () =>
    Effect.gen(function*() {
      const context = yield* serve({}, { providers: [VideoProvider.double({ observations: [running(45)] })] })
      const tasks = Context.get(context, VideoTasks.VideoTasks)
      yield* tasks.refresh(yield* tasks.submit(request))
      const answer = yield* ask(portOf(context), "/metrics")
      assert.strictEqual(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8")
      const families = parsePrometheus(answer.body)
      const creates = families.find(({ name }) => name === "video_tasks_creates")
      assert.deepStrictEqual([creates?.type, creates?.help], ["COUNTER", "Creates"])
      assert.isTrue(
        creates?.metrics.some(({ labels }) => labels?.["provider"] === "double" && labels["outcome"] === "created")
      )
      assert.include(families.map(({ name }) => name), "video_tasks_polls")
    }).pipe(Effect.scoped))

  it.live("shows no prompts where it is told so", () =>
    Effect.gen(function*() {
      const context = yield* serve({}, { hub: { showPrompts: false, lookEveryMs: 20 } })
      const tasks = Context.get(context, VideoTasks.VideoTasks)
      const task = yield* tasks.get(yield* tasks.submit(request))
      const hub = Context.get(context, DashboardHub.DashboardHub)
      yield* hub.look(task.id)
      const text = JSON.stringify([yield* hub.everything, yield* detailOf(portOf(context), task.id)])
      assert.notInclude(text, request.prompt)
      assert.include(text, "\"seconds\":5")
    }).pipe(Effect.scoped))
})
