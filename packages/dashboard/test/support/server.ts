import { Context, Effect, Layer } from "effect"
import * as Http from "node:http"
import { Dashboard } from "../../src/index.ts"
import { ground } from "./world.ts"

/** A server with everything behind it, for as long as the scope lasts. */
export const serve = (options: Dashboard.Options = {}, behind: Parameters<typeof ground>[0] = {}) =>
  Layer.build(Layer.provideMerge(Dashboard.layer(options), ground(behind)))

/** The server's address. */
export const portOf = <R>(context: Context.Context<R | Dashboard.Dashboard>): number =>
  Context.get(context, Dashboard.Dashboard).port

export interface Answer {
  readonly status: number
  readonly headers: Http.IncomingHttpHeaders
  readonly body: string
}

/** One request with exactly these headers: `fetch` would write some of its own. */
export const ask = (
  port: number,
  path: string,
  options: {
    readonly method?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string
    readonly host?: string | undefined
  } = {}
): Effect.Effect<Answer> =>
  Effect.callback<Answer>((resume) => {
    const { body, headers = {}, method = "GET" } = options
    const request = Http.request({
      host: "127.0.0.1",
      port,
      path,
      method,
      setHost: false,
      agent: false,
      headers: { host: options.host ?? `127.0.0.1:${port}`, ...headers }
    }, (response) => {
      const chunks: Array<Buffer> = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("error", () => resume(Effect.die(new Error(`${method} ${path} broke off`))))
      response.on("end", () =>
        resume(Effect.succeed({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString("latin1")
        })))
    })
    request.on("error", (error) => resume(Effect.die(error)))
    request.end(body)
    return Effect.sync(() => request.destroy())
  })

/** A write as the page sends it. */
export const post = (port: number, path: string, headers: Readonly<Record<string, string>> = {}, body = "") =>
  ask(port, path, {
    method: "POST",
    headers: { origin: `http://127.0.0.1:${port}`, "sec-fetch-site": "same-origin", ...headers },
    body
  })

/** The beginning of a stream, until it holds a text. */
export const streamUntil = (
  port: number,
  path: string,
  wanted: string,
  headers: Readonly<Record<string, string>> = {}
): Effect.Effect<string> =>
  Effect.callback<string>((resume) => {
    const request = Http.request({
      host: "127.0.0.1",
      port,
      path,
      agent: false,
      headers: { host: `127.0.0.1:${port}`, ...headers }
    }, (response) => {
      let text = ""
      response.on("error", () => undefined)
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString("utf8")
        if (!text.includes(wanted)) return
        request.destroy()
        resume(Effect.succeed(text))
      })
    })
    request.on("error", () => undefined)
    request.end()
    return Effect.sync(() => request.destroy())
  })
