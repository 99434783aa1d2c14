/**
 * The providers of the command, from the settings.
 */
import type { VideoProvider } from "@video-tasks/core/VideoProvider"
import * as VideoProviders from "@video-tasks/core/VideoProviders"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Ark from "@video-tasks/providers/Ark"
import * as CometApi from "@video-tasks/providers/CometApi"
import * as GenericApi from "@video-tasks/providers/GenericApi"
import * as Kling from "@video-tasks/providers/Kling"
import * as OpenAi from "@video-tasks/providers/OpenAi"
import * as Runway from "@video-tasks/providers/Runway"
import * as SeeAny from "@video-tasks/providers/SeeAny"
import * as XAi from "@video-tasks/providers/XAi"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Globals from "./globals.ts"
import type { Problem } from "./problem.ts"
import { Screen } from "./screen.ts"
import * as Settings from "./settings.ts"

/** How to make each provider. */
const makers: {
  readonly [Id in Settings.ProviderId]: (options: {
    readonly apiKey: Redacted.Redacted
    readonly baseUrl: string | undefined
  }) => Effect.Effect<VideoProvider, VideoTaskError | Problem, HttpClient.HttpClient>
} = {
  cometapi: CometApi.make,
  seeany: SeeAny.make,
  generic: ({ apiKey, baseUrl }) =>
    baseUrl === undefined ? Effect.fail(Settings.missingBaseUrl("generic")) : GenericApi.make({ apiKey, baseUrl }),
  openai: ({ apiKey, baseUrl }) => OpenAi.make({ apiKey, baseUrl: withoutVersion(baseUrl) }),
  runway: Runway.make,
  kling: Kling.make,
  xai: ({ apiKey, baseUrl }) => XAi.make({ apiKey, baseUrl: withoutVersion(baseUrl) }),
  ark: Ark.make
}

/** The vendors' own SDKs write the version into the address; our paths begin with it. */
const withoutVersion = (baseUrl: string | undefined): string | undefined => baseUrl?.replace(/\/v1$/, "")

/** The registry of those providers that a command needs; only they need a key and an address. */
export const layer = (
  ids: ReadonlyArray<Settings.ProviderId>,
  options: { readonly needsKey: boolean }
): Layer.Layer<
  VideoProviders.VideoProviders,
  VideoTaskError | Problem,
  Globals.Identifiers | FileSystem.FileSystem | HttpClient.HttpClient | Screen
> =>
  Layer.effect(
    VideoProviders.VideoProviders,
    Effect.gen(function*() {
      const screen = yield* Screen
      const globals = yield* Globals.values
      const settings = yield* Settings.load
      const all = yield* Effect.forEach(
        ids,
        Effect.fnUntraced(function*(id) {
          const { apiKey, baseUrl, remark } = yield* settings.access(id, globals.baseUrl)
          if (apiKey === undefined && options.needsKey) return yield* Settings.missingKey(id)
          if (apiKey !== undefined) yield* screen.hide(apiKey)
          if (remark !== undefined) yield* screen.err(`warning: ${remark}`)
          return yield* makers[id]({ apiKey: apiKey ?? anonymous, baseUrl })
        })
      )
      return yield* Effect.orDie(VideoProviders.make(all))
    })
  )

/** Stands for the key where a public route is read without one. */
const anonymous = Redacted.make("anonymous", { label: "no key" })
