import type { Request } from "../Exchange.ts"
import type { Api, Operation } from "../Script.ts"
import * as answer from "./answer.ts"
import * as comet from "./cometapi.ts"
import { type Context, type Handler, isAuthorized } from "./context.ts"
import * as dialect from "./dialect.ts"
import * as files from "./files.ts"
import * as newapi from "./newapi.ts"
import * as seeany from "./seeany.ts"
import type { State } from "./state.ts"

/** @internal Where a request goes. */
export interface Route {
  readonly operation: Operation | "other"
  readonly api: Api
  readonly prefix: string
  readonly taskId: string | undefined
  readonly handle: Handler
}

type Match = Omit<Route, "prefix">

const authorized = (api: Api, handle: Handler): Handler => (context) =>
  isAuthorized(context.request) ? handle(context) : dialect.unauthorized(context, api)

const decode = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

const poll = (api: Api, part: string, handle: (context: Context, id: string) => answer.Answer): Match => {
  const taskId = decode(part)
  return { operation: "poll", api, taskId, handle: authorized(api, (context) => handle(context, taskId)) }
}

const create = (api: Api, handle: Handler): Match => ({
  operation: "create",
  api,
  taskId: undefined,
  handle: authorized(api, handle)
})

const content = (api: Api, part: string, handle: (context: Context, id: string) => answer.Answer): Match => ({
  ...poll(api, part, handle),
  operation: "download"
})

const generations = (method: string, parts: ReadonlyArray<string>): Match | undefined => {
  const [version, noun, verb, id, ...rest] = parts
  if (version !== "v1" || noun !== "video" || verb !== "generations" || rest.length > 0) return undefined
  if (id === undefined) return method === "POST" ? create("generic", newapi.create) : undefined
  return method === "GET" ? poll("generic", id, newapi.poll) : undefined
}

const videos = (
  api: Api,
  method: string,
  parts: ReadonlyArray<string>,
  handlers: {
    readonly create: Handler
    readonly poll: (context: Context, id: string) => answer.Answer
    readonly content: (context: Context, id: string) => answer.Answer
  }
): Match | undefined => {
  const [version, noun, id, tail, ...rest] = parts
  if (version !== "v1" || noun !== "videos" || rest.length > 0) return undefined
  if (id === undefined) return method === "POST" ? create(api, handlers.create) : undefined
  if (method !== "GET") return undefined
  if (tail === undefined) return poll(api, id, handlers.poll)
  return tail === "content" ? content(api, id, handlers.content) : undefined
}

const tasksOf = (state: State, method: string, parts: ReadonlyArray<string>): Match | undefined => {
  const [version, noun, id, ...rest] = parts
  if (version !== "v1" || noun !== "tasks" || rest.length > 0) return undefined
  if (id !== undefined) return method === "GET" ? poll("seeany", id, seeany.poll) : undefined
  return method === "POST" && state.options.seeanyCreate === true ? create("seeany", seeany.create) : undefined
}

const file = (state: State, method: string, parts: ReadonlyArray<string>): Match | undefined => {
  const [, id, suffix] = /^(.+)\.(mp4|jpg)$/.exec(parts.length === 2 && parts[0] === "files" ? parts[1] ?? "" : "") ??
    []
  if (id === undefined || suffix === undefined || (method !== "GET" && method !== "HEAD")) return undefined
  const taskId = decode(id)
  return {
    operation: suffix === "mp4" ? "download" : "other",
    api: state.tasks.get(taskId)?.api ?? "cometapi",
    taskId,
    handle: (context) => files.download(context.state, context.request, taskId, suffix, context.now)
  }
}

const models = (method: string, parts: ReadonlyArray<string>): Match | undefined =>
  method === "GET" && parts.length === 2 && parts[0] === "api" && parts[1] === "models"
    ? { operation: "models", api: "cometapi", taskId: undefined, handle: comet.catalogueOf }
    : undefined

const other = (api: Api, handle: Handler): Match => ({ operation: "other", api, taskId: undefined, handle })

/** CometAPI's page on errors: a wrong path or verb gets a redirect or a web page instead of JSON. */
const unknownAtRoot = (parts: ReadonlyArray<string>): Match => {
  const [version, noun] = parts
  if (version === "v1" && noun === "video") return other("generic", authorized("generic", newapi.unknownRoute))
  if (version === "v1" && noun === "tasks") {
    return other(
      "seeany",
      authorized("seeany", (context) => dialect.error(context, "seeany", 404, "not found", "not_found"))
    )
  }
  return other("cometapi", () =>
    version === "v1"
      ? { ...answer.html(301, "301 Moved Permanently"), headers: { "content-type": "text/html", location: "/" } }
      : answer.html(200, "CometAPI"))
}

/** @internal */
export const match = (state: State, request: Request): Route => {
  const { method, path } = request
  const parts = path.split("/").filter((part) => part !== "")
  if (parts[0] === "newapi") {
    const inner = parts.slice(1)
    const found = generations(method, inner) ??
      videos("generic", method, inner, { create: newapi.create, poll: newapi.pollVideo, content: newapi.content }) ??
      other("generic", authorized("generic", newapi.unknownRoute))
    return { ...found, prefix: "/newapi" }
  }
  const found = videos("cometapi", method, parts, { create: comet.create, poll: comet.poll, content: comet.content }) ??
    generations(method, parts) ??
    tasksOf(state, method, parts) ?? models(method, parts) ?? file(state, method, parts) ?? unknownAtRoot(parts)
  return { ...found, prefix: "" }
}
