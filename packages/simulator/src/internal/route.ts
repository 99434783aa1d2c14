import type { Request } from "../Exchange.ts"
import type { Api } from "../Script.ts"
import * as answer from "./answer.ts"
import * as ark from "./ark.ts"
import * as catalogue from "./catalogue.ts"
import * as comet from "./cometapi.ts"
import type { Context, Handler } from "./context.ts"
import * as dialect from "./dialect.ts"
import * as files from "./files.ts"
import * as kling from "./kling.ts"
import { authorized, cancel, content, create, decode, type Match, type Matcher, other, poll } from "./match.ts"
import * as newapi from "./newapi.ts"
import * as openai from "./openai.ts"
import * as runway from "./runway.ts"
import * as seeany from "./seeany.ts"
import type { State } from "./state.ts"
import * as xai from "./xai.ts"

/** @internal Where a request goes. */
export interface Route extends Match {
  readonly prefix: string
  readonly gateway: Api | undefined
}

/** The vendors' own APIs by the first segment of the path, and whose gateway they are behind there. */
const vendors: Readonly<
  Record<string, { readonly api: Api; readonly match: Matcher; readonly gateway?: Api | undefined }>
> = {
  openai: { api: "openai", match: openai.match },
  runway: { api: "runway", match: runway.match },
  kling: { api: "kling", match: kling.match },
  xai: { api: "xai", match: xai.match },
  ark: { api: "ark", match: ark.match },
  // CometAPI serves Kling at the vendor's own paths, behind the same segment.
  runwayml: { api: "runway", match: runway.match, gateway: "cometapi" },
  grok: { api: "xai", match: xai.match, gateway: "cometapi" },
  volc: { api: "ark", match: ark.match, gateway: "cometapi" }
}

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
    readonly remove?: (context: Context, id: string) => answer.Answer
    readonly remix?: (context: Context, id: string) => answer.Answer
  }
): Match | undefined => {
  const [version, noun, id, tail, ...rest] = parts
  if (version !== "v1" || noun !== "videos" || rest.length > 0) return undefined
  if (id === undefined) return method === "POST" ? create(api, handlers.create) : undefined
  const { remix, remove } = handlers
  switch (`${method} ${tail ?? ""}`) {
    case "GET ":
      return poll(api, id, handlers.poll)
    case "GET content":
      return content(api, id, handlers.content)
    case "DELETE ":
      return remove === undefined ? undefined : cancel(api, id, remove)
    case "POST remix":
      return remix === undefined ? undefined : create(api, (context) => remix(context, decode(id)))
    default:
      return undefined
  }
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
    ? { operation: "models", api: "cometapi", taskId: undefined, handle: catalogue.list }
    : undefined

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
      ? comet.movedAway()
      : answer.html(200, "CometAPI"))
}

/** @internal */
export const match = (state: State, request: Request): Route => {
  const { method, path } = request
  const parts = path.split("/").filter((part) => part !== "")
  const [first = ""] = parts
  const vendor = Object.hasOwn(vendors, first) ? vendors[first] : undefined
  if (vendor !== undefined) {
    const { api, gateway } = vendor
    const found = vendor.match(method, parts.slice(1)) ??
      other(api, authorized(api, (context) => dialect.error(context, api, 404, "not found", "not_found")))
    return { ...found, prefix: `/${first}`, gateway }
  }
  if (first === "newapi") {
    const inner = parts.slice(1)
    const found = generations(method, inner) ??
      videos("generic", method, inner, { create: newapi.create, poll: newapi.pollVideo, content: newapi.content }) ??
      other("generic", authorized("generic", newapi.unknownRoute))
    return { ...found, prefix: "/newapi", gateway: undefined }
  }
  const { content: served, create: make, poll: read, remix, remove } = comet
  const found = videos("cometapi", method, parts, { create: make, poll: read, content: served, remix, remove }) ??
    generations(method, parts) ??
    tasksOf(state, method, parts) ?? models(method, parts) ?? file(state, method, parts) ?? unknownAtRoot(parts)
  return { ...found, prefix: "", gateway: undefined }
}
