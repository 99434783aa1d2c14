/**
 * The real services behind every command: providers over undici, tasks in memory.
 */
import * as NodeHttp from "@video-tasks/node/NodeHttp"
import * as TaskStore from "@video-tasks/runtime/TaskStore"
import * as VideoTasks from "@video-tasks/runtime/VideoTasks"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Backend } from "./backend.ts"
import * as Cadence from "./cadence.ts"
import * as Globals from "./globals.ts"
import { usage } from "./problem.ts"
import * as Providers from "./providers.ts"

/** `VideoTasks` over exactly those providers that a command needs. */
export const layer: Backend["Service"]["services"] = (ids, options) =>
  Layer.unwrap(Effect.gen(function*() {
    const globals = yield* Globals.values
    const contradiction = Cadence.contradiction(globals)
    if (contradiction !== undefined) return yield* contradiction
    if (globals.baseUrl !== undefined && ids.length > 1) {
      return yield* usage(`--base-url can't be meant for several providers at once (${ids.join(", ")}).`)
    }
    return VideoTasks.layer({ poll: Cadence.ofFlags(globals) }).pipe(
      Layer.provide(TaskStore.layerMemory),
      Layer.provideMerge(Providers.layer(ids, { needsKey: options?.needsKey ?? true })),
      Layer.provideMerge(NodeHttp.layer())
    )
  }))
