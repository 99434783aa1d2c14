import type { Api, Operation } from "../Script.ts"
import type { Answer } from "./answer.ts"
import { type Context, type Handler, isAuthorized } from "./context.ts"
import * as dialect from "./dialect.ts"

/** @internal What a request means to an API. */
export interface Match {
  readonly operation: Operation | "other"
  readonly api: Api
  readonly taskId: string | undefined
  readonly handle: Handler
}

/** @internal Finds what a request means by the segments of its path below the place where the API is mounted. */
export type Matcher = (method: string, parts: ReadonlyArray<string>) => Match | undefined

/** @internal */
export const authorized = (api: Api, handle: Handler): Handler => (context) =>
  isAuthorized(context.request) ? handle(context) : dialect.unauthorized(context, api)

/** @internal */
export const decode = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

type TaskHandler = (context: Context, id: string) => Answer

/** @internal A read of one task, whose id is a segment of the path. */
export const poll = (api: Api, part: string, handle: TaskHandler): Match => {
  const taskId = decode(part)
  return { operation: "poll", api, taskId, handle: authorized(api, (context) => handle(context, taskId)) }
}

/** @internal */
export const content = (api: Api, part: string, handle: TaskHandler): Match => ({
  ...poll(api, part, handle),
  operation: "download"
})

/** @internal A `DELETE`. */
export const cancel = (api: Api, part: string, handle: TaskHandler): Match => ({
  ...poll(api, part, handle),
  operation: "cancel"
})

/** @internal */
export const create = (api: Api, handle: Handler): Match => whole("create", api, handle)

/** @internal */
export const list = (api: Api, handle: Handler): Match => whole("list", api, handle)

/** @internal What no script line can strike. */
export const other = (api: Api, handle: Handler): Match => ({ operation: "other", api, taskId: undefined, handle })

const whole = (operation: Operation, api: Api, handle: Handler): Match => ({
  operation,
  api,
  taskId: undefined,
  handle: authorized(api, handle)
})
