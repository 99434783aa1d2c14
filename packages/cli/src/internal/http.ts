/**
 * The way to the providers.
 */
import * as NodeHttp from "@video-tasks/node/NodeHttp"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import { type Problem, usage } from "./problem.ts"

/** The client, through the proxies of the environment; one that can't be meant is refused. */
export const layer: Layer.Layer<HttpClient.HttpClient, Problem> = Layer.unwrap(
  Effect.suspend(() => Effect.as(Effect.forEach(variables, check, { discard: true }), NodeHttp.layer()))
)

// internal

/** As the client reads them: the first that is set counts, and an empty one is not. */
const variables = [["http_proxy", "HTTP_PROXY"], ["https_proxy", "HTTPS_PROXY"]] as const

/** Its value may have a password, and is not told. */
const check = Effect.fnUntraced(function*(names: typeof variables[number]) {
  const environment = ConfigProvider.fromEnv()
  for (const name of names) {
    const value = yield* Effect.orElseSucceed(Config.String(name).parse(environment), () => undefined)
    if (value === undefined) continue
    if (isProxy(value)) return
    return yield* usage(`${name} does not name a proxy; allowed: HOST:PORT, http://…, https://… or socks5://…`)
  }
})

const isProxy = (text: string): boolean => {
  const url = URL.parse(text.includes("://") ? text : `http://${text}`)
  return url !== null && ["http:", "https:", "socks5:", "socks:"].includes(url.protocol)
}
