/**
 * `video-tasks resolve ID`: settles a create whose answer was lost.
 */
import type * as TaskId from "@video-tasks/core/TaskId"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Backend, withStoreThere } from "../internal/backend.ts"
import * as Facts from "../internal/facts.ts"
import { id, oneOf } from "../internal/handles.ts"
import { exitCode, Problem, usage } from "../internal/problem.ts"
import { program } from "../internal/program.ts"
import { reported } from "../internal/reported.ts"
import { Reporter } from "../internal/reporter.ts"
import { isProviderId } from "../internal/settings.ts"
import type { Found } from "../internal/storeReads.ts"
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
  offline: Flag.Boolean("offline").pipe(
    Flag.withDescription("Takes the id of --remote as it is, without asking the provider whether it knows it"),
    Flag.withDefault(false)
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
    yield* withStoreThere(settle(input))
  }, reported)
).pipe(
  Command.withShortDescription("Settle a create whose answer is lost"),
  Command.withDescription(
    "Say what became of a create whose answer is lost (see `video-tasks list --status ambiguous`), after a look into the provider's console: the id of the task that it made, or that it made none. The provider is asked for that id once, and nothing is created. A create that was settled with an id that its provider has never known can be settled again."
  ),
  Command.withExamples([
    {
      command: "video-tasks resolve 01890a5d-ac96-774b-bcce-b302099a8057 --remote task_abc123",
      description: "There it is: it is followed like any other"
    },
    {
      command: "video-tasks resolve 01890a5d --remote task_abc123 --offline",
      description: "The same while the provider can't be reached"
    },
    { command: "video-tasks resolve 01890a5d --discard", description: "There is no such task" }
  ])
)

// internal

const settle = Effect.fnUntraced(function*({ discard, id, offline, remote, route }: {
  readonly id: string
  readonly remote: Option.Option<string>
  readonly route: Option.Option<string>
  readonly offline: boolean
  readonly discard: boolean
}) {
  const backend = yield* Backend
  const reporter = yield* Reporter
  const { id: whole, provider } = yield* createOf(yield* oneOf(id))
  if (!isProviderId(provider)) {
    return yield* usage(`The create went to the provider ${provider}, which this command does not know.`)
  }
  const resolution = discard || Option.isNone(remote)
    ? "discard" as const
    : { remoteId: remote.value, route: Option.getOrUndefined(route), check: !offline }
  yield* Effect.gen(function*() {
    const tasks = yield* VideoTasks
    const submission = yield* Effect.mapError(tasks.resolve(whole, resolution), unlessAsked)
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

/** The create that is meant; a task that its provider has never known may be there by a mistake. */
const createOf = (found: Found): Effect.Effect<{ readonly id: TaskId.TaskId; readonly provider: string }, Problem> => {
  if (found._tag === "submission") return Effect.succeed(found.submission)
  const { failure, handle, id } = found.stored.snapshot.task
  if (failure?.code === "not_found") return Effect.succeed({ id, provider: handle.provider })
  return Effect.fail(usage(`${id} is a task already: nothing about its create is open.`, [
    `See it with:  ${program} show ${id}`
  ]))
}

/** Nothing is settled by a provider that can't be asked. */
const unlessAsked = (error: VideoTaskError): VideoTaskError | Problem =>
  error.operation !== "observe"
    ? error
    : new Problem({
      reason: error.reason._tag,
      code: exitCode(error),
      message: `The provider could not be asked for that id, and nothing is settled: ${error.message}`,
      hint: ["With --offline the id is taken as it is."],
      retryable: error.retryable
    })
