/**
 * What commands ask for: the store, and `VideoTasks` over exactly those providers that a command needs.
 */
import type { VideoProviders } from "@video-tasks/core/VideoProviders"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import type { TaskStore } from "@video-tasks/runtime/TaskStore"
import type { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Layer from "effect/Layer"
import type * as Path from "effect/Path"
import type * as Globals from "./globals.ts"
import type { Problem } from "./problem.ts"
import type { Screen } from "./screen.ts"
import type { ProviderId } from "./settings.ts"

/** What a command that works with tasks stands on. */
export type Services = VideoTasks | VideoProviders | HttpClient.HttpClient

/** What all of it needs. */
type Ground = Globals.Identifiers | FileSystem.FileSystem | Path.Path | Screen

/** How to make what a command stands on. */
export interface TasksOptions {
  /** Under this name tasks are claimed. */
  readonly owner?: string | undefined
  /** Whether the providers need a key; without one nothing can be asked about tasks. @default true */
  readonly needsKey?: boolean | undefined
  /** Keeps the files of what succeeds, where the user chose an archive. @default false */
  readonly archives?: boolean | undefined
  /** How much all creates together may cost. */
  readonly budget?: { readonly max: number; readonly currency: string } | undefined
}

/** Makes what a command stands on. */
export class Backend extends Context.Service<Backend, {
  /**
   * For questions that concern no task: nothing is kept. Only the named providers need a key and an address; with
   * `needsKey: false` not even they need a key.
   */
  readonly services: (
    providers: ReadonlyArray<ProviderId>,
    options?: { readonly needsKey?: boolean | undefined }
  ) => Layer.Layer<Services, Problem | VideoTaskError, Ground>
  /** For work with tasks, over a store. */
  readonly tasks: (
    providers: ReadonlyArray<ProviderId>,
    options?: TasksOptions
  ) => Layer.Layer<Services, Problem | VideoTaskError, Ground | TaskStore>
  /** The store of the user's choice. */
  readonly store: Layer.Layer<TaskStore, Problem, Ground>
  /** The same for those who only look: one that was named must be there. */
  readonly storeThere: Layer.Layer<TaskStore, Problem, Ground>
}>()("video-tasks/internal/Backend") {}

/** Opens the store for as long as the work takes. */
export const withStore = <A, E, R>(
  self: Effect.Effect<A, E, R>
): Effect.Effect<A, E | Problem, Exclude<R, TaskStore> | Backend | Ground> =>
  Effect.flatMap(Backend, ({ store }) => Effect.provide(self, store))

/** Opens the store for as long as the work takes, if it is there. */
export const withStoreThere = <A, E, R>(
  self: Effect.Effect<A, E, R>
): Effect.Effect<A, E | Problem, Exclude<R, TaskStore> | Backend | Ground> =>
  Effect.flatMap(Backend, ({ storeThere }) => Effect.provide(self, storeThere))
