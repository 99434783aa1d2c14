import type { Delivery, Reply } from "../Exchange.ts"
import { type Fault, faults } from "../Fault.ts"
import type { Api, Line } from "../Script.ts"
import * as answer from "./answer.ts"
import type { Context } from "./context.ts"
import * as dialect from "./dialect.ts"
import * as files from "./files.ts"
import * as gzip from "./gzip.ts"
import * as random from "./random.ts"
import type { Route } from "./route.ts"
import type { ActiveLine, State } from "./state.ts"
import type { View } from "./task.ts"
import * as times from "./times.ts"

const strikes = (state: State, active: ActiveLine, key: string, count: number): boolean => {
  const { nth = 1, times = 1 } = active.line
  if (count < nth) return false
  if (times === "always") return true
  if (typeof times === "number") return count < nth + times
  return random.unit(state.seed, `line ${active.number} ${key} ${count}`) < times.p
}

/** @internal Counts a request on every line that fits it, and gives the first line that strikes. */
export const pick = (state: State, route: Route): Line | undefined => {
  let struck: Line | undefined
  for (const active of state.lines) {
    const { api, on, task } = active.line
    if (on !== route.operation || (api ?? route.api) !== route.api) continue
    if (task !== undefined && task !== route.taskId) continue
    const key = route.taskId ?? ""
    const count = (active.fitted.get(key) ?? 0) + 1
    active.fitted.set(key, count)
    if (struck === undefined && strikes(state, active, key, count)) struck = active.line
  }
  return struck
}

/** @internal What a fault does to the task that is seen. */
export const twist = (line: Line | undefined) => (seen: View): View => {
  switch (line?.fault) {
    case "unknown-status":
      return { ...seen, word: line.status ?? "TELEPORTING" }
    case "success-without-url":
      return {
        ...seen,
        phase: "success",
        progress: 100,
        exact: 100,
        finishedAt: seen.finishedAt ?? seen.seenAt,
        withoutUrl: true
      }
    case "progress-backwards":
      return { ...seen, progress: Math.floor(seen.progress / 2), exact: seen.exact / 2 }
    default:
      return seen
  }
}

/** @internal Whether the request is carried out before its answer is spoiled. */
export const processes = (line: Line): boolean => line.accepted ?? faults[line.fault].accepts

const retryAfter = (context: Context, line: Line): Readonly<Record<string, string>> => {
  const asked = line.retryAfter
  if (asked === undefined) return {}
  if (typeof asked !== "object") return { "retry-after": String(asked) }
  return "ms" in asked
    ? { "retry-after-ms": String(asked.ms) }
    : { "retry-after": times.http(context.now + asked.date * 1000) }
}

const proxyPages: Readonly<Partial<Record<Fault, readonly [number, string]>>> = {
  "403-html": [403, "Access denied | Web Application Firewall"],
  "502": [502, "502 Bad Gateway"],
  "503-html": [503, "503 Service Temporarily Unavailable"],
  "504": [504, "504 Gateway Time-out"],
  "524-html": [524, "A timeout occurred | 524: A timeout occurred"],
  "html-200": [200, "CometAPI"],
  "html-file": [200, "This file is not available"]
}

const jsonErrors: Readonly<Partial<Record<Fault, readonly [number, string, string]>>> = {
  "402": [402, "insufficient balance", "insufficient_balance"],
  "403-json": [403, "no permission to access this resource", "access_denied"],
  "404": [404, "not found", "not_found"],
  "408": [408, "request timed out", "request_timeout"],
  "410": [410, "gone", "gone"],
  "413": [413, "request entity too large", "read_request_body_failed"],
  "425": [425, "too early", "too_early"],
  "500": [500, "internal server error", ""],
  // CometAPI's page on errors: a bad request that arrives as a 500.
  "500-invalid-request": [500, "invalid request", "invalid_request"],
  "503": [503, "service temporarily unavailable", ""]
}

