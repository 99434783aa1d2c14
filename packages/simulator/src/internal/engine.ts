import type { Reply, Request } from "../Exchange.ts"
import type { Api, Line } from "../Script.ts"
import type { Answer } from "./answer.ts"
import * as callbacks from "./callbacks.ts"
import { type Context, noTwist, requestId } from "./context.ts"
import * as control from "./control.ts"
import * as faults from "./faults.ts"
import { match, type Route } from "./route.ts"
import { countsOf, forget, type State } from "./state.ts"
import type { Task } from "./task.ts"

const whole = (answer: Answer): Reply => ({
  status: answer.status,
  headers: answer.headers,
  chunks: [answer.body],
  delivery: { _tag: "Whole" }
})

const contextOf = (
  state: State,
  request: Request,
  route: Route,
  line: Line | undefined,
  created: (task: Task) => void,
  now: number
): Context => ({
  state,
  request,
  now,
  requestId: requestId(state, now),
  prefix: route.prefix,
  gateway: route.gateway,
  genericBody: state.options.genericBody ?? (route.prefix === "" ? "flat" : "wrapped"),
  twist: line === undefined ? noTwist : faults.twist(line),
  created
})

/** Counts before answering, so that "by turns" and the ledger agree on which poll this is. */
const count = (state: State, request: Request, route: Route, now: number): void => {
  if (route.operation === "create") state.posts++
  if (route.taskId === undefined) return
  const counts = countsOf(state, route.taskId, route.api)
  if (route.operation === "poll") {
    counts.polledAt.push(now)
    counts.polledBy.push(request.headers["user-agent"] ?? "")
  }
  if (route.operation === "download") counts.downloadedAt.push(now)
}

const remember = (state: State, request: Request, route: Route, taskId: string | undefined, reply: {
  readonly status: number
  readonly fault: string | undefined
}, now: number): void => {
  const keep = state.options.keepRequests ?? 10_000
  // Dropping half at once keeps the cost of each request constant.
  if (state.received.length >= keep * 2) state.received.splice(0, state.received.length - keep)
  state.received.push({
    at: now,
    api: route.api,
    operation: route.operation,
    method: request.method,
    path: request.path,
    taskId,
    status: reply.status,
    fault: reply.fault,
    authorization: request.headers["authorization"] !== undefined,
    headerNames: Object.keys(request.headers).sort()
  })
}

const bill = (state: State, request: Request, api: Api, task: Task, now: number): void => {
  countsOf(state, task.id, api)
  state.creates.push({
    at: now,
    api,
    model: task.model,
    taskId: task.id,
    prompt: task.prompt,
    requestBytes: request.body.length,
    billed: true
  })
  forget(state)
}

/** @internal Turns a request into its answer, at one moment of the caller's clock. */
export const handle = (state: State, request: Request, clock: number): Reply => {
  const now = clock + state.shift
  if (request.path.startsWith("/_simulator/")) return whole(control.handle(state, request, now))
  state.requestsSeen++
  const route = match(state, request)
  count(state, request, route, now)
  const line = faults.pick(state, route)
  let taskId = route.taskId
  const context = contextOf(state, request, route, line, (task) => {
    taskId = task.id
    bill(state, request, route.api, task, now)
    const callback = callbacks.plan(context, task)
    if (callback !== undefined) state.callbacks.push(callback)
  }, now)
  const usual = line === undefined || faults.processes(line) ? route.handle(context) : undefined
  const reply = line === undefined && usual !== undefined
    ? whole(usual)
    : line === undefined
    ? whole({ status: 500, headers: {}, body: new Uint8Array(0) })
    : faults.play(context, line, route.api, usual)
  remember(state, request, route, taskId, { status: reply.status, fault: line?.fault }, now)
  return reply
}
