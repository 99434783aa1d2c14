import { assert, describe, it } from "@effect/vitest"
import type { VideoProvider, VideoRequest, VideoTaskError } from "@video-tasks/core"
import { Ark, CometApi, GenericApi, Kling, OpenAi, Runway, SeeAny, XAi } from "@video-tasks/providers"
import { Effect, Redacted } from "effect"
import { answering, apiKey, secret, stub } from "./utils/stub.ts"

type Made = Effect.Effect<VideoProvider.VideoProvider, VideoTaskError.VideoTaskError>

const { provide } = answering({})

/** With options that no compiler has seen. */
const comet = (options: object): Made => provide(CometApi.make({ apiKey, ...options }))

const baseUrlOf = (made: Made) => Effect.map(made, ({ baseUrl }) => baseUrl)

const refusal = (made: Made) =>
  Effect.map(Effect.flip(made), ({ message, operation, reason }) => {
    assert.strictEqual(operation, "configure")
    assert.strictEqual(reason._tag, "InvalidRequest")
    return message
  })

describe("the configuration of a provider", () => {
  describe("takes a base URL that ends in what its paths begin with for the one before that:", () => {
    const at = (baseUrl: string): ReadonlyArray<readonly [string, Made]> => [
      ["CometApi", provide(CometApi.make({ apiKey, baseUrl }))],
      ["OpenAi", provide(OpenAi.make({ apiKey, baseUrl }))],
      ["Runway", provide(Runway.make({ apiKey, baseUrl }))],
      ["Kling", provide(Kling.make({ accessKey: apiKey, secretKey: apiKey, baseUrl }))],
      ["XAi", provide(XAi.make({ apiKey, baseUrl }))],
      ["SeeAny", provide(SeeAny.make({ apiKey, baseUrl }))],
      ["GenericApi", provide(GenericApi.make({ apiKey, baseUrl }))]
    ]

    it.effect.each(["https://api.example.com/v1", "https://api.example.com/v1/", "https://api.example.com"])(
      "%s",
      (url) =>
        Effect.gen(function*() {
          for (const [name, made] of at(url)) {
            assert.strictEqual(yield* baseUrlOf(made), "https://api.example.com", name)
          }
        })
    )

    it.effect("also behind a path of a proxy, and with the whole route", () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* baseUrlOf(comet({ baseUrl: "https://gw.example/a/v1" })), "https://gw.example/a")
        assert.strictEqual(yield* baseUrlOf(comet({ baseUrl: "https://gw.example/v1/videos" })), "https://gw.example")
      }))

    it.effect("so that a create goes where the API is", () => {
      const api = stub(() => Response.json({ id: "t1", status: "queued" }))
      return Effect.gen(function*() {
        const { create } = yield* api.provide(CometApi.make({ apiKey, baseUrl: "https://api.example.com/v1" }))
        const { handle } = yield* create(CometApi.video({ model: "m", prompt: "A fox" }))
        assert.deepStrictEqual(api.urls, ["https://api.example.com/v1/videos"])
        assert.strictEqual(handle.baseUrl, "https://api.example.com")
      })
    })
  })

  it.effect.each(
    [
      ["https://v1", {}],
      ["https://api.example.com/v2", {}],
      ["https://api.example.com/serv1", {}],
      ["https://api.example.com/v1", { create: "/videos", query: "/videos/{id}" }]
    ] as const
  )("keeps %s, whose paths begin with something else", ([baseUrl, paths]) =>
    Effect.gen(function*() {
      assert.strictEqual(yield* baseUrlOf(comet({ baseUrl, paths })), baseUrl)
    }))

  it.effect("keeps the path of an API whose routes have none of it", () =>
    Effect.gen(function*() {
      const baseUrl = "https://ark.example.com/api/v3"
      assert.strictEqual(yield* baseUrlOf(provide(Ark.make({ apiKey, baseUrl }))), baseUrl)
    }))

  it.effect("refuses a base URL that ends in what some of its paths begin with", () =>
    Effect.gen(function*() {
      const message = yield* refusal(comet({ baseUrl: "https://api.example.com/v1", paths: { create: "/videos" } }))
      assert.include(
        message,
        "baseUrl is https://api.example.com/v1; allowed: one without /v1 at its end, or in all paths"
      )
    }))

  it.effect.each<[object, string]>([
    [{ id: 5 }, "id is 5; allowed: a text"],
    [{ account: ["a"] }, "account is a list; allowed: a text"],
    [{ baseUrl: new URL("https://user:pw@api.example.com") }, "baseUrl is an object; allowed: a text"],
    [{ userAgent: false }, "userAgent is false; allowed: a text"],
    [{ maxImageBytes: "5" }, "maxImageBytes is \"5\"; allowed: a number of bytes above 0"],
    [{ paths: { create: 5 } }, "paths.create is 5; allowed: a path that starts with /"],
    [{ apiKey: secret }, "apiKey is not Redacted; allowed: Redacted.make(key)"],
    [{ apiKey: Redacted.make(5) }, "apiKey is not Redacted; allowed: Redacted.make(key)"],
    [{ apiKey: Redacted.make(" ") }, "apiKey is empty; allowed: visible ASCII characters"],
    [{ apiKey: undefined }, "apiKey is empty; allowed: visible ASCII characters"],
    [
      { apiKey: Redacted.make(`Bearer ${secret}`) },
      "apiKey is <redacted>; allowed: the key alone, without `Bearer`"
    ]
  ])("refuses %o by name, without showing a secret", ([options, says]) =>
    Effect.gen(function*() {
      const message = yield* refusal(comet(options))
      assert.include(message, says)
      assert.notInclude(message, secret)
      assert.notInclude(message, "pw")
    }))
})

describe("a create that no compiler has seen", () => {
  const modules = [CometApi, OpenAi, Runway, XAi, Ark, GenericApi] as ReadonlyArray<
    { readonly make: (options: GenericApi.Options) => ReturnType<typeof GenericApi.make> }
  >

  it.effect("is refused with what is wrong, never with a defect, and nothing is sent", () => {
    const api = answering({})
    const values = [null, true, 10n, [], [null], {}, () => 1, Symbol("x")]
    return Effect.gen(function*() {
      for (const { make } of modules) {
        const { create, families, id, validate } = yield* api.provide(
          make({ apiKey, baseUrl: "https://api.example.com" })
        )
        const good = { provider: id, family: families[0]?.id, model: "m", prompt: "a fox" }
        const odd: Array<unknown> = [undefined, null, "a fox", {}]
        for (const field of ["family", "model", "prompt", "seconds", "size", "resolution"]) {
          odd.push(...values.map((value) => ({ ...good, [field]: value })))
        }
        odd.push({ ...good, images: "a.png" }, { ...good, images: ["a.png"] }, { ...good, options: [] })
        for (const asked of odd) {
          const request = asked as VideoRequest.VideoRequest
          assert.isAbove(validate(request).length, 0)
          assert.strictEqual((yield* Effect.flip(create(request))).reason._tag, "InvalidRequest")
        }
      }
      assert.deepStrictEqual(api.urls, [])
    })
  })
})
