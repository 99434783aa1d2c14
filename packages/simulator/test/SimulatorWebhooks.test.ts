import { assert, describe, it } from "@effect/vitest"
import { Simulator, SimulatorHttp, type SimulatorOptions, SimulatorWebhooks } from "@video-tasks/simulator"
import { Effect, Layer } from "effect"
import { HttpClient, type HttpClientRequest, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { createHmac } from "node:crypto"
import { call } from "./support.ts"

const secret = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI="

const hook = "https://me.example/hook"

interface Post {
  /** In s. */
  readonly at: number
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly text: string
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into bodies of every shape
  readonly json: any
}

const textOf = ({ body }: HttpClientRequest.HttpClientRequest): string =>
  body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : ""

/** A simulator in memory whose callbacks arrive here, and are answered in turn with these. */
const listening = <A, E>(
  options: SimulatorOptions.Options,
  use: (posts: ReadonlyArray<Post>) => Effect.Effect<A, E, HttpClient.HttpClient | Simulator.Simulator>,
  answers: ReadonlyArray<number> = [204]
) => {
  const posts: Array<Post> = []
  const receiver = HttpClient.make((request, url) =>
    Effect.map(TestClock.testClockWith((clock) => Effect.succeed(clock.currentTimeMillisUnsafe())), (now) => {
      const text = textOf(request)
      posts.push({ at: now / 1000, url: url.href, headers: request.headers, text, json: JSON.parse(text) })
      const status = answers[Math.min(posts.length, answers.length) - 1] ?? 204
      return HttpClientResponse.fromWeb(request, new Response(null, { status }))
    })
  )
  const sender = Layer.provide(SimulatorWebhooks.layer, Layer.succeed(HttpClient.HttpClient, receiver))
  return use(posts).pipe(
    Effect.provide(
      Layer.merge(sender, SimulatorHttp.layerHttpClient).pipe(
        Layer.provideMerge(Simulator.layer({ jobSeconds: { min: 100, max: 100 }, ...options }))
      )
    )
  )
}

const kling = (more: object = {}) =>
  call("POST", "/kling/v1/videos/text2video", { json: { prompt: "A fox", callback_url: hook, ...more } })

const spans = (posts: ReadonlyArray<Post>) => posts.map(({ at, json }) => [at, json.task_status ?? json.status])

const signs = ({ headers, text }: Post, key = secret) => {
  const mac = createHmac("sha256", Buffer.from(key.slice(6), "base64"))
  const expected = mac.update(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${text}`).digest("base64")
  return headers["webhook-signature"]?.split(" ").includes(`v1,${expected}`) ?? false
}

/** The posts of one Kling task that lasts 100 s. */
const ofKling = (webhooks: SimulatorOptions.WebhookOptions, answers?: ReadonlyArray<number>) =>
  listening(
    { webhooks },
    (posts) =>
      Effect.gen(function*() {
        const { json } = yield* kling()
        yield* TestClock.adjust("10 minutes")
        return { posts, id: json.data.task_id, ledger: yield* (yield* Simulator.Simulator).ledger }
      }),
    answers
  )

describe("SimulatorWebhooks", () => {
  it.effect("tells Kling's URL when the task runs and when it ends, signed", () =>
    Effect.gen(function*() {
      const { id, ledger, posts } = yield* ofKling({ secrets: [secret] })
      assert.deepStrictEqual(spans(posts), [[10, "processing"], [100, "succeed"]])
      assert.deepStrictEqual(posts.map((post) => [post.url, signs(post), post.json.task_id]), [
        [hook, true, id],
        [hook, true, id]
      ])
      assert.deepStrictEqual(posts.map(({ headers }) => headers["webhook-timestamp"]), ["10", "100"])
      const [video] = posts[1]!.json.task_result.videos
      assert.match(video.url, /^http:\/\/simulator\.test\/files\//)
      const [first, second] = ledger.webhooks
      assert.notStrictEqual(first?.id, second?.id)
      assert.deepStrictEqual(ledger.webhooks.map(({ attempt, status, taskId }) => [taskId, attempt, status]), [
        [id, 1, 204],
        [id, 1, 204]
      ])
    }))

  it.effect("signs nothing without a secret", () =>
    Effect.gen(function*() {
      for (const webhooks of [{}, { secrets: [secret], faults: ["unsigned"] as const }]) {
        const { posts } = yield* ofKling(webhooks)
        assert.deepStrictEqual(posts.map(({ headers }) => headers["webhook-signature"]), [undefined, undefined])
      }
    }))

  it.effect("signs with both secrets while one is being changed", () =>
    Effect.gen(function*() {
      const other = "whsec_b3RoZXI="
      const { posts } = yield* ofKling({ secrets: [other, secret] })
      assert.deepStrictEqual(posts.map((post) => [signs(post), signs(post, other)]), [[true, true], [true, true]])
    }))

  it.effect("sends what was not accepted again, with the same id and a new time, until it is or is not wanted", () =>
    Effect.gen(function*() {
      const { ledger, posts } = yield* ofKling({ secrets: [secret], retrySeconds: [5, 30] }, [500, 302, 503, 404, 410])
      assert.deepStrictEqual(spans(posts), [
        [10, "processing"],
        [15, "processing"],
        [45, "processing"],
        [100, "succeed"],
        [105, "succeed"]
      ])
      assert.isTrue(posts.every((post) => signs(post)))
      assert.strictEqual(new Set(posts.slice(0, 3).map(({ headers }) => headers["webhook-id"])).size, 1)
      assert.deepStrictEqual(ledger.webhooks.map(({ attempt, status }) => [attempt, status]), [
        [1, 500],
        [2, 302],
        [3, 503],
        [1, 404],
        [2, 410]
      ])
    }))

  describe("faults", () => {
    const play = (...faults: ReadonlyArray<SimulatorOptions.WebhookFault>) =>
      Effect.map(ofKling({ secrets: [secret], faults }), ({ posts }) => posts)

    const orders = [
      ["lost", []],
      ["lost-end", [[10, "processing"]]],
      ["out-of-order", [[100, "succeed"], [101, "processing"]]],
      ["duplicate", [[10, "processing"], [10, "processing"], [100, "succeed"], [100, "succeed"]]]
    ] as const
    for (const [fault, expected] of orders) {
      it.effect(`play ${fault}`, () =>
        Effect.gen(function*() {
          assert.deepStrictEqual<unknown>(spans(yield* play(fault)), expected)
        }))
    }

    it.effect("send twice with one id", () =>
      Effect.gen(function*() {
        const [first, second] = yield* play("duplicate")
        assert.strictEqual(first?.headers["webhook-id"], second?.headers["webhook-id"])
      }))

    it.effect("sign with another secret", () =>
      Effect.gen(function*() {
        const posts = yield* play("wrong-signature")
        assert.deepStrictEqual(posts.map((post) => [signs(post), post.headers["webhook-timestamp"]]), [
          [false, "10"],
          [false, "100"]
        ])
      }))

    it.effect("sign a time ten minutes ago", () =>
      Effect.gen(function*() {
        yield* TestClock.adjust("1 hour")
        const posts = yield* play("stale")
        assert.deepStrictEqual(posts.map((post) => [signs(post), post.headers["webhook-timestamp"]]), [
          [true, "3010"],
          [true, "3100"]
        ])
      }))
  })

  it.effect("says it in Kling's new words too", () =>
    listening({ klingBody: "new" }, (posts) =>
      Effect.gen(function*() {
        yield* kling({ external_task_id: "mine" })
        yield* TestClock.adjust("2 minutes")
        assert.deepStrictEqual(posts.map(({ json }) => [json.status, json.external_id]), [
          ["processing", "mine"],
          ["succeeded", "mine"]
        ])
      })))

  it.effect("tells Ark's and CometAPI's URLs the task, unsigned", () =>
    listening({ webhooks: { secrets: [secret] } }, (posts) =>
      Effect.gen(function*() {
        const content = [{ type: "text", text: "A fox" }]
        const ark = yield* call("POST", "/ark/api/v3/contents/generations/tasks", {
          json: { model: "doubao-seedance-1-5-pro-251215", content, callback_url: `${hook}/ark` }
        })
        const comet = yield* call("POST", "/v1/videos", {
          form: { model: "veo3", prompt: "A fox", callback_url: `${hook}/comet` }
        })
        yield* TestClock.adjust("2 minutes")
        const of = (place: string) => posts.filter(({ url }) => url.endsWith(place)).map(({ json }) => json)
        assert.deepStrictEqual(of("ark").map(({ id, status }) => [id, status]), [
          [ark.json.id, "running"],
          [ark.json.id, "succeeded"]
        ])
        const [running, done] = of("comet")
        assert.deepStrictEqual(running, { task_id: comet.json.id, status: "in_progress", progress: 10 })
        assert.match(done.result.video_url, /\.mp4\?/)
        assert.isTrue(posts.every(({ headers }) => headers["webhook-signature"] === undefined))
      })))

  it.effect("tells Runway's URL behind CometAPI of the success, in strings", () =>
    listening({}, (posts) =>
      Effect.gen(function*() {
        const { json } = yield* call("POST", "/runwayml/v1/image_to_video", {
          headers: { "x-runway-version": "2024-11-06" },
          json: { model: "gen3a_turbo", promptImage: "https://me.example/a.png", callback_url: hook }
        })
        yield* TestClock.adjust("2 minutes")
        assert.deepStrictEqual(posts.map(({ json: { status, task_id } }) => [task_id, status]), [[json.id, "3"]])
      })))

  it.effect("tells nobody where the create names no URL, or the API takes none", () =>
    listening({}, (posts) =>
      Effect.gen(function*() {
        yield* kling({ callback_url: undefined })
        yield* kling({ callback_url: "no url" })
        yield* kling({ prompt: "A fox [ghost]" })
        yield* call("POST", "/xai/v1/videos/generations", {
          json: { model: "grok-imagine-video", prompt: "A fox", callback_url: hook }
        })
        yield* TestClock.adjust("10 minutes")
        assert.deepStrictEqual(posts, [])
      })))
})
