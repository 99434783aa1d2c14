/**
 * `video-tasks attach`: adopts a task that was created elsewhere.
 */
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Backend, withStore } from "../internal/backend.ts"
import { family, provider } from "../internal/flags.ts"
import { program, quoted } from "../internal/program.ts"
import { reported } from "../internal/reported.ts"
import { Reporter } from "../internal/reporter.ts"
import * as StoreReads from "../internal/storeReads.ts"
import { waitHint } from "../internal/withHandles.ts"
import { followToEnd } from "./wait.ts"

/** The command. */
export const attach = Command.make(
  "attach",
  {
    provider,
    family: family.pipe(
      Flag.withDescription("What kind of task it is, where the provider has several; its first one unless said")
    ),
    remoteId: Argument.String("remote-id").pipe(
      Argument.withDescription("The provider's own id of the task"),
      Argument.filter((text) => text.trim() !== "", () => "an id that is not empty")
    ),
    wait: Flag.Boolean("wait").pipe(Flag.withDescription("Follow the task to its end"), Flag.withDefault(false))
  },
  Effect.fn("attach")(function*(input) {
    const backend = yield* Backend
    yield* Effect.gen(function*() {
      const tasks = yield* VideoTasks
      const reporter = yield* Reporter
      const handle = yield* tasks.attach({
        provider: input.provider,
        remoteId: input.remoteId.trim(),
        family: Option.getOrUndefined(input.family)
      })
      yield* reporter.created(yield* tasks.get(handle))
      yield* warnOfOpen(handle)
      if (input.wait) return yield* followToEnd([handle])
      yield* reporter.note(waitHint(handle))
    }).pipe(Effect.provide(backend.tasks([input.provider], { needsKey: input.wait })), withStore)
  }, reported)
).pipe(
  Command.withShortDescription("Adopt a task that was created elsewhere"),
  Command.withDescription(
    "Make a handle for a task that was created elsewhere: in a console, by a script, or by a create whose answer was lost. Nothing is sent and no key is needed, unless --wait follows the task."
  ),
  Command.withExamples([
    { command: "video-tasks attach --provider seeany vid_20260603_001", description: "Get its handle" },
    {
      command: "video-tasks attach --provider cometapi --family kling 8842 --wait",
      description: "A task of the family kling"
    },
    {
      command: "video-tasks attach --provider cometapi task_abc123 --wait",
      description: "Get its handle and follow it"
    }
  ])
)

// internal

/** A task that is adopted may be the one of a create that nobody has settled. */
const warnOfOpen = Effect.fnUntraced(function*({ family, provider, remoteId }: TaskHandle) {
  const reporter = yield* Reporter
  for (const { status, submission } of yield* StoreReads.openCreates) {
    if (status !== "ambiguous" || submission.provider !== provider || submission.family !== family) continue
    yield* reporter.warn(
      `warning: the answer to a create of ${provider} is lost. If this is its task, settle that, too:\n  ${program} resolve ${submission.id} --remote ${
        quoted(remoteId)
      }`
    )
  }
})
