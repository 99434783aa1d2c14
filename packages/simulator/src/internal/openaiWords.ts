import * as answer from "./answer.ts"
import type { Context } from "./context.ts"
import type { Words } from "./vendorWords.ts"

interface Complaint {
  readonly message: string
  readonly type?: string | undefined
  readonly param?: string | undefined
  readonly code?: string | undefined
}

/** @internal Where Sora is served: at the vendor, or by CometAPI, which passes requests and answers on. */
export type Place = "openai" | "cometapi"

/** @internal The id of the request, as the place names it. */
export const requestId = (context: Context, place: Place): Readonly<Record<string, string>> =>
  place === "openai"
    ? { "x-request-id": `req_${context.requestId}` }
    : { "x-cometapi-request-id": context.requestId }

/** `{ error: { message, type, param, code } }`: OpenAI, "Error codes"; what does not apply is null. */
const body = ({ code, message, param, type = "invalid_request_error" }: Complaint) => ({
  error: { message, type, param: param ?? null, code: code ?? null }
})

/** @internal An error of OpenAI, also where CometAPI passes it on. */
export const refuse = (
  context: Context,
  place: Place,
  status: number,
  complaint: Complaint
): answer.Answer => answer.json(status, body(complaint), requestId(context, place))

/** @internal A value that is none of those that there are. */
export const invalidValue = (
  context: Context,
  place: Place,
  param: string,
  value: string,
  supported: ReadonlyArray<string>
): answer.Answer => {
  const quoted = supported.map((one) => `'${one}'`)
  const last = quoted.length > 2 ? `, and ${quoted.at(-1)}` : ` and ${quoted.at(-1)}`
  return refuse(context, place, 400, {
    message: `Invalid value: '${value}'. Supported values are: ${quoted.slice(0, -1).join(", ")}${last}.`,
    param,
    code: "invalid_value"
  })
}

const typeOf = (status: number): string => status >= 500 ? "server_error" : "invalid_request_error"

const noKey = "You didn't provide an API key. You need to provide your API key in an Authorization header using " +
  "Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."

const wrongKey = "Incorrect API key provided: sk-inv***. You can find your API key at " +
  "https://platform.openai.com/account/api-keys."

/** @internal */
export const words: Words = {
  error: ({ code, message, status }) =>
    body({ message, type: typeOf(status), ...(code === "" || code === "not_found" ? {} : { code }) }),
  unauthorized: (context) =>
    refuse(
      context,
      "openai",
      401,
      context.request.headers["authorization"] === undefined
        ? { message: noKey }
        : { message: wrongKey, code: "invalid_api_key" }
    ),
  quotaExceeded: (context) =>
    refuse(context, "openai", 429, {
      message: "You exceeded your current quota, please check your plan and billing details.",
      type: "insufficient_quota",
      code: "insufficient_quota"
    }),
  modelNotFound: (context, model) =>
    refuse(context, "openai", 404, {
      message: `The model \`${model}\` does not exist or you do not have access to it.`,
      code: "model_not_found"
    }),
  tooMany: (context) =>
    refuse(context, "openai", 429, {
      message: "Rate limit reached for requests. Please try again later.",
      type: "requests",
      code: "rate_limit_exceeded"
    }),
  unknownTask: (context) => refuse(context, "openai", 404, { message: "The requested video was not found." })
}
