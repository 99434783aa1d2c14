import type { Api } from "../Script.ts"
import * as answer from "./answer.ts"
import type { Context } from "./context.ts"
import * as openai from "./openaiWords.ts"
import { vendorWords, type Words } from "./vendorWords.ts"

/** A gateway refuses in its own words what it never passes on. */
const speaker = (context: Context, api: Api): Api => context.gateway ?? api

const wordsOf = (api: Api): Words | undefined => vendorWords[api]

/**
 * How each API words an error that is not about one field.
 *
 * - cometapi: `comet_api_error`, as captured from the live gateway by its users. An empty code is `""`.
 * - generic: New-API, `middleware/utils.go`, the same shape with `new_api_error`.
 * - seeany: no page documents it; `error{code,message}` is what its failed task has.
 *
 * @internal
 */
export const error = (
  context: Context,
  api: Api,
  status: number,
  message: string,
  code = ""
): answer.Answer => {
  const headers = requestIdHeader(context, api)
  const vendor = wordsOf(api)
  if (vendor !== undefined) return answer.json(status, vendor.error({ status, message, code }, context), headers)
  if (api === "seeany") {
    return answer.json(status, { error: { code: code === "" ? `http_${status}` : code, message } }, headers)
  }
  const numbered = `${message} (request id: ${context.requestId})`
  return answer.json(
    status,
    api === "cometapi"
      ? { error: { message: numbered, type: "comet_api_error", param: "", code } }
      : { error: { message: numbered, type: "new_api_error", code } },
    headers
  )
}

/** @internal New-API, `service/error.go` TaskErrorWrapper; CometAPI's task layer has the same shape. */
export const taskError = (context: Context, api: Api, status: number, code: string, message: string): answer.Answer =>
  answer.json(status, { code, message, data: null }, requestIdHeader(context, api))

/** @internal The error of the content route: neither code nor request id (New-API, `controller/video_proxy.go`). */
export const contentError = (status: number, message: string, type = "invalid_request_error"): answer.Answer =>
  answer.json(status, { error: { message, type } })

/** @internal */
export const requestIdHeader = (context: Context, api: Api): Readonly<Record<string, string>> =>
  api === "cometapi"
    ? { "x-cometapi-request-id": context.requestId }
    : api === "generic"
    ? { "x-oneapi-request-id": context.requestId }
    : api === "openai"
    ? openai.requestId(context, api)
    : {}

/** @internal */
export const unauthorized = (context: Context, api: Api): answer.Answer => {
  const by = speaker(context, api)
  return wordsOf(by)?.unauthorized?.(context) ??
    error(context, by, 401, "Invalid token", by === "seeany" ? "invalid_api_key" : "")
}

/** @internal New-API: `service/pre_consume_quota.go`. That CometAPI words it so in its own shape is inferred. */
export const quotaExceeded = (context: Context, api: Api): answer.Answer => {
  const by = speaker(context, api)
  const said = wordsOf(by)?.quotaExceeded?.(context)
  if (said !== undefined) return said
  return by === "generic"
    ? taskError(context, by, 403, "insufficient_user_quota", "用户额度不足, 剩余额度: ＄0.000000")
    : error(context, by, 403, "user quota is not enough", "insufficient_user_quota")
}

/** @internal The gateways of CometAPI and New-API: `middleware/distributor.go`. */
export const modelNotFound = (context: Context, api: Api, model: string): answer.Answer => {
  const by = speaker(context, api)
  return wordsOf(by)?.modelNotFound?.(context, model) ?? error(
    context,
    by,
    503,
    by === "cometapi"
      ? `no available channel for group default and model ${model} (distributor)`
      : `No available channel for model ${model} under group default (distributor)`,
    "model_not_found"
  )
}

/** @internal */
export const tooMany = (context: Context, api: Api): answer.Answer => {
  const by = speaker(context, api)
  // New-API gives every 429 of a task this message: "the upstream of this group is saturated, try later".
  return wordsOf(by)?.tooMany?.(context) ?? (by === "generic"
    ? taskError(context, by, 429, "fail_to_fetch_task", "当前分组上游负载已饱和，请稍后再试")
    : error(context, by, 429, "too many requests", "rate_limit_exceeded"))
}

/**
 * What a task that is not there gets: 400 from CometAPI (its query page) and New-API (`relay/relay_task.go`), 404 in
 * New-API's documentation of the flat body, and 404 from SeeAny by inference.
 *
 * @internal
 */
export const unknownTask = (context: Context, api: Api): answer.Answer => {
  const said = wordsOf(api)?.unknownTask?.(context)
  if (said !== undefined) return said
  if (api === "seeany") return error(context, api, 404, "task not found", "task_not_found")
  if (api === "generic" && context.genericBody === "flat") {
    return answer.json(404, {
      error: { message: "Task not found", type: "invalid_request_error", param: null, code: null }
    }, requestIdHeader(context, api))
  }
  if (api === "cometapi" && context.state.options.unknownTask === "nested") {
    return answer.json(
      400,
      { error: { message: "task_not_exist", type: "cometapi_error" } },
      requestIdHeader(context, api)
    )
  }
  return taskError(context, api, 400, "task_not_exist", "task_not_exist")
}
