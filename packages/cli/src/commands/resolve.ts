/**
 * `video-tasks resolve ID`: settles a create whose answer was lost.
 */
import * as TaskId from "@video-tasks/core/TaskId"
import { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Backend, withStore } from "../internal/backend.ts"
import * as Facts from "../internal/facts.ts"
import { id, oneOf } from "../internal/handles.ts"
import { usage } from "../internal/problem.ts"
import { program } from "../internal/program.ts"
import { reported } from "../internal/reported.ts"
import { Reporter } from "../internal/reporter.ts"
import { isProviderId } from "../internal/settings.ts"
import { waitHint } from "../internal/withHandles.ts"

const flags = {
  id,
  remote: Flag.String("remote").pipe(
    Flag.withMetavar("<remote-id>"),
    Flag.withDescription("The id that its task has at the provider, as the console there shows it"),
    Flag.optional
  ),
  route: Flag.String("route").pipe(
    Flag.withDescription("Which route made it, where a family has several, for example image2video"),
    Flag.optional
  ),
  discard: Flag.Boolean("discard").pipe(
    Flag.withDescription("It made no task: the same request may be sent again"),
    Flag.withDefault(false)
  )
}

/** The command. */
export const resolve = Command.make(
  "resolve",
  flags,
  Effect.fn("resolve")(function*(input) {
    if (Option.isSome(input.remote) === input.discard) {
      return yield* usage("Say either --remote REMOTE_ID or --discard.")
    }
    yield* withStore(settle(input))
  }, reported)
).pipe(
  Command.withShortDescription("Settle a create whose answer is lost"),
  Command.withDescription(
    "Say what became of a create whose answer is lost (see `video-tasks list --status ambiguous`), after a look into the provider's console: the id of the task that it made, or that it made none. Nothing is sent."
  ),
  Command.withExamples([
    {
      command: "video-tasks resolve 01890a5d-ac96-774b-bcce-b302099a8057 --remote task_abc123",
      description: "There it is: it is followed like any other"
    },
    { command: "video-tasks resolve 01890a5d --discard", description: "There is no such task" }
  ])
)

// internal

const settle = Effect.fnUntraced(function*({ discard, id, remote, route }: {
  readonly id: string
  readonly remote: Option.Option<string>
  readonly route: Option.Option<string>
  readonly discard: boolean
}) {
  const backend = yield* Backend
  const reporter = yield* Reporter
  const found = yield* oneOf(id)
  if (found._tag === "task") {
    const { id: whole } = found.stored.snapshot.task
    return yield* usage(`${whole} is a task already: nothing about its create is open.`, [
      `See it with:  ${program} show ${whole}`
    ])
  }
  const { id: whole, provider } = found.submission
  if (!isProviderId(provider)) {
    return yield* usage(`The create went to the provider ${provider}, which this command does not know.`)
  }
  const resolution = discard || Option.isNone(remote)
    ? "discard" as const
    : { remoteId: remote.value, route: Option.getOrUndefined(route) }
  yield* Effect.gen(function*() {
    const tasks = yield* VideoTasks
    const submission = yield* tasks.resolve(TaskId.TaskId.make(whole), resolution)
    const { outcome } = submission
    if (outcome._tag !== "created") {
      return yield* reporter.result(
        `discarded: ${whole} made no task`,
        { type: "task.resolved", id: whole, handle: null, remoteId: null, status: "discarded", provider }
      )
    }
    const task = yield* tasks.get(outcome.handle)
    if (reporter.json) return yield* reporter.result("", Facts.ofTask(task))
    yield* reporter.created(task)
    yield* reporter.note(waitHint(outcome.handle))
  }).pipe(Effect.provide(backend.tasks([provider])))
})
