/**
 * The API of a test, on a port: what several processes ask, and a ledger of it. Its tasks do what the test says.
 */
import { Observation, TaskHandle, Video, VideoProvider, VideoTaskError } from "@video-tasks/core"
import { Clock, Effect, Redacted } from "effect"
import * as http from "node:http"

interface Asked {
  readonly by: string
  readonly provider: string
  readonly what: "create" | "read" | "cancel"
  /** Our id of the submission, or the API's id of the task. */
  readonly id: string
}

export interface Api {
  readonly url: string
  readonly asked: ReadonlyArray<Asked>
  /** What a read says of a task, or of `NAME:task` to the worker of this name; the default is `IN_PROGRESS` at 10. */
  readonly answers: Map<string, { readonly status: string; readonly progress?: number }>
  /** Answers are kept back for requests of which this says so, until `release`. */
  hold: (asked: Asked) => boolean
  readonly release: () => void
  readonly stop: () => Promise<void>
}

export const start = async (): Promise<Api> => {
  const asked: Array<Asked> = []
  const held: Array<() => void> = []
  const answers: Api["answers"] = new Map()
  const answer = ({ by, id, what }: Asked) => {
    if (what === "create") return { id: `of-${id}` }
    if (what === "cancel") {
      answers.set(id, { status: "CANCELLED" })
      return {}
    }
    return { id, ...(answers.get(`${by}:${id}`) ?? answers.get(id) ?? { status: "IN_PROGRESS", progress: 10 }) }
  }
  const server = http.createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://api")
    const [, what = "", provider = "", id = ""] = pathname.split("/")
    const one: Asked = { by: searchParams.get("by") ?? "", provider, what: what as Asked["what"], id }
    asked.push(one)
    const reply = () => response.end(JSON.stringify(answer(one)))
    if (api.hold(one)) held.push(reply)
    else reply()
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()))
  const address = server.address()
  const api: Api = {
    url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    asked,
    answers,
    hold: () => false,
    release: () => {
      api.hold = () => false
      for (const reply of held.splice(0)) reply()
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      })
  }
  return api
}

interface Answer {
  readonly id: string
  readonly status: string
  readonly progress?: number
}

const get = (url: string, signal: AbortSignal): Promise<Answer> =>
  new Promise((resolve, reject) => {
    http.get(url, { signal }, (response) => {
      let body = ""
      response.setEncoding("utf8").on("data", (chunk: string) => body += chunk)
      response.on("end", () => resolve(JSON.parse(body))).on("error", reject)
    }).on("error", reject)
  })

/** A provider that asks the API, in the name of somebody. */
export const provider = (url: string, by: string, id = "double"): VideoProvider.VideoProvider => {
  const call = (what: Asked["what"], name: string, onFailure: (detail: string) => VideoTaskError.Reason) =>
    Effect.tryPromise({
      try: (signal) => get(`${url}/${what}/${id}/${name}?by=${by}`, signal),
      catch: (error) =>
        VideoTaskError.make({
          provider: id,
          operation: what === "read" ? "observe" : what,
          reason: onFailure(String(error))
        })
    })
  const unavailable = (detail: string) => new VideoTaskError.ProviderUnavailable({ detail })
  return VideoProvider.double({
    id,
    // What a test wants to know again is named by its prompt.
    create: ({ prompt }, { requestHash } = {}) =>
      Effect.zipWith(
        call("create", prompt, (detail) => new VideoTaskError.SubmissionAmbiguous({ detail })),
        Clock.currentTimeMillis,
        (made, createdAt) => ({
          handle: new TaskHandle.TaskHandle({
            provider: id,
            family: "double",
            remoteId: made.id,
            baseUrl: "https://double.invalid",
            account: "default",
            createdAt,
            ...(requestHash === undefined ? {} : { requestHash })
          }),
          observation: new Observation.Observation({ status: "SUBMITTED", remoteId: made.id, videos: [] })
        })
      ),
    observe: ({ remoteId }) =>
      Effect.map(call("read", remoteId, unavailable), ({ progress, status }) =>
        new Observation.Observation({
          status: status as "IN_PROGRESS",
          ...(progress === undefined ? {} : { progress }),
          videos: status === "SUCCESS"
            ? [new Video.Video({ url: Redacted.make(`https://cdn.example.com/${remoteId}.mp4`) })]
            : []
        })),
    cancel: ({ remoteId }) => Effect.as(call("cancel", remoteId, unavailable), "confirmed" as const)
  })
}
