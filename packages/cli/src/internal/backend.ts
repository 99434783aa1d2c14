/**
 * What commands ask for: `VideoTasks` over exactly those providers that a command needs.
 */
import type { VideoProviders } from "@video-tasks/core/VideoProviders"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import type { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Context from "effect/Context"
import type * as FileSystem from "effect/FileSystem"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Layer from "effect/Layer"
import type * as Globals from "./globals.ts"
import type { Problem } from "./problem.ts"
import type { Screen } from "./screen.ts"
import type { ProviderId } from "./settings.ts"

/** What a command that works with tasks stands on. */
export type Services = VideoTasks | VideoProviders | HttpClient.HttpClient

/** Makes what a command stands on. */
export class Backend extends Context.Service<Backend, {
  /** Only the named providers need a key and an address; with `needsKey: false` not even they need a key. */
  readonly services: (
    providers: ReadonlyArray<ProviderId>,
    options?: { readonly needsKey?: boolean | undefined }
  ) => Layer.Layer<Services, Problem | VideoTaskError, Globals.Identifiers | FileSystem.FileSystem | Screen>
}>()("video-tasks/internal/Backend") {}
