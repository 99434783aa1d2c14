/**
 * All about one task.
 */
import * as TaskId from "@video-tasks/core/TaskId"
import { TaskStore } from "@video-tasks/runtime/TaskStore"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Detail } from "../Contract.ts"
import { DashboardHub } from "../DashboardHub.ts"
import type { Fixed } from "./events.ts"
import { refused } from "./gate.ts"

/** Answers with everything that is known of a task. */
export const respond = (_fixed: Fixed) =>
  Effect.gen(function*() {
    const { id = "" } = yield* HttpRouter.params
    const hub = yield* DashboardHub
    const store = yield* TaskStore
    if (!TaskId.is(id)) return refused(404, "TaskNotFound", "There is no such task.")
    yield* hub.look(id)
    const row = yield* hub.row(id)
    if (row === undefined) return refused(404, "TaskNotFound", "There is no such task.")
    yield* Effect.ignore(store.load(id))
    return HttpServerResponse.jsonUnsafe(
      {
        row,
        moments: yield* hub.polls(id),
        spent: [],
        videos: [],
        files: [],
        can: { poll: "soon", cancel: "soon", retry: "soon" }
      } satisfies Detail
    )
  })
