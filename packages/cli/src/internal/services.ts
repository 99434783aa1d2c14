/**
 * The real services behind every command: providers over undici, tasks in a store.
 */
import * as CostBudget from "@video-tasks/runtime/CostBudget"
import * as TaskStore from "@video-tasks/runtime/TaskStore"
import * as VideoTasks from "@video-tasks/runtime/VideoTasks"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ArchiveLayer from "./archiveLayer.ts"
import type { Backend, TasksOptions } from "./backend.ts"
import * as Cadence from "./cadence.ts"
import * as Globals from "./globals.ts"
import * as Http from "./http.ts"
import * as KeepRequests from "./keepRequests.ts"
import { usage } from "./problem.ts"
import * as Providers from "./providers.ts"
import type { ProviderId } from "./settings.ts"

/** `VideoTasks` over exactly those providers that a command needs; it keeps nothing. */
export const layer: Backend["Service"]["services"] = (ids, options) =>
  Layer.provide(over(ids, { needsKey: options?.needsKey ?? true }), TaskStore.layerMemory)

/** `VideoTasks` over exactly those providers that a command needs, on a store. */
export const layerTasks: Backend["Service"]["tasks"] = (ids, options) =>
  over(ids, { ...options, needsKey: options?.needsKey ?? true })

// internal

const over = (ids: ReadonlyArray<ProviderId>, options: TasksOptions & { readonly needsKey: boolean }) =>
  Layer.unwrap(Effect.gen(function*() {
    const globals = yield* Globals.values
    const contradiction = Cadence.contradiction(globals)
    if (contradiction !== undefined) return yield* contradiction
    if (globals.baseUrl !== undefined && ids.length > 1) {
      return yield* usage(`--base-url can't be meant for several providers at once (${ids.join(", ")}).`)
    }
    const tasks = VideoTasks.layer({
      poll: Cadence.ofFlags(globals),
      owner: options.owner,
      keepRequests: yield* KeepRequests.chosen
    })
    return (options.budget === undefined ? tasks : Layer.provide(tasks, CostBudget.layer(options.budget))).pipe(
      Layer.provideMerge(options.archives === true ? ArchiveLayer.layer : Layer.empty),
      Layer.provideMerge(Providers.layer(ids, options)),
      Layer.provideMerge(Http.layer)
    )
  }))
