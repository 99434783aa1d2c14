import { type VideoProvider, VideoProviders } from "@video-tasks/core"
import { Context, type Layer } from "effect"
import { expectTypeOf, it } from "vitest"

class One extends Context.Service<One, VideoProvider.VideoProvider>()("test/One") {}

class Two extends Context.Service<Two, VideoProvider.VideoProvider>()("test/Two") {}

class Other extends Context.Service<Other, { readonly id: string }>()("test/Other") {}

it("requires every provider that it names", () => {
  expectTypeOf(VideoProviders.layer([One, Two])).toEqualTypeOf<
    Layer.Layer<VideoProviders.VideoProviders, VideoProviders.DuplicateProvider, One | Two>
  >()
  expectTypeOf(VideoProviders.layer([One])).toEqualTypeOf<
    Layer.Layer<VideoProviders.VideoProviders, VideoProviders.DuplicateProvider, One>
  >()
  expectTypeOf(VideoProviders.layer([])).toEqualTypeOf<
    Layer.Layer<VideoProviders.VideoProviders, VideoProviders.DuplicateProvider>
  >()
})

it("takes services of providers only", () => {
  // @ts-expect-error a name is no provider
  VideoProviders.layer([One, Other])
})
