import * as answer from "./answer.ts"
import type { Context } from "./context.ts"
import type { Words } from "./vendorWords.ts"

/** The codes are sentences, those of gRPC's canonical codes: as users of xAI quote its answers. */
const codes: Readonly<Record<number, string>> = {
  400: "Client specified an invalid argument",
  401: "The request does not have valid authentication credentials for the operation",
  403: "The caller does not have permission to execute the specified operation",
  404: "Some requested entity was not found",
  429: "Some resource has been exhausted",
  500: "Internal error",
  503: "The service is currently unavailable"
}

/** The three shapes that xAI's SDKs read: `{ code, error }`, `{ error }`, and that of OpenAI. */
const body = ({ state }: Context, status: number, message: string): Readonly<Record<string, unknown>> => {
  const code = codes[status] ?? codes[400]
  switch (state.options.xaiErrors) {
    case "bare":
      return { error: message }
    case "nested":
      return { error: { message, type: "invalid_request_error", param: null, code: null } }
    default:
      return { code, error: message }
  }
}

/** @internal An error of xAI, and what stands beside it. */
export const refuse = (
  context: Context,
  status: number,
  message: string,
  beside: Readonly<Record<string, unknown>> = {}
): answer.Answer => answer.json(status, { ...body(context, status, message), ...beside })

/** @internal The sentences are those that users of xAI quote, where they do. */
export const words: Words = {
  error: ({ message, status }, context) => body(context, status, message),
  // The page says 401; a key that is there and wrong has been answered with 400 all the same.
  unauthorized: (context) =>
    /\bsk-invalid$/.test(context.request.headers["authorization"] ?? "")
      ? refuse(
        context,
        400,
        "Incorrect API key provided: sk***id. You can obtain an API key from https://console.x.ai."
      )
      : refuse(context, 401, "No credentials provided. Set the Authorization header to a valid API key."),
  quotaExceeded: (context) =>
    refuse(
      context,
      403,
      "Your team has either used all available credits or reached its monthly spending limit. To continue making API requests, please purchase more credits or raise your spending limit."
    ),
  modelNotFound: (context, model) =>
    refuse(context, 404, `The model ${model} does not exist or your team does not have access to it.`),
  tooMany: (context) => refuse(context, 429, "Too many requests. Please wait before trying again."),
  // Behind CometAPI the task is the gateway's: what it says of one that is not there is that of its other routes.
  unknownTask: (context) =>
    context.gateway === undefined
      ? refuse(context, 404, "Failed to find the deferred request.")
      : answer.json(
        400,
        context.state.options.unknownTask === "nested"
          ? { error: { message: "task_not_exist", type: "cometapi_error" } }
          : { code: "task_not_exist", message: "task_not_exist", data: null }
      )
}
