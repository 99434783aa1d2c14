/**
 * What goes over the wire, and what must not.
 */
import * as Effect from "effect/Effect"
import * as Formatter from "effect/Formatter"
import type { Options } from "../VideoProviderSuite.ts"
import { type Draft, equals, fails, handleOf, on, succeeds } from "./suiteCheck.ts"
import * as Client from "./suiteClient.ts"

export const hygieneCases = (options: Options): ReadonlyArray<Draft> => [...wireCases(options), ...keyCases(options)]

const wireCases = (options: Options): ReadonlyArray<Draft> => [
  {
    name: "never follows a redirect",
    effect: on(
      options,
      { _tag: "answers", status: 307, body: "", headers: { location: "https://elsewhere.invalid/v1" } },
      (provider, { requests }) =>
        fails(provider.observe(handleOf(options, provider))).pipe(
          Effect.flatMap((error) => equals("reason", error.reason._tag, "UnexpectedResponse")),
          Effect.andThen(() => equals("requests", requests.length, 1))
        )
    )
  },
  {
    name: "sends no trace headers, names itself, and takes its key to its own API only",
    effect: on(
      options,
      Client.json(200, options.answers.running),
      (provider, { requests }) =>
        succeeds(provider.observe(handleOf(options, provider))).pipe(
          Effect.withSpan("suite"),
          Effect.andThen(() => {
            const [request] = requests
            const names = Object.keys(request?.headers ?? {})
            return Effect.all([
              equals("trace headers", names.filter((name) => name === "traceparent" || name === "b3"), []),
              equals("has a user-agent", names.includes("user-agent"), true),
              equals("is at its API", request?.url.startsWith(`${provider.baseUrl}/`), true),
              equals("the key is no part of the URL", request?.url.includes(options.secret), false)
            ], { discard: true })
          })
        )
    )
  }
]

const keyCases = (options: Options): ReadonlyArray<Draft> => [
  {
    name: "gives its key to no other origin",
    effect: on(options, { _tag: "hangs" }, (provider) => {
      const foreign = [
        "https://elsewhere.invalid/v.mp4",
        `https://${new URL(provider.baseUrl).host}.elsewhere.invalid/v`
      ]
      return equals("headers", foreign.map((url) => provider.credentials(new URL(url))), [{}, {}])
    })
  },
  {
    name: "keeps its key out of every error, also when the API quotes it",
    effect: on(
      options,
      Client.json(401, { error: { message: `the key ${options.secret} is not valid`, code: options.secret } }),
      (provider) =>
        Effect.flatMap(fails(provider.observe(handleOf(options, provider))), (error) => {
          const written = [JSON.stringify(error), String(error), error.message, Formatter.format(error)].join("\n")
          return equals("key in the error", written.includes(options.secret), false)
        })
    )
  }
]
