import * as answer from "./answer.ts"
import type { Context } from "./context.ts"
import * as random from "./random.ts"
import type { Words } from "./vendorWords.ts"

const types: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  409: "Conflict",
  429: "TooManyRequests",
  500: "InternalServerError",
  503: "ServiceUnavailable"
}

/** `02`, the time in ms, then characters in hex: as users of Volcengine Ark quote it. */
const requestId = ({ now, state }: Context): string =>
  `02${Math.floor(now)}${random.hex(state.seed, `ark request ${state.requestsSeen}`, 38)}`

const body = (context: Context, status: number, code: string, message: string, param = "") => ({
  error: {
    code,
    message: `${message} Request id: ${requestId(context)}`,
    param,
    type: types[status] ?? "BadRequest"
  }
})

/**
 * An error of Ark: BytePlus ModelArk, "Common Error Codes". The message ends with the id of the request.
 *
 * @internal
 */
export const refuse = (
  context: Context,
  status: number,
  code: string,
  message: string,
  param?: string
): answer.Answer => answer.json(status, body(context, status, code, message, param))

/** The codes of that page, where the simulator's own word is another one. */
const codes: Readonly<Record<number, string>> = {
  401: "AuthenticationError",
  403: "AccessDenied",
  404: "NotFound",
  429: "RateLimitExceeded.EndpointRPMExceeded",
  500: "InternalServiceError"
}

/** @internal */
export const words: Words = {
  error: ({ code, message, status }, context) =>
    body(context, status, codes[status] ?? (code === "" ? "InvalidParameter" : code), `${message}.`),
  unauthorized: (context) =>
    refuse(context, 401, "AuthenticationError", "The API key or AK/SK in the request is missing or invalid."),
  quotaExceeded: (context) =>
    refuse(
      context,
      403,
      "AccountOverdueError",
      "The request failed because your account has an overdue balance."
    ),
  modelNotFound: (context, model) =>
    refuse(
      context,
      404,
      "InvalidEndpointOrModel.NotFound",
      `The model or endpoint ${model} does not exist or you do not have access to it.`
    ),
  tooMany: (context) =>
    refuse(
      context,
      429,
      "RateLimitExceeded.EndpointRPMExceeded",
      "The Requests Per Minute (RPM) limit of the associated endpoint for your account has been exceeded."
    ),
  // The same page: `NotFound.{{Parameter}}`, "The specified {{ResourceType}} {{ResourceContent}} is not found".
  unknownTask: (context) => refuse(context, 404, "NotFound.TaskId", "The specified task is not found.", "id")
}
