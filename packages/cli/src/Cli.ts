/**
 * The command `video-tasks`: its parts, and everything that they stand on.
 *
 * This is the one place where providers, runtime, transport and store are put together.
 *
 * @since 0.1.0
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { attach } from "./commands/attach.ts"
import { batch } from "./commands/batch.ts"
import { cancel } from "./commands/cancel.ts"
import { create } from "./commands/create.ts"
import { dashboard } from "./commands/dashboard.ts"
import { demo } from "./commands/demo.ts"
import { diagram } from "./commands/diagram.ts"
import { download } from "./commands/download.ts"
import { estimate } from "./commands/estimate.ts"
import { exportTasks } from "./commands/export.ts"
import { importTasks } from "./commands/import.ts"
import { list } from "./commands/list.ts"
import { models } from "./commands/models.ts"
import { prune } from "./commands/prune.ts"
import { resolve } from "./commands/resolve.ts"
import { resume } from "./commands/resume.ts"
import { show } from "./commands/show.ts"
import { simulate } from "./commands/simulate.ts"
import { status } from "./commands/status.ts"
import { url } from "./commands/url.ts"
import { wait } from "./commands/wait.ts"
import { worker } from "./commands/worker.ts"
import type { Exit } from "./internal/exitCode.ts"
import * as Globals from "./internal/globals.ts"
import { heeded } from "./internal/heeded.ts"
import { layerHelp, usageErrors } from "./internal/help.ts"
import * as Live from "./internal/live.ts"
import * as Logs from "./internal/logs.ts"
import * as Reporter from "./internal/reporter.ts"
import * as Screen from "./internal/screen.ts"
import * as Telemetry from "./internal/telemetry.ts"
import { version } from "./internal/version.ts"

/**
 * The command with all its subcommands.
 *
 * @category commands
 * @since 0.1.0
 */
export const root = Command.make("video-tasks").pipe(
  Command.withDescription("From a prompt to a video file, at any provider, without losing a task that was paid for."),
  Command.withSubcommands([
    { group: "TASKS", commands: [create, batch, wait, status, attach, cancel] },
    { group: "RESULTS", commands: [download, url] },
    { group: "STORE", commands: [list, show, resume, resolve, prune, exportTasks, importTasks] },
    { group: "MORE", commands: [worker, dashboard, models, estimate, simulate, diagram, demo] }
  ]),
  Command.provide(Layer.merge(Reporter.layer, Telemetry.layer)),
  Command.withGlobalFlags(Globals.flags)
)

/**
 * Runs the command with arguments, as `bin.ts` does. Fails with the exit code when it is not 0; everything that there
 * is to say has been printed then. Once stdout takes nothing more it ends as after Ctrl-C, with 141 where nobody reads, else 13.
 *
 * @category running
 * @since 0.1.0
 */
export const main = (args: ReadonlyArray<string>): Effect.Effect<void, Exit> =>
  Command.runWith(root, { version })(args).pipe(
    usageErrors(args),
    heeded,
    Effect.provide(
      Layer.provideMerge(
        Layer.mergeAll(layerHelp, Logs.layer, Live.layer),
        Layer.provideMerge(Screen.layer, NodeServices.layer)
      )
    )
  )
