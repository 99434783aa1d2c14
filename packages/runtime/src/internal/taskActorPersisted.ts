/**
 * An actor's snapshot as plain JSON without secrets, and back.
 */
import { Errored, Failed, isEnded, Success, Task } from "@video-tasks/core/Task"
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import { TaskId } from "@video-tasks/core/TaskId"
import { TaskStatus } from "@video-tasks/core/TaskStatus"
import { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { Snapshot as XStateSnapshot } from "xstate"
import type * as TaskActor from "../TaskActor.ts"
import { redactFailure, redactVideo } from "./redactStep.ts"

const Persisted = Schema.Struct({
  status: Schema.Literals(["active", "done", "error"]),
  value: Schema.Union([Schema.Literal("starting"), TaskStatus]),
  context: Schema.Struct({
    id: Schema.optionalKey(TaskId),
    handle: Schema.optionalKey(TaskHandle.FromString),
    task: Schema.optionalKey(Task)
  }),
  error: Schema.optionalKey(Schema.Union([VideoTaskError, Schema.Struct({ message: Schema.String })]))
})

type Persisted = typeof Persisted.Type

const encode = Schema.encodeSync(Persisted)

const decode = Schema.decodeUnknownSync(Persisted)

/** @internal */
export const persist = (self: TaskActor.Snapshot): XStateSnapshot<unknown> => {
  const { handle, id, task } = self.context
  const persisted: Persisted = {
    // An actor that was stopped follows the task again when it is restored.
    status: self.status === "stopped" ? "active" : self.status,
    value: self.value,
    context: {
      ...(id === undefined ? {} : { id }),
      ...(handle === undefined ? {} : { handle }),
      ...(task === undefined ? {} : { task: redactTask(task) })
    },
    ...(self.status === "error" ? { error: shown(self.error) } : {})
  }
  // XState asks for its own type, whose fields beside the status are the actor's affair.
  return encode(persisted) as unknown as XStateSnapshot<unknown>
}

/** @internal */
export const restore = (persisted: unknown): TaskActor.Snapshot => {
  const { context, error, status, value } = decode(persisted)
  const moment = { value, context, children: {}, historyValue: {}, tags: [] }
  if (status === "error") return { ...moment, status, output: undefined, error }
  return status === "done" && context.task !== undefined && isEnded(context.task)
    ? { ...moment, status, output: context.task, error: undefined }
    : { ...moment, status: "active", output: undefined, error: undefined }
}

// internal

const redactTask = (task: Task): Task => {
  switch (task.status) {
    case "SUCCESS": {
      const { videos, ...rest } = task
      return new Success({ ...rest, videos: videos.map(redactVideo) })
    }
    case "FAILED": {
      const { failure, ...rest } = task
      return new Failed({ ...rest, failure: redactFailure(failure) })
    }
    case "ERROR": {
      const { failure, ...rest } = task
      return new Errored({ ...rest, failure: redactFailure(failure) })
    }
    default:
      return task
  }
}

const shown = (error: unknown) =>
  error instanceof VideoTaskError
    ? error
    : { message: Predicate.isError(error) ? error.message : "the task could not be followed" }
