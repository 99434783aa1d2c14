/**
 * The command as a process that may be killed at any moment: the real one, in a hurry, which says when it is ready.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { NodeHttp } from "@video-tasks/node"
import { VideoTasks } from "@video-tasks/runtime"
import { Effect, Layer } from "effect"
import { Command } from "effect/cli"
import * as fs from "node:fs"
import { root } from "../../src/Cli.ts"
import { Backend } from "../../src/internal/backend.ts"
import { heeded } from "../../src/internal/heeded.ts"
import * as Logs from "../../src/internal/logs.ts"
import * as Providers from "../../src/internal/providers.ts"
import * as Screen from "../../src/internal/screen.ts"
import * as Services from "../../src/internal/services.ts"
import { runMain } from "../../src/internal/signals.ts"
import * as Store from "../../src/internal/store.ts"
import * as Work from "./work.ts"

/** Requests per second. */
const rate = Number(process.env["BATCH_RATE"] ?? Work.options.budget.requestsPerSecond)

const budget = { requestsPerSecond: rate, burst: rate / 5 }

const backend = Layer.succeed(Backend, {
  services: Services.layer,
  tasks: (ids, { owner } = {}) =>
    VideoTasks.layer({ ...Work.options, budget, owner }).pipe(
      Layer.provideMerge(Providers.layer(ids, { needsKey: true })),
      Layer.provideMerge(NodeHttp.layer()),
      Layer.tap(() => Effect.sync(() => fs.writeSync(1, "ready\n")))
    ),
  store: Store.layer,
  storeThere: Store.layerThere
})

runMain(
  Command.runWith(root, { version: "0.0.0" })(process.argv.slice(2)).pipe(
    heeded,
    Effect.provide(Layer.provideMerge(
      Layer.merge(Logs.layer, backend),
      Layer.provideMerge(Screen.layer, NodeServices.layer)
    ))
  )
)