/** The answer that takes the place of the usual one, for faults that have one. */
const instead = (context: Context, line: Line, api: Api): answer.Answer | undefined => {
  const { fault } = line
  const page = proxyPages[fault]
  if (page !== undefined) return answer.html(...page)
  const error = jsonErrors[fault]
  if (error !== undefined) return dialect.error(context, context.gateway ?? api, ...error)
  switch (fault) {
    case "401":
      return dialect.unauthorized(context, api)
    case "429":
      return dialect.tooMany(context, api)
    case "429-empty":
      return answer.empty(429)
    case "503-model-not-found":
      return dialect.modelNotFound(context, api, "simulated")
    case "task-not-exist":
      return dialect.unknownTask(context, api)
    case "refusal-200":
      return dialect.taskError(context, api, 200, "invalid_request", "the request was refused")
    case "empty-data":
      return answer.json(200, { code: "success", data: null })
    case "empty-200":
      return answer.empty(200, { "content-type": "application/json" })
    case "202-empty":
      return answer.empty(202)
    case "bad-json":
      return answer.of(200, "application/json", answer.bytes("{\"id\": task, status: 'running',,}"))
    case "redirect":
      return answer.empty(307, { location: line.location ?? `${context.request.origin}/moved${context.request.path}` })
    case "expired-url":
      return files.expired()
    default:
      return undefined
  }
}

const ids = new Set(["id", "task_id", "request_id"])

const withoutIds = (body: Uint8Array): Uint8Array =>
  answer.bytes(JSON.stringify(
    JSON.parse(new TextDecoder().decode(body)),
    (key, value: unknown) => ids.has(key) ? undefined : value
  ))

/** The usual answer, spoiled. */
const spoil = (line: Line, usual: answer.Answer): answer.Answer => {
  const { body, headers } = usual
  switch (line.fault) {
    case "no-id":
      return { ...usual, body: /json/.test(headers["content-type"] ?? "") ? withoutIds(body) : body }
    case "truncated-json":
      return { ...usual, body: body.subarray(0, Math.floor(body.length / 2)) }
    case "gzip":
      return { ...usual, headers: { ...headers, "content-encoding": "gzip" }, body: gzip.stored(body) }
    case "gzip-garbage":
      return { ...usual, headers: { ...headers, "content-encoding": "gzip" }, body }
    default:
      return usual
  }
}

const delivery = (line: Line, size: number): Delivery => {
  switch (line.fault) {
    case "late":
      return { _tag: "Late", seconds: line.seconds ?? 1 }
    case "hang":
      return { _tag: "Hang", seconds: line.seconds }
    case "slow-drip":
      return { _tag: "Drip", seconds: line.seconds ?? 1 }
    case "reset-before-accept":
    case "reset-after-accept":
      return { _tag: "Reset" }
    case "reset-mid-body":
    case "cut-at":
      return { _tag: "Cut", bytes: Math.min(line.bytes ?? Math.floor(size / 2), size) }
    default:
      return { _tag: "Whole" }
  }
}

const mebibyte = 1 << 20

/** A JSON object that starts with the usual members and goes on for 64 MiB; one chunk of padding is sent 64 times. */
const padded = (body: Uint8Array): ReadonlyArray<Uint8Array> => {
  const text = new TextDecoder().decode(body).trimEnd()
  const head = /^\{.+\}$/s.test(text) ? `${text.slice(0, -1)},` : "{"
  const padding = answer.bytes("x".repeat(mebibyte))
  return [answer.bytes(`${head}"padding":"`), ...Array.from({ length: 64 }, () => padding), answer.bytes("\"}")]
}

/** @internal Plays a fault: on nothing when the request was not carried out, else on its usual answer. */
export const play = (context: Context, line: Line, api: Api, usual: answer.Answer | undefined): Reply => {
  const base = instead(context, line, api) ?? usual ?? answer.empty(500)
  const spoiled = spoil(line, base)
  return {
    status: spoiled.status,
    headers: { ...spoiled.headers, ...retryAfter(context, line) },
    chunks: line.fault === "big-body" ? padded(spoiled.body) : [spoiled.body],
    delivery: delivery(line, spoiled.body.length)
  }
}
