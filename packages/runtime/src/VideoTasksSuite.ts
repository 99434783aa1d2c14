/**
 * What every `VideoTasks` must do, as data: run the cases with any test runner, on a real clock, on any layer.
 *
 * @since 0.1.0
 */
import type { VideoProvider } from "@video-tasks/core/VideoProvider"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import type * as Effect from "effect/Effect"
import { commandCases } from "./internal/tasksSuiteCommands.ts"
import * as Script from "./internal/tasksSuiteScript.ts"
import { submitCases } from "./internal/tasksSuiteSubmit.ts"
import { waitCases } from "./internal/tasksSuiteWaits.ts"
import type { Mismatch } from "./TaskStoreSuite.ts"
import type { VideoTasks } from "./VideoTasks.ts"

/**
 * The services under test: `there` may be the same as `here`, or another member of what shares a store with it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Subject {
  readonly here: VideoTasks["Service"]
  readonly there: VideoTasks["Service"]
}

/**
 * One thing that every `VideoTasks` must do.
 *
 * @category models
 * @since 0.1.0
 */
export interface Case {
  readonly name: string
  /** Fails when it is done otherwise. Cases of one suite can share a subject: each looks at tasks of its own only. */
  readonly run: (subject: Subject) => Effect.Effect<void, Mismatch | VideoTaskError>
}

/**
 * A provider, and what a `VideoTasks` must do that stands on it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Suite {
  /** The one provider of the layer under test: its id is `suite`, and its tasks do what the cases say. */
  readonly provider: VideoProvider
  readonly cases: ReadonlyArray<Case>
}

/**
 * Makes a suite.
 *
 * **Example** (Testing a layer)
 *
 * ```ts import.meta.vitest
 * import { VideoProviders } from "@video-tasks/core"
 * import { TaskStore, VideoTasks, VideoTasksSuite } from "@video-tasks/runtime"
 * import { Effect, Layer } from "effect"
 *
 * const suite = VideoTasksSuite.make()
 * const layer = VideoTasks.layer().pipe(
 *   Layer.provide(Layer.effect(VideoProviders.VideoProviders, VideoProviders.make([suite.provider]))),
 *   Layer.provide(TaskStore.layerMemory)
 * )
 * const all = Effect.flatMap(VideoTasks.VideoTasks, (tasks) =>
 *   Effect.forEach(suite.cases, (one) => Effect.result(one.run({ here: tasks, there: tasks }))))
 *
 * const results = await Effect.runPromise(Effect.provide(all, layer))
 * results.every((result) => result._tag === "Success") // => true
 * ```
 *
 * @category testing
 * @since 0.1.0
 */
export const make = (): Suite => {
  const script = Script.make()
  return {
    provider: script.provider,
    cases: [...submitCases(script), ...waitCases(script), ...commandCases(script)]
  }
}
