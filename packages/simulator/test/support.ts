import { SimulatorHttp, type SimulatorOptions } from "@video-tasks/simulator"
import { Effect } from "effect"
import { type Headers, HttpClient, HttpClientRequest, type HttpMethod } from "effect/http"

interface Answer {
  readonly status: number
  readonly headers: Headers.Headers
  readonly text: string
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into bodies of every shape
  readonly json: any
}

export interface Ask {
  readonly key?: string | undefined
  readonly json?: unknown
  readonly form?: Readonly<Record<string, string | Blob>>
  readonly params?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const formData = (fields: Readonly<Record<string, string | Blob>>): FormData => {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.set(name, value)
  return form
}

export const send = Effect.fnUntraced(function*(method: HttpMethod.HttpMethod, url: string, ask: Ask = {}) {
  const client = yield* HttpClient.HttpClient
  const key = "key" in ask ? ask.key : "sk-test"
  let request = HttpClientRequest.make(method)(url.startsWith("/") ? `http://simulator.test${url}` : url)
  request = HttpClientRequest.setHeaders(request, {
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    ...ask.headers
  })
  if (ask.json !== undefined) request = HttpClientRequest.bodyJsonUnsafe(request, ask.json)
  if (ask.form !== undefined) request = HttpClientRequest.bodyFormData(request, formData(ask.form))
  if (ask.params !== undefined) request = HttpClientRequest.bodyUrlParams(request, ask.params)
  return yield* client.execute(request)
})

export const call = Effect.fnUntraced(function*(method: HttpMethod.HttpMethod, url: string, ask: Ask = {}) {
  const response = yield* send(method, url, ask)
  const text = yield* response.text
  const answer: Answer = { status: response.status, headers: response.headers, text, json: parse(text) }
  return answer
})

export const memory = (options: SimulatorOptions.Options = {}) => Effect.provide(SimulatorHttp.layer(options))

export const seedance = { model: "doubao-seedance-2-0-fast", prompt: "A paper airplane" }

/** The names of an object in their order, with the type of each value. */
export const shape = (value: Record<string, unknown>): ReadonlyArray<string> =>
  Object.entries(value).map(([name, member]) => `${name}: ${member === null ? "null" : typeof member}`)
