import { assert, describe, it } from "@effect/vitest"
import { TaskHandle, VideoProvider, VideoProviders, VideoTaskError } from "@video-tasks/core"
import { Context, Effect, Layer } from "effect"
import { created } from "./utils/arbitraries.ts"

class One extends Context.Service<One, VideoProvider.VideoProvider>()("test/One") {}

class Two extends Context.Service<Two, VideoProvider.VideoProvider>()("test/Two") {}

const registry = (one = "one", two = "two") =>
  VideoProviders.layer([One, Two]).pipe(
    Layer.provide(Layer.succeed(One, VideoProvider.double({ id: one }))),
    Layer.provide(Layer.succeed(Two, VideoProvider.double({ id: two, account: "second" })))
  )

const handle = (over: Partial<TaskHandle.TaskHandle> = {}) =>
  TaskHandle.TaskHandle.make({
    provider: "two",
    family: "double",
    remoteId: "r1",
    baseUrl: "https://double.invalid",
    account: "second",
    ...over
  })

describe("VideoProviders", () => {
  it.effect("holds its providers in the order of their keys", () =>
    Effect.gen(function*() {
      const { all } = yield* VideoProviders.VideoProviders
      assert.deepStrictEqual(all.map((provider) => provider.id), ["one", "two"])
    }).pipe(Effect.provide(registry())))

  it.effect("finds a provider by its id, and the provider and family of a handle", () =>
    Effect.gen(function*() {
      const providers = yield* VideoProviders.VideoProviders
      assert.strictEqual((yield* providers.get("one", "create")).account, "default")
      const { family, provider } = yield* providers.forHandle(handle(), "observe")
      assert.deepStrictEqual([provider.id, family.id], ["two", "double"])
    }).pipe(Effect.provide(registry())))

  it.effect("fails with InvalidRequest that lists the known ids when there is no such provider", () =>
    Effect.gen(function*() {
      const providers = yield* VideoProviders.VideoProviders
      const error = yield* providers.get("three", "create").pipe(Effect.flip)
      const violation = new VideoTaskError.Violation({ field: "provider", value: "three", allowed: "one, two" })
      assert.deepStrictEqual(error.reason, new VideoTaskError.InvalidRequest({ violations: [violation] }))
      assert.deepStrictEqual([error.provider, error.operation], ["three", "create"])
    }).pipe(Effect.provide(registry())))

  it.effect("says that none is configured when none is", () =>
    Effect.gen(function*() {
      const { get } = yield* VideoProviders.make([])
      const error = yield* get("one", "models").pipe(Effect.flip)
      assert.include(error.message, "provider is one; allowed: none is configured")
    }))

  it.effect("keeps the handle in the error when its provider is not there", () =>
    Effect.gen(function*() {
      const providers = yield* VideoProviders.VideoProviders
      const error = yield* providers.forHandle(created().handle, "observe").pipe(Effect.flip)
      assert.strictEqual(error.reason._tag, "InvalidRequest")
      assert.deepStrictEqual(error.handle, created().handle)
    }).pipe(Effect.provide(registry())))

  it.effect.each(
    [
      ["baseUrl", handle({ baseUrl: "https://other.example" }), "https://other.example", "https://double.invalid"],
      ["account", handle({ account: "default" }), "default", "second"],
      ["family", handle({ family: "slow" }), "slow", "double"]
    ] as const
  )(
    "refuses a handle of another %s without asking anybody",
    ([field, handle, expected, actual]) =>
      Effect.gen(function*() {
        const providers = yield* VideoProviders.VideoProviders
        const error = yield* providers.forHandle(handle, "observe").pipe(Effect.flip)
        assert.deepStrictEqual(error.reason, new VideoTaskError.ResumeIdentityChanged({ field, expected, actual }))
        assert.deepStrictEqual(error.handle, handle)
      }).pipe(Effect.provide(registry()))
  )

  it.effect.each<[string, ReadonlyArray<string> | undefined, string]>([
    ["..", ["text", "image"], "text, image"],
    ["text/../..", ["text", "image"], "text, image"],
    ["text", undefined, "no route"]
  ])(
    "refuses a handle with the route %s, where there are %j, without asking anybody",
    ([route, routes, allowed]) =>
      Effect.gen(function*() {
        const double = VideoProvider.double({ id: "two", account: "second", family: { routes } })
        const { forHandle } = yield* VideoProviders.make([double])
        const error = yield* forHandle(handle({ route }), "observe").pipe(Effect.flip)
        const violation = new VideoTaskError.Violation({ field: "handle.route", value: route, allowed })
        assert.deepStrictEqual(error.reason, new VideoTaskError.InvalidRequest({ violations: [violation] }))
        assert.deepStrictEqual(error.handle, handle({ route }))
      })
  )

  it.effect("takes a handle with a route of its family, and one without", () =>
    Effect.gen(function*() {
      const routes = ["text", "image"]
      const double = VideoProvider.double({ id: "two", account: "second", family: { routes } })
      const { forHandle } = yield* VideoProviders.make([double])
      for (const one of [handle({ route: "image" }), handle()]) {
        assert.deepStrictEqual((yield* forHandle(one, "observe")).family.routes, routes)
      }
    }))

  it.effect("cannot be built of two providers of one id", () =>
    Effect.gen(function*() {
      const error = yield* Layer.build(registry("same", "same")).pipe(Effect.flip)
      assert.deepStrictEqual(error, new VideoProviders.DuplicateProvider({ id: "same" }))
      assert.strictEqual(
        error.message,
        "Two providers have the id same. Give one of them another id in its options."
      )
    }))
})
