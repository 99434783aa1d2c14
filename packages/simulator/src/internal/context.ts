import type { Request } from "../Exchange.ts"
import type { Api } from "../Script.ts"
import type { Options } from "../SimulatorOptions.ts"
import type { Answer } from "./answer.ts"
import * as random from "./random.ts"
import type { State } from "./state.ts"
import type { Task, View } from "./task.ts"
import * as times from "./times.ts"

/** @internal One request on its way through a route. */
export interface Context {
  readonly state: State
  readonly request: Request
  readonly now: number
  readonly requestId: string
  /** The path under which the API was mounted, for example `""` or `"/newapi"`. */
  readonly prefix: string
  /** Whose gateway the request went through before the API saw it. */
  readonly gateway: Api | undefined
  readonly genericBody: NonNullable<Options["genericBody"]>
  /** What a fault does to the task that is seen. */
  readonly twist: (seen: View) => View
  /** A create tells here what it made. */
  readonly created: (task: Task) => void
}

/** @internal */
export const noTwist = (seen: View): View => seen

/** @internal The ids of New-API: the time, then random characters. */
export const requestId = (state: State, now: number): string =>
  times.compact(now) + random.digits(state.seed, `request ${state.requestsSeen}`, 9) +
  random.text(state.seed, `request ${state.requestsSeen}`, 8)

/** The bearer, with or without the word before it; `undefined` when there is none. */
const bearer = (request: Request): string | undefined => {
  const header = request.headers["authorization"]?.trim() ?? ""
  const key = header.replace(/^bearer\b\s*/i, "")
  return key === "" ? undefined : key
}

/** @internal Any key works but two. */
export const isAuthorized = (request: Request): boolean => {
  const key = bearer(request)
  return key !== undefined && key !== "sk-invalid"
}

/** @internal */
export const isBroke = (request: Request): boolean => bearer(request) === "sk-broke"

/** @internal */
export type Handler = (context: Context) => Answer
