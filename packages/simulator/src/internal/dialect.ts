import type { Api } from "../Script.ts"
import * as answer from "./answer.ts"
import type { Context } from "./context.ts"

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
    : {}

/** @internal */
export const unauthorized = (context: Context, api: Api): answer.Answer =>
  error(context, api, 401, "Invalid token", api === "seeany" ? "invalid_api_key" : "")

/** @internal New-API: `service/pre_consume_quota.go`. That CometAPI words it so in its own shape is inferred. */
export const quotaExceeded = (context: Context, api: Api): answer.Answer =>
  api === "generic"
    ? taskError(context, api, 403, "insufficient_user_quota", "用户额度不足, 剩余额度: ＄0.000000")
    : error(context, api, 403, "user quota is not enough", "insufficient_user_quota")

/** @internal The gateways of CometAPI and New-API: `middleware/distributor.go`. */
export const modelNotFound = (context: Context, api: Api, model: string): answer.Answer =>
  error(
    context,
    api,
    503,
    api === "cometapi"
      ? `no available channel for group default and model ${model} (distributor)`
      : `No available channel for model ${model} under group default (distributor)`,
    "model_not_found"
  )

/**
 * What a task that is not there gets: 400 from CometAPI (its query page) and New-API (`relay/relay_task.go`), 404 in
 * New-API's documentation of the flat body, and 404 from SeeAny by inference.
 *
 * @internal
 */
export const unknownTask = (context: Context, api: Api): answer.Answer => {
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
