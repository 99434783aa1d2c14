/**
 * What happens on the wire, and what a provider must make of it: the same for every API.
 */
import * as Client from "./suiteClient.ts"

/** What happens, how it is done, and the reason that it must lead to. */
export type Row = readonly [name: string, act: Client.Act, reason: string]

const page = "<!doctype html><title>Just a moment...</title>"

/** An error as most APIs write it. */
export const refusal = { error: { message: "no", type: "error", code: "no" } }

/** After a create. */
export const createOutcomes: ReadonlyArray<Row> = [
  ["no byte left", { _tag: "fails", requestStarted: "no" }, "NotSent"],
  ["the connection breaks after it was sent", { _tag: "fails", requestStarted: "yes" }, "SubmissionAmbiguous"],
  ["nobody knows whether it was sent", { _tag: "fails", requestStarted: "unknown" }, "SubmissionAmbiguous"],
  ["the answer breaks off", { _tag: "breaksOff" }, "SubmissionAmbiguous"],
  ["a 200 is a web page", { _tag: "answers", status: 200, body: page }, "SubmissionAmbiguous"],
  ["a 200 is empty", { _tag: "answers", status: 200, body: "" }, "SubmissionAmbiguous"],
  ["a 200 has no id", Client.json(200, {}), "SubmissionAmbiguous"],
  ["a 200 says no", Client.json(200, refusal), "InvalidRequest"],
  ["HTTP 400", Client.json(400, refusal), "InvalidRequest"],
  ["HTTP 401", Client.json(401, refusal), "Unauthorized"],
  ["HTTP 402", Client.json(402, refusal), "QuotaExceeded"],
  ["HTTP 408", Client.json(408, refusal), "SubmissionAmbiguous"],
  ["HTTP 413", Client.json(413, refusal), "PayloadTooLarge"],
  ["HTTP 425", Client.json(425, refusal), "SubmissionAmbiguous"],
  ["HTTP 429", Client.json(429, refusal), "RateLimited"],
  ["HTTP 500", Client.json(500, refusal), "SubmissionAmbiguous"],
  ["HTTP 502 with a web page", { _tag: "answers", status: 502, body: page }, "SubmissionAmbiguous"],
  ["HTTP 503", Client.json(503, refusal), "SubmissionAmbiguous"],
  [
    "HTTP 503 model_not_found",
    Client.json(503, { error: { message: "no channel", code: "model_not_found" } }),
    "ModelUnavailable"
  ]
]

/** After a query. */
export const readFailures: ReadonlyArray<Row> = [
  ["there is no answer", { _tag: "fails", requestStarted: "yes" }, "ProviderUnavailable"],
  ["the answer breaks off", { _tag: "breaksOff" }, "ProviderUnavailable"],
  ["a 200 is a web page", { _tag: "answers", status: 200, body: page }, "UnexpectedResponse"],
  ["a 200 is empty", { _tag: "answers", status: 200, body: "" }, "UnexpectedResponse"],
  ["a 200 is no task", Client.json(200, {}), "UnexpectedResponse"],
  ["HTTP 401", Client.json(401, refusal), "Unauthorized"],
  ["HTTP 403 with an error of the API", Client.json(403, refusal), "Unauthorized"],
  ["HTTP 403 with a web page", { _tag: "answers", status: 403, body: page }, "ProviderUnavailable"],
  ["HTTP 408", Client.json(408, refusal), "ProviderUnavailable"],
  ["HTTP 425", Client.json(425, refusal), "ProviderUnavailable"],
  ["HTTP 429", Client.json(429, refusal), "RateLimited"],
  ["HTTP 500", Client.json(500, refusal), "ProviderUnavailable"],
  ["HTTP 503 model_not_found", Client.json(503, { error: { code: "model_not_found" } }), "ProviderUnavailable"]
]
