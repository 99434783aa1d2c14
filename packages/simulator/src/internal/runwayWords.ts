import * as answer from "./answer.ts"
import type { Words } from "./vendorWords.ts"

/** @internal One thing that is wrong with a create, as the validator of Runway lists it. */
export interface Issue {
  readonly code: string
  readonly message: string
  readonly path: ReadonlyArray<string | number>
}

/** @internal The body of a 400 that is about fields, as users of the API quote it. */
export const invalid = (issues: ReadonlyArray<Issue>) => ({
  error: "Validation of body failed",
  issues,
  docUrl: "https://docs.dev.runwayml.com/api"
})

/**
 * Runway, "HTTP Errors": JSON with a sentence in `error`. That an empty account is a 400 is what its users report; the other
 * sentences are made up after the page.
 *
 * @internal
 */
export const words: Words = {
  error: ({ message }) => ({ error: message }),
  unauthorized: () => answer.json(401, { error: "The API key you provided is not valid." }),
  quotaExceeded: () => answer.json(400, { error: "You do not have enough credits to run this task." }),
  modelNotFound: () =>
    answer.json(400, invalid([{ code: "invalid_union", message: "Invalid input", path: ["model"] }])),
  tooMany: () => answer.json(429, { error: "You have made too many requests. Try again later." }),
  // CometAPI's page warns of this code for a task that was just made; the 400 is that of its other routes.
  unknownTask: ({ gateway, state }) =>
    gateway === undefined
      ? answer.json(404, { error: "A task with that ID was not found" })
      : answer.json(
        400,
        state.options.unknownTask === "nested"
          ? { error: { message: "task_not_exist", type: "cometapi_error" } }
          : { code: "task_not_exist", message: "task_not_exist", data: null }
      )
}
