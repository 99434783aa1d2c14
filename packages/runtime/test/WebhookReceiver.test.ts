import { assert, describe, it } from "@effect/vitest"
import { TaskId, VideoProvider, VideoTaskError } from "@video-tasks/core"
import { StandardWebhooks, TaskStore, VideoTasks, WebhookReceiver } from "@video-tasks/runtime"
import { Cause, Clock, Effect, Exit, Fiber, Layer, Logger, Metric, Redacted, Schema, Scope, Stream } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { TestClock } from "effect/testing"
import * as Harness from "./support/harness.ts"
import { get, outcomes, secret, send, submit, world } from "./support/webhookWorld.ts"

const hooks = "https://me.example/hooks"

/** Runs in a world of its own, metrics included. */
const inside = <A, E, R>(
  options: Parameters<typeof world>[0],
  body: (at: ReturnType<typeof world>) => Effect.Effect<A, E, R>
) => {
  const at = world(options)
  return body(at).pipe(Effect.provide(at.layer), Effect.provideService(Metric.MetricRegistry, new Map()))
}

const succeeded = { id: "remote-1", status: "SUCCESS" }

/** A store whose named calls never answer. */
const stuck = (...names: ReadonlyArray<"find" | "append">) =>
  Layer.effect(
    TaskStore.TaskStore,
    Effect.map(
      TaskStore.TaskStore,
      (store) => ({ ...store, ...Object.fromEntries(names.map((name) => [name, () => Effect.never])) })
    )
  ).pipe(Layer.provide(TaskStore.layerMemory))

/** A store that takes the create, and nothing after it. */
const appendStuckLater = Layer.effect(
  TaskStore.TaskStore,
  Effect.map(TaskStore.TaskStore, (store) => ({
    ...store,
    append: (...args: Parameters<typeof store.append>) => args[1] === 0 ? store.append(...args) : Effect.never
  }))
).pipe(Layer.provide(TaskStore.layerMemory))

/** A provider that notes where it shall call back. */
const noting = (urls: Array<URL | undefined>, family: Partial<VideoProvider.Family>) => {
  const double = VideoProvider.double({ family })
  return {
    ...double,
    create: (...[request, options]: Parameters<typeof double.create>) => {
      urls.push(options?.callbackUrl)
      return double.create(request, options)
    }
  }
}

