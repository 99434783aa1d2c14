import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import * as answer from "./answer.ts"
import type { Context } from "./context.ts"
import type { Words } from "./vendorWords.ts"

/**
 * An error of Kling: its service code, a sentence, the id of the request, and no `data` (Kling, "Error codes").
 *
 * @internal
 */
export const refuse = (context: Context, status: number, code: number, message: string): answer.Answer =>
  answer.json(status, { code, message, request_id: context.requestId })

/** The code of that page for a status that says nothing more. */
const codes: Readonly<Record<number, number>> = {
  400: 1201,
  401: 1000,
  403: 1103,
  404: 1202,
  429: 1302,
  503: 5001,
  504: 5002
}

const codeOf = (status: number): number => codes[status] ?? (status >= 500 ? 5000 : 1200)

const bearerOf = ({ request }: Context): string =>
  (request.headers["authorization"] ?? "").trim().replace(/^bearer\b\s*/i, "")

interface Claims {
  readonly iss?: unknown
  readonly exp?: unknown
  readonly nbf?: unknown
}

const json = (part: string): unknown => {
  const text = Result.getOrUndefined(Base64Url.decodeString(part.replaceAll("=", "")))
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What a token of the older kind says, without a look at its signature: the simulator knows no secret key. */
const claimsOf = (token: string): Claims | undefined => {
  const parts = token.split(".")
  if (parts.length !== 3 || parts[2] === "") return undefined
  const [header, claims] = parts.slice(0, 2).map((part) => json(part))
  const isSigned = typeof header === "object" && header !== null && "alg" in header && header.alg === "HS256"
  return isSigned && typeof claims === "object" && claims !== null ? claims : undefined
}

/**
 * What is wrong with a JWT: a plain key is none. An access key `sk-invalid` is unknown, one `sk-broke` has no money left.
 *
 * @internal
 */
export const refuseToken = (context: Context): answer.Answer | undefined => {
  const claims = claimsOf(bearerOf(context))
  if (claims === undefined) return undefined
  const { exp, iss, nbf } = claims
  // The client's own clock made it.
  const now = (context.now - context.state.shift) / 1000
  if (typeof iss !== "string" || typeof exp !== "number" || iss === "sk-invalid") {
    return refuse(context, 401, 1002, "Authorization is invalid")
  }
  if (typeof nbf === "number" && now < nbf) return refuse(context, 401, 1003, "Authorization is not yet valid")
  return now >= exp ? refuse(context, 401, 1004, "Authorization has expired") : undefined
}

/** @internal */
export const isBroke = (context: Context): boolean => {
  const token = bearerOf(context)
  return token === "sk-broke" || claimsOf(token)?.iss === "sk-broke"
}

/** @internal */
export const words: Words = {
  error: ({ message, status }, { requestId }) => ({ code: codeOf(status), message, request_id: requestId }),
  unauthorized: (context) =>
    bearerOf(context) === ""
      ? refuse(context, 401, 1001, "Authorization is empty")
      : refuse(context, 401, 1002, "Authorization is invalid"),
  // Both are 429, and waiting helps with one of them only.
  quotaExceeded: (context) => refuse(context, 429, 1101, "Account in arrears"),
  tooMany: (context) =>
    context.request.method === "POST"
      ? refuse(context, 429, 1303, "parallel task over resource pack limit")
      : refuse(context, 429, 1302, "API request too fast"),
  modelNotFound: (context, model) => refuse(context, 404, 1203, `model ${model} does not exist`),
  // The page gives the code and "the requested resource does not exist"; the sentence is made up.
  unknownTask: (context) => refuse(context, 404, 1203, "task not found")
}
