import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Request } from "../Exchange.ts"
import type { Ledger } from "../Ledger.ts"
import { Api, parseResult } from "../Script.ts"
import { SeedTask } from "../SeedTask.ts"
import * as answer from "./answer.ts"
import { addLines, clear, countsOf, type State } from "./state.ts"
import * as tasks from "./task.ts"

const Body = Schema.fromJsonString(Schema.Struct({ api: Api, ...SeedTask.fields }))

const decodeBody = Schema.decodeUnknownResult(Body, { onExcessProperty: "error" })

/** @internal */
export const ledger = (state: State): Ledger => ({
  posts: state.posts,
  bills: state.creates.filter((create) => create.billed).length,
  creates: [...state.creates],
  tasks: [...state.counts].map(([taskId, counts]) => ({
    taskId,
    api: counts.api,
    polls: counts.polledAt.length,
    downloads: counts.downloadedAt.length,
    polledAt: [...counts.polledAt],
    polledBy: [...counts.polledBy],
    downloadedAt: [...counts.downloadedAt]
  })),
  requests: state.received.slice(-(state.options.keepRequests ?? 10_000)),
  webhooks: [...state.webhooks]
})

/** @internal */
export const addTask = (state: State, api: Api, seeded: SeedTask, now: number): tasks.Task => {
  const task = tasks.add(state, api, seeded, now)
  countsOf(state, task.id, api)
  return task
}

const script = (state: State, text: string): answer.Answer => {
  const lines = parseResult(text)
  if (Result.isFailure(lines)) {
    const { field, line, message, problem } = lines.failure
    return answer.json(400, { error: message, line, field, problem })
  }
  addLines(state, lines.success)
  return answer.json(200, { added: lines.success.length, lines: state.lines.length })
}

const seed = (state: State, text: string, now: number): answer.Answer => {
  const body = decodeBody(text)
  if (Result.isFailure(body)) return answer.json(400, { error: body.failure.message })
  const { api, ...seeded } = body.success
  return answer.json(200, { api, id: addTask(state, api, seeded, now).id })
}

/**
 * The routes of the simulator itself; they need no bearer and leave no trace in the ledger.
 *
 * @internal
 */
export const handle = (state: State, request: Request, now: number): answer.Answer => {
  const text = new TextDecoder().decode(request.body)
  switch (`${request.method} ${request.path}`) {
    case "GET /_simulator/ledger":
      return answer.json(200, ledger(state))
    case "POST /_simulator/script":
      return script(state, text)
    case "POST /_simulator/tasks":
      return seed(state, text, now)
    case "POST /_simulator/reset":
      clear(state)
      return answer.json(200, {})
    default:
      return answer.json(404, {
        error: "GET /_simulator/ledger, POST /_simulator/script, POST /_simulator/tasks or POST /_simulator/reset"
      })
  }
}