describe("WebhookReceiver", () => {
  describe("signed", () => {
    it.effect("moves the task at once and ends the wait without a read", () =>
      inside({}, ({ signer }) =>
        Effect.gen(function*() {
          const tasks = yield* VideoTasks.VideoTasks
          const handle = yield* submit("signer")
          const waiting = yield* Effect.forkChild(tasks.await(handle), { startImmediately: true })
          yield* TestClock.adjust("1 second")
          assert.strictEqual(yield* send({ id: "m1", body: succeeded }), 204)
          const task = yield* Fiber.join(waiting)
          assert.strictEqual(Harness.reveal(task.videos[0]!.url), Harness.signedUrl)
          assert.strictEqual(task.completedAt, 1000)
          assert.deepStrictEqual(signer.at, [])
          assert.deepStrictEqual(yield* outcomes("signer"), { changed: 1 })
          const events = yield* (yield* TaskStore.TaskStore).events(task.id)
          assert.deepStrictEqual(events.map(({ type }) => type), ["task.created", "task.observed"])
        })))

    it.effect("tells those who observe of progress, and never goes backwards", () =>
      inside({}, () =>
        Effect.gen(function*() {
          const tasks = yield* VideoTasks.VideoTasks
          const handle = yield* submit("signer")
          const seen = yield* Effect.forkChild(Stream.runCollect(tasks.observe(handle)), { startImmediately: true })
          yield* TestClock.adjust("1 second")
          for (
            const [id, body] of [
              ["m3", { id: "remote-1", status: "IN_PROGRESS", progress: 60 }],
              ["m2", { id: "remote-1", status: "IN_PROGRESS", progress: 30 }],
              ["m1", { id: "remote-1", status: "SUBMITTED" }],
              ["m5", { ...succeeded, progress: 100 }],
              ["m4", { id: "remote-1", status: "FAILED" }]
            ] as const
          ) assert.strictEqual(yield* send({ id, body }), 204)
          const all = yield* Fiber.join(seen)
          assert.deepStrictEqual(
            all.map(({ progress, status }) => [status, progress]),
            [["SUBMITTED", undefined], ["IN_PROGRESS", 60], ["SUCCESS", 100]]
          )
          assert.deepStrictEqual(yield* outcomes("signer"), { changed: 2, unchanged: 1, ignored: 2 })
        })))

    it.effect("takes a message that comes twice once, at the same time too", () =>
      inside({}, () =>
        Effect.gen(function*() {
          const handle = yield* submit("signer")
          const running = { id: "remote-1", status: "IN_PROGRESS" }
          const both = yield* Effect.all([send({ id: "m1", body: running }), send({ id: "m1", body: running })], {
            concurrency: "unbounded"
          })
          assert.deepStrictEqual(both, [204, 204])
          assert.strictEqual(yield* send({ id: "m1", body: running }), 204)
          const { duplicate } = yield* outcomes("signer")
          assert.strictEqual(duplicate, 1)
          const task = yield* get(handle)
          const events = yield* (yield* TaskStore.TaskStore).events(task.id)
          assert.strictEqual(events.length, 2)
        })))

    it.effect("remembers only so many messages", () =>
      inside({ receiver: { secrets: { signer: secret }, remember: 2 } }, () =>
        Effect.gen(function*() {
          yield* submit("signer")
          for (const id of ["a", "b", "c", "c", "a"]) yield* send({ id, body: succeeded })
          assert.deepStrictEqual(yield* outcomes("signer"), { changed: 1, ignored: 3, duplicate: 1 })
        })))

    it.effect("may come before its task is known: it is asked for again, and counts when it comes again", () =>
      inside({}, () =>
        Effect.gen(function*() {
          assert.strictEqual(yield* send({ id: "m1", body: succeeded }), 503)
          const handle = yield* submit("signer")
          assert.strictEqual(yield* send({ id: "m1", body: succeeded }), 204)
          assert.strictEqual((yield* get(handle)).status, "SUCCESS")
          assert.strictEqual(yield* send({ id: "m1", body: succeeded }), 204)
          assert.deepStrictEqual(yield* outcomes("signer"), { unknown: 1, changed: 1, duplicate: 1 })
        })))

    it.effect("about a task that stays unknown is asked for three times, and says when to come again", () =>
      inside({}, () =>
        Effect.gen(function*() {
          const receiver = yield* WebhookReceiver.WebhookReceiver
          const answers = yield* Effect.replicateEffect(send({ id: "m1", body: succeeded }), 5)
          assert.deepStrictEqual(answers, [503, 503, 503, 202, 202])
          const body = new TextEncoder().encode(JSON.stringify(succeeded))
          const unsigned = yield* receiver.handle({
            method: "POST",
            url: `${hooks}/hinter`,
            headers: { "content-type": "application/json" },
            body
          })
          assert.strictEqual(unsigned.status, 202)
          const key = StandardWebhooks.parseSecret(secret)
          const headers = StandardWebhooks.sign({ id: "m2", timestamp: 0, body }, key === undefined ? [] : [key])
          const { headers: said } = yield* receiver.handle({
            method: "POST",
            url: `${hooks}/signer`,
            headers: { "content-type": "application/json", ...headers },
            body
          })
          assert.strictEqual(said["retry-after"], "5")
        })))

    it.effect("is refused when stale, forged or unsigned, and moves nothing", () =>
      inside({}, ({ signer }) =>
        Effect.gen(function*() {
          yield* TestClock.adjust("1 hour")
          const handle = yield* submit("signer")
          const refused: Array<number> = []
          const forged = { "webhook-signature": "v1,AAAA" }
          for (const sent of [{ id: "a", offset: -301 }, { id: "a", offset: 301 }, { id: "a", headers: forged }, {}]) {
            refused.push(yield* send({ body: succeeded, ...sent }))
          }
          assert.deepStrictEqual(refused, [401, 401, 401, 401])
          assert.strictEqual((yield* get(handle)).status, "SUBMITTED")
          assert.deepStrictEqual(signer.at, [])
          assert.deepStrictEqual(yield* outcomes("signer"), { stale: 2, forged: 1, unsigned: 1 })
          // None of them was remembered as seen.
          assert.strictEqual(yield* send({ id: "a", body: succeeded }), 204)
          assert.strictEqual((yield* get(handle)).status, "SUCCESS")
        })))

    it.effect("says so in the log once, without the secret", () => {
      const lines: Array<unknown> = []
      const logger = Logger.make(({ message }) => lines.push(message))
      return inside({}, () =>
        Effect.gen(function*() {
          for (let count = 0; count < 3; count++) yield* send({ body: succeeded })
        })).pipe(
          Effect.provide(Logger.layer([logger])),
          Effect.andThen(Effect.sync(() => {
            assert.strictEqual(lines.length, 1)
            assert.notInclude(Harness.everything(lines), Redacted.value(secret))
          }))
        )
    })

    it.effect("of no task at all is heard, and asked for again where it names one", () =>
      inside({}, () =>
        Effect.gen(function*() {
          assert.strictEqual(yield* send({ id: "a", body: succeeded }), 503)
          assert.strictEqual(yield* send({ id: "b", body: { test: 2432232314 } }), 202)
          assert.deepStrictEqual(yield* outcomes("signer"), { unknown: 1, nothing: 1 })
        })))

    it.effect("ends the wait while a read is out, and the read changes nothing any more", () =>
      inside({}, ({ signer }) =>
        Effect.gen(function*() {
          const tasks = yield* VideoTasks.VideoTasks
          signer.delay = "14 seconds"
          const handle = yield* submit("signer")
          const waiting = yield* Effect.forkChild(tasks.await(handle), { startImmediately: true })
          yield* TestClock.adjust("34 seconds")
          assert.strictEqual(signer.at.length, 1)
          assert.strictEqual(yield* send({ id: "a", body: succeeded }), 204)
          const { id } = yield* Fiber.join(waiting)
          yield* TestClock.adjust("1 minute")
          assert.strictEqual(signer.at.length, 1)
          const events = yield* (yield* TaskStore.TaskStore).events(id)
          assert.deepStrictEqual(events.map(({ type }) => type), ["task.created", "task.observed"])
        })))

    it.effect("goes by what is signed, not by the URL", () =>
      inside({}, () =>
        Effect.gen(function*() {
          const first = yield* submit("signer")
          const second = yield* submit("signer")
          const { id } = yield* get(second)
          assert.strictEqual(yield* send({ to: `${hooks}/signer/${id}`, id: "a", body: succeeded }), 204)
          assert.strictEqual((yield* get(first)).status, "SUCCESS")
          assert.strictEqual((yield* get(second)).status, "SUBMITTED")
        })))

    it.effect("asks for the link of a success that has none", () =>
      inside({}, ({ signer }) =>
        Effect.gen(function*() {
          const tasks = yield* VideoTasks.VideoTasks
          const handle = yield* submit("signer")
          const waiting = yield* Effect.forkChild(tasks.await(handle), { startImmediately: true })
          yield* TestClock.adjust("11 seconds")
          const reads = signer.at.length
          signer.answer = Harness.success
          for (const id of ["a", "b", "c"]) {
            assert.strictEqual(yield* send({ id, body: { id: "remote-1", status: "bare" } }), 204)
          }
          yield* TestClock.adjust("10 seconds")
          assert.strictEqual((yield* Fiber.join(waiting)).videos.length, 1)
          assert.strictEqual(signer.at.length, reads + 1)
        })))

    it.effect("tells the task that nobody follows too", () =>
      inside({}, () =>
        Effect.gen(function*() {
          const handle = yield* submit("signer")
          assert.strictEqual(yield* send({ id: "a", body: succeeded }), 204)
          assert.strictEqual((yield* get(handle)).status, "SUCCESS")
        })))
  })

  describe("unsigned", () => {
    it.effect("only makes the next read due, and believes nothing", () =>
      inside({}, ({ hinter }) =>
        Effect.gen(function*() {
          const tasks = yield* VideoTasks.VideoTasks
          const handle = yield* submit("hinter")
          yield* tasks.track(handle)
          yield* TestClock.adjust("12 seconds")
          assert.deepStrictEqual(hinter.at, [])
          assert.strictEqual(yield* send({ to: `${hooks}/hinter`, body: succeeded }), 202)
          yield* TestClock.adjust(0)
          assert.deepStrictEqual(hinter.at, [12_000])
          assert.strictEqual((yield* get(handle)).status, "IN_PROGRESS")
        })))

    it.effect("a flood of them reads no more often than the floor", () =>
      inside({}, ({ hinter }) =>
        Effect.gen(function*() {
          const tasks = yield* VideoTasks.VideoTasks
          yield* tasks.track(yield* submit("hinter"))
          for (let second = 0; second < 600; second++) {
            for (let count = 0; count < 5; count++) yield* send({ to: `${hooks}/hinter`, body: succeeded })
            yield* TestClock.adjust("1 second")
          }
          assert.isAtMost(hinter.at.length, 62)
          assert.isAtLeast(hinter.at.length, 50)
          for (let at = 1; at < hinter.at.length; at++) {
            assert.isAtLeast(hinter.at[at]! - hinter.at[at - 1]!, 9000)
          }
        })))

    it.effect("do not get round the back-off after failures", () => {
      const reads: Array<number> = []
      return inside({}, ({ hinter }) => {
        Object.defineProperty(hinter, "answer", {
          get: () => {
            reads.push(0)
            throw new Error("down")
          }
        })
        return Effect.gen(function*() {
          const tasks = yield* VideoTasks.VideoTasks
          yield* tasks.track(yield* submit("hinter"))
          for (let second = 0; second < 600; second++) {
            yield* send({ to: `${hooks}/hinter`, body: succeeded })
            yield* TestClock.adjust("1 second")
          }
          assert.isAtMost(reads.length, 14)
          assert.isAtLeast(reads.length, 8)
        })
      }).pipe(Effect.provide(Logger.layer([])))
    })

    it.effect("hold the account's budget for a thousand tasks", () =>
      inside(
        { tasks: { budget: { requestsPerSecond: 10, burst: 5 }, poll: { floor: "1 minute" } } },
        ({ hinter }) =>
          Effect.gen(function*() {
            const tasks = yield* VideoTasks.VideoTasks
            const handles = yield* Effect.forEach(
              Array.from({ length: 300 }),
              () => Effect.tap(submit("hinter"), (handle) => tasks.track(handle)),
              { concurrency: "unbounded" }
            ).pipe(
              Effect.forkChild({ startImmediately: true })
            )
            yield* TestClock.adjust("40 seconds")
            const all = yield* Fiber.join(handles)
            yield* TestClock.adjust("5 minutes")
            const before = hinter.at.length
            for (const { remoteId } of all) yield* send({ to: `${hooks}/hinter`, body: { id: remoteId } })
            yield* TestClock.adjust("1 second")
            assert.isAtMost(hinter.at.length - before, 15)
          })
      ))

    it.effect("wait as long as the provider has asked the account to", () => {
      let isLimited = true
      return inside({}, ({ hinter }) => {
        hinter.fail = () => isLimited ? Harness.rateLimited(60_000) : undefined
        return Effect.gen(function*() {
          const tasks = yield* VideoTasks.VideoTasks
          yield* tasks.track(yield* submit("hinter"))
          yield* TestClock.adjust("20 seconds")
          const second = yield* submit("hinter")
          yield* tasks.track(second)
          yield* TestClock.adjust("15 seconds")
          const limitedAt = hinter.at[0]!
          isLimited = false
          for (let count = 0; count < 20; count++) {
            yield* send({ to: `${hooks}/hinter`, body: { id: second.remoteId } })
            yield* TestClock.adjust("1 second")
          }
          assert.deepStrictEqual(hinter.at, [limitedAt])
          yield* TestClock.adjust("1 minute")
          assert.isAtLeast(hinter.at[1]!, limitedAt + 60_000)
        })
      })
    })

    it.effect("does not tell whether there is such a task, nor makes us read what nobody follows", () =>
      inside({}, ({ hinter }) =>
        Effect.gen(function*() {
          yield* submit("hinter")
          assert.strictEqual(yield* send({ to: `${hooks}/hinter`, body: succeeded }), 202)
          assert.strictEqual(yield* send({ to: `${hooks}/hinter`, body: { id: "remote-2" } }), 202)
          yield* TestClock.adjust("1 minute")
          assert.deepStrictEqual(hinter.at, [])
          assert.deepStrictEqual(yield* outcomes("hinter"), { unfollowed: 1, unknown: 1 })
        })))

    it.effect("finds the task by our id in the URL, whatever the body says", () =>
      inside({}, ({ hinter }) =>
        Effect.gen(function*() {
          const tasks = yield* VideoTasks.VideoTasks
          const handle = yield* submit("hinter")
          yield* tasks.track(handle)
          yield* TestClock.adjust("12 seconds")
          const { id } = yield* get(handle)
          const to = WebhookReceiver.urlOf(new URL(`${hooks}/`))({ id, provider: "hinter", family: "double" }).href
          assert.strictEqual(yield* send({ to, body: { event: "something new" } }), 202)
          yield* TestClock.adjust(0)
          assert.deepStrictEqual(hinter.at, [12_000])
          // Not by the way of another provider, and not for a task that is not there.
          assert.strictEqual(yield* send({ to: to.replace("hinter", "signer"), id: "a", body: { event: "x" } }), 503)
          const other = TaskId.TaskId.make("01890a5d-ac96-774b-bcce-b302099a8057")
          assert.strictEqual(yield* send({ to: to.replace(id, other), body: {} }), 202)
          assert.deepStrictEqual(yield* outcomes("signer"), { unknown: 1 })
          assert.deepStrictEqual(yield* outcomes("hinter"), { hinted: 1, unknown: 1 })
        })))

    it.effect("is what a signing API says while no secret is known", () =>
      inside({ receiver: { secrets: {} } }, () =>
        Effect.gen(function*() {
          const tasks = yield* VideoTasks.VideoTasks
          const handle = yield* submit("signer")
          yield* tasks.track(handle)
          assert.strictEqual(yield* send({ id: "a", body: succeeded }), 202)
          assert.strictEqual((yield* get(handle)).status, "SUBMITTED")
          assert.deepStrictEqual(yield* outcomes("signer"), { hinted: 1 })
        })))

    it.effect("that comes while a read is out is not lost", () =>
      inside({}, ({ hinter }) =>
        Effect.gen(function*() {
          const tasks = yield* VideoTasks.VideoTasks
          yield* tasks.track(yield* submit("hinter"))
          yield* TestClock.adjust("12 seconds")
          yield* send({ to: `${hooks}/hinter`, body: succeeded })
          yield* TestClock.adjust(0)
          yield* send({ to: `${hooks}/hinter`, body: succeeded })
          yield* TestClock.adjust("10 seconds")
          assert.deepStrictEqual(hinter.at, [12_000, 22_000])
        })))
  })

  describe("refuses", () => {
    const cases: ReadonlyArray<readonly [string, Parameters<typeof send>[0], number]> = [
      ["another method", { method: "GET" }, 405],
      ["a provider that there is not", { to: `${hooks}/nobody` }, 404],
      ["a provider that does not call", { to: `${hooks}/mute` }, 404],
      ["no path", { to: "https://me.example/" }, 404],
      ["a form", { headers: { "Content-Type": "application/x-www-form-urlencoded" } }, 415],
      ["no type", { headers: { "Content-Type": undefined } }, 415],
      ["what is compressed", { headers: { "content-encoding": "gzip" } }, 415],
      ["a body that says it is too long", { headers: { "content-length": "65537" } }, 413],
      ["a body that is too long", { body: "x".repeat(65_537) }, 413],
      ["no JSON", { to: `${hooks}/hinter`, body: "{" }, 400],
      ["an empty body", { to: `${hooks}/hinter`, body: "" }, 400],
      ["what is not UTF-8", { to: `${hooks}/hinter`, stream: new Uint8Array([0x22, 0xff, 0x22]) }, 400],
      ["an array", { to: `${hooks}/hinter`, body: "[]" }, 400],
      ["null", { to: `${hooks}/hinter`, body: "null" }, 400],
      ["what names no task", { to: `${hooks}/hinter`, body: { hello: "world" } }, 400],
      ["a name that is too long", { to: `${hooks}/hinter`, body: { id: "x".repeat(513) } }, 400],
      ["JSON that is nested without end", { to: `${hooks}/hinter`, body: "[".repeat(30_000) }, 400],
      ["objects without end", { to: `${hooks}/hinter`, body: `${`{"a":`.repeat(9000)}1${"}".repeat(9000)}` }, 400]
    ]
    for (const [name, sent, status] of cases) {
      it.effect(`${name} with ${status}`, () =>
        inside({}, () => Effect.map(send(sent), (answered) => assert.strictEqual(answered, status))))
    }

    it.effect.each<[string, string]>([
      ["nobody", "the path has to end in the id of a provider that calls back, or in that and our id of a task"],
      ["mute/1", "the path has to end in the id of a provider that calls back, or in that and our id of a task"],
      ["hinter/task_1", "what follows the provider in the path is no id of a task as we give them"]
    ])(
      "a path that leads nowhere, and says what is wrong with it: %s",
      ([path, says]) =>
        inside({}, () =>
          Effect.gen(function*() {
            const body = new Uint8Array()
            const answer = yield* WebhookReceiver.handle({ method: "POST", url: `${hooks}/${path}`, headers: {}, body })
            assert.deepStrictEqual([answer.status, answer.body], [404, says])
          }))
    )

    it.effect("a long body before it is read whole", () =>
      inside({}, () =>
        Effect.gen(function*() {
          let pulled = 0
          const endless = Stream.forever(Stream.fromEffect(Effect.sync(() => {
            pulled++
            return new Uint8Array(1024)
          })))
          assert.strictEqual(yield* send({ stream: endless }), 413)
          assert.strictEqual(pulled, 65)
        })))

    it.effect("a body that drips, after 5 s", () =>
      inside({}, () =>
        Effect.gen(function*() {
          const drip = Stream.tick("1 second").pipe(Stream.map(() => new Uint8Array([32])))
          const sent = yield* Effect.forkChild(send({ stream: drip }), { startImmediately: true })
          yield* TestClock.adjust("5 seconds")
          assert.strictEqual(yield* Fiber.join(sent), 408)
        })))

    it.effect("a body that breaks off", () =>
      inside({}, () =>
        Effect.gen(function*() {
          assert.strictEqual(yield* send({ stream: Stream.fail("reset") }), 400)
        })))

    it.effect("a secret that nobody could use, when it is built", () =>
      Effect.gen(function*() {
        const secrets: ReadonlyArray<readonly [NonNullable<WebhookReceiver.Options["secrets"]>, string]> = [
          [{ nobody: secret }, "the webhook secret of nobody is of no provider that there is"],
          [{ hinter: secret }, "the webhook secret of hinter is of no use: that API does not sign"],
          [
            { signer: [secret, Redacted.make("sk-SECRET")] },
            "the webhook secret of signer is not base64, with or without whsec_ before it"
          ]
        ]
        for (const [given, message] of secrets) {
          const exit = yield* Effect.exit(Layer.build(world({ receiver: { secrets: given } }).layer))
          const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
          assert.isTrue(error instanceof WebhookReceiver.SecretError)
          assert.strictEqual((error as WebhookReceiver.SecretError).message, message)
        }
      }).pipe(Effect.scoped))
  })

  describe("whatever comes", () => {
    const header = Schema.Union([Schema.String.check(Schema.isMaxLength(60)), Schema.Undefined])

    it.effect.prop(
      "moves nothing, breaks nothing and has an answer",
      [
        Schema.Union([
          Schema.Json,
          Schema.Struct({ id: Schema.Literal("remote-1"), status: Schema.String }),
          Schema.String
        ]),
        header,
        Schema.Union([header, Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 600 }))]),
        header,
        Schema.Union([Schema.Literals(["signer", "hinter"]), Schema.String])
      ],
      ([body, id, timestamp, signature, place]) =>
        inside({}, () =>
          Effect.gen(function*() {
            const [signed, hinted] = [yield* submit("signer"), yield* submit("hinter")]
            const headers = {
              "webhook-id": id,
              "webhook-timestamp": timestamp === undefined ? undefined : String(timestamp),
              "webhook-signature": signature === undefined ? undefined : `v1,${signature}`
            }
            const status = yield* send({ to: `${hooks}/${place}`, body, headers })
            assert.include(place === "signer" ? [401] : [202, 400, 404], status)
            for (const handle of [signed, hinted]) assert.strictEqual((yield* get(handle)).status, "SUBMITTED")
          }))
    )
  })

  describe("hears headers that are lists, as servers of Node have them:", () => {
    /** A signed success, with headers changed; the status of the answer, and that of the task. */
    const told = (change: (signed: StandardWebhooks.Headers) => StandardWebhooks.Headers) =>
      inside({}, () =>
        Effect.gen(function*() {
          const handle = yield* submit("signer")
          const key = StandardWebhooks.parseSecret(secret)
          const text = JSON.stringify({ id: handle.remoteId, status: "SUCCESS" })
          const body = new TextEncoder().encode(text)
          const timestamp = Math.floor((yield* Clock.currentTimeMillis) / 1000)
          const signed = StandardWebhooks.sign({ id: "msg-1", timestamp, body }, key === undefined ? [] : [key])
          const headers = change({ "content-type": "application/json", ...signed })
          const { status } = yield* WebhookReceiver.handle({ method: "POST", url: `${hooks}/signer`, headers, body })
          return [status, (yield* get(handle)).status]
        }))

    const twice = (name: string) => (headers: StandardWebhooks.Headers) => ({
      ...headers,
      [name]: [String(headers[name]), String(headers[name])]
    })

    it.effect("each of one value", () =>
      Effect.gen(function*() {
        const single = yield* told((headers) =>
          Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [String(value)]]))
        )
        assert.deepStrictEqual(single, [204, "SUCCESS"])
        const other = yield* told((headers) => ({ ...headers, accept: ["a", "b"], "x-empty": [] }))
        assert.deepStrictEqual(other, [204, "SUCCESS"])
      }))

    it.effect.each(["webhook-id", "webhook-timestamp", "webhook-signature"])(
      "two of %s are not believed",
      (name) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* told(twice(name)), [401, "SUBMITTED"])
          const spelt = yield* told((headers) => ({ ...headers, [name.toUpperCase()]: String(headers[name]) }))
          assert.deepStrictEqual(spelt, [401, "SUBMITTED"])
        })
    )

    it.effect("two types are none", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* told(twice("content-type")), [415, "SUBMITTED"])
      }))
  })

  describe("when the store does not answer", () => {
    for (const name of ["find", "append"] as const) {
      it.effect(`answers 503 within 15 s, and ends within two more: ${name}`, () =>
        Effect.gen(function*() {
          const scope = yield* Scope.make()
          const { layer } = world({ store: name === "append" ? appendStuckLater : stuck(name) })
          const body = Effect.gen(function*() {
            if (name === "append") yield* submit("signer")
            const sent = yield* Effect.forkChild(send({ id: "a", body: succeeded }), { startImmediately: true })
            yield* TestClock.adjust("9 seconds")
            assert.strictEqual(yield* Fiber.join(sent), 503)
          })
          yield* Effect.provideContext(body, yield* Layer.buildWithScope(layer, scope))
          const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
          yield* TestClock.adjust("2 seconds")
          assert.isDefined(closing.pollUnsafe())
        }))
    }

    it.effect("writes nothing any more when the layer has ended", () => {
      const written: Array<string> = []
      let isOpen = true
      const slow = Layer.effect(
        TaskStore.TaskStore,
        Effect.gen(function*() {
          const store = yield* TaskStore.TaskStore
          yield* Effect.addFinalizer(() => Effect.sync(() => (isOpen = false)))
          return {
            ...store,
            append: (...args: Parameters<typeof store.append>) =>
              Effect.delay(
                Effect.andThen(
                  Effect.sync(() => written.push(`${args[1]} ${isOpen ? "in time" : "too late"}`)),
                  store.append(...args)
                ),
                args[1] === 0 ? 0 : 500
              )
          }
        })
      ).pipe(Layer.provide(TaskStore.layerMemory))
      return Effect.gen(function*() {
        const scope = yield* Scope.make()
        const context = yield* Layer.buildWithScope(world({ store: slow }).layer, scope)
        yield* Effect.provideContext(submit("signer"), context)
        yield* Effect.forkChild(Effect.provideContext(send({ id: "a", body: succeeded }), context), {
          startImmediately: true
        })
        yield* TestClock.adjust("100 millis")
        yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
        yield* TestClock.adjust("5 seconds")
        assert.isFalse(isOpen)
        assert.deepStrictEqual(written, ["0 in time", "1 in time"])
      })
    })

    it.effect("takes no more than it has room for", () =>
      inside(
        { store: stuck("find"), receiver: { secrets: { signer: secret }, concurrency: 3 } },
        () =>
          Effect.gen(function*() {
            const sent = yield* Effect.forkChild(
              Effect.all(["a", "b", "c", "d"].map((id) => send({ id, body: succeeded })), { concurrency: "unbounded" }),
              { startImmediately: true }
            )
            yield* TestClock.adjust("9 seconds")
            assert.deepStrictEqual(yield* Fiber.join(sent), [503, 503, 503, 429])
          })
      ))

    it.effect("lets the message come again", () => {
      let isDown = true
      const store = Layer.effect(
        TaskStore.TaskStore,
        Effect.map(TaskStore.TaskStore, (memory) => ({
          ...memory,
          find: (handle: Parameters<typeof memory.find>[0]) =>
            isDown
              ? Effect.fail(new TaskStore.TaskStoreError({ detail: "disk on fire", retryable: false }))
              : memory.find(handle)
        }))
      ).pipe(Layer.provide(TaskStore.layerMemory))
      return inside({ store }, () =>
        Effect.gen(function*() {
          const handle = yield* submit("signer")
          assert.strictEqual(yield* send({ id: "a", body: succeeded }), 503)
          isDown = false
          assert.strictEqual(yield* send({ id: "a", body: succeeded }), 204)
          assert.strictEqual((yield* get(handle)).status, "SUCCESS")
        }))
    })
  })

  describe("polling", () => {
    /** When a task that is waited for is read in 20 minutes. */
    const readsWith = (calls: ReadonlyArray<number>) =>
      inside({}, ({ signer }) =>
        Effect.gen(function*() {
          const tasks = yield* VideoTasks.VideoTasks
          yield* tasks.track(yield* submit("signer"))
          for (let second = 0; second < 1200; second += 10) {
            if (calls.includes(second)) {
              yield* send({ id: `m${second}`, body: { id: "remote-1", status: "IN_PROGRESS" } })
            }
            yield* TestClock.adjust("10 seconds")
          }
          return signer.at
        }))

    it.effect("is rare while callbacks come, and comes back when they stop", () =>
      Effect.gen(function*() {
        const without = yield* readsWith([])
        const early = yield* readsWith([10])
        const always = yield* readsWith(Array.from({ length: 120 }, (_, index) => index * 10))
        assert.isAtLeast(without.length, 35)
        assert.isAtMost(always.length, 12)
        // Reconciling reads go on, however many callbacks come: none is further away than the gap and its jitter.
        for (let at = 1; at < always.length; at++) assert.isAtMost(always[at]! - always[at - 1]!, 133_000)
        const during = early.filter((at) => at < 370_000)
        const after = early.filter((at) => at >= 490_000)
        assert.isAtMost(during.length, 3)
        assert.isAtLeast(after.length, 20)
      }))

    it.effect("heals what was lost", () =>
      inside({}, ({ signer }) =>
        Effect.gen(function*() {
          const tasks = yield* VideoTasks.VideoTasks
          const waiting = yield* Effect.forkChild(tasks.await(yield* submit("signer")), { startImmediately: true })
          yield* TestClock.adjust("10 seconds")
          yield* send({ id: "a", body: { id: "remote-1", status: "IN_PROGRESS" } })
          signer.answer = Harness.success
          yield* TestClock.adjust("133 seconds")
          assert.strictEqual((yield* Fiber.join(waiting)).status, "SUCCESS")
          assert.strictEqual(signer.at.length, 1)
        })))
  })

  describe("mounted", () => {
    it.effect("answers in anybody's router, below any path", () =>
      inside({}, ({ layer }) =>
        Effect.gen(function*() {
          const app = WebhookReceiver.layerRoute("/hooks/").pipe(
            Layer.provide(layer),
            Layer.provide(HttpServer.layerServices)
          )
          const { dispose, handler } = HttpRouter.toWebHandler(app, { disableLogger: true })
          const ask = (path: string, init: RequestInit) =>
            Effect.map(
              Effect.promise(() => handler(new Request(`https://me.example${path}`, init))),
              ({ headers, status }) => [status, headers.get("allow")]
            )
          const json = { "content-type": "application/json" }
          const body = `{"id":"remote-1"}`
          assert.deepStrictEqual(yield* ask("/hooks/hinter", { method: "POST", headers: json, body }), [202, null])
          const id = "01890a5d-ac96-774b-bcce-b302099a8057"
          assert.deepStrictEqual(yield* ask(`/hooks/hinter/${id}`, { method: "POST", headers: json, body }), [
            202,
            null
          ])
          assert.deepStrictEqual(yield* ask("/hooks/hinter", { method: "PUT", body }), [405, "POST"])
          assert.deepStrictEqual(yield* ask("/hooks/nobody", { method: "POST", headers: json, body }), [404, null])
          const long = { method: "POST", headers: json, body: "x".repeat(70_000) }
          assert.deepStrictEqual(yield* ask("/hooks/hinter", long), [413, null])
          yield* Effect.promise(dispose)
        })))

    it.effect("is a function from Request to Response too", () =>
      inside({}, () =>
        Effect.gen(function*() {
          const handler = yield* WebhookReceiver.toWebHandler
          const handle = yield* submit("hinter")
          const ask = (init: RequestInit) =>
            Effect.promise(() => handler(new Request(`${hooks}/hinter`, { method: "POST", ...init })))
          const headers = { "content-type": "application/json" }
          const heard = yield* ask({ headers, body: JSON.stringify({ id: handle.remoteId }) })
          assert.deepStrictEqual([heard.status, yield* Effect.promise(() => heard.text())], [202, ""])
          const refused = yield* ask({ headers })
          assert.deepStrictEqual([refused.status, yield* Effect.promise(() => refused.text())], [400, "no JSON"])
        })))
  })

  describe("SubmitOptions.callbackUrl", () => {
    const urls: Array<URL | undefined> = []

    it.effect("reaches the provider, made of the task", () =>
      Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handle = yield* tasks.submit(Harness.request, { callbackUrl: WebhookReceiver.urlOf(new URL(hooks)) })
        const { id } = yield* tasks.get(handle)
        yield* tasks.submit(Harness.request, { callbackUrl: new URL("https://me.example/mine?a=b") })
        yield* tasks.submit(Harness.request)
        assert.deepStrictEqual(
          urls.map((url) => url?.href),
          [`${hooks}/double/${id}`, "https://me.example/mine?a=b", undefined]
        )
      }).pipe(Effect.provide(Harness.layer(noting(urls, { takesCallbackUrl: true })))))

    const refused = (callbackUrl: URL) =>
      Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const error = yield* Effect.flip(tasks.submit(Harness.request, { callbackUrl }))
        const { submissions } = yield* TaskStore.TaskStore
        assert.deepStrictEqual((yield* submissions({})).items, [])
        return error.reason._tag === "InvalidRequest" ? error.reason.violations : []
      })

    it.effect("is refused where the API takes none, before anything is sent or kept", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* refused(new URL("https://me.example/secret")), [
          new VideoTaskError.Violation({
            field: "callbackUrl",
            value: "https://me.example",
            allowed: "none: Double takes no callback URL"
          })
        ])
      }).pipe(Effect.provide(Harness.layer(noting([], {})))))

    it.effect("is an http(s) URL", () =>
      Effect.gen(function*() {
        const [violation] = yield* refused(new URL("ftp://me.example/"))
        assert.strictEqual(violation?.allowed, "an http(s) URL")
      }).pipe(Effect.provide(Harness.layer(noting([], { takesCallbackUrl: true })))))
  })
})
