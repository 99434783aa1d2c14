/**
 * The routes of the server: see `Contract`.
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { DashboardHub } from "../DashboardHub.ts"
import * as Events from "./events.ts"
import { loginPath, pathOf, refused } from "./gate.ts"
import type { PageFiles } from "./pageFiles.ts"
import { Refusal } from "./refusal.ts"
import type { Session } from "./session.ts"
import type { Tasks } from "./tasks.ts"
import type { Videos } from "./videos.ts"

/** What the routes stand on. */
export interface Options {
  readonly fixed: Events.Fixed
  readonly files: PageFiles
  readonly session: Session | undefined
  readonly tasks: Tasks
  readonly videos: Videos
}

/** All routes. */
export const layer = ({ files, fixed, session, tasks, videos }: Options) =>
  HttpRouter.use(Effect.fnUntraced(function*(router) {
    const hub = yield* DashboardHub
    yield* router.add(
      "GET",
      "/api/events",
      (request) => Effect.succeed(Events.respond(hub, fixed, request.headers["last-event-id"]))
    )
    yield* router.add("GET", "/api/tasks/:id", answered(({ id }) => Effect.map(tasks.detail(id), json)))
    yield* router.add("GET", "/api/tasks/:id/fixture", answered(({ id }) => Effect.map(tasks.fixture(id), json)))
    yield* router.add(
      "GET",
      "/api/tasks/:id/videos/:index",
      answered(({ id, index, request }) =>
        videos(id, /^\d{1,4}$/.test(index) ? Number(index) : -1, /[?&]download(?:[=&]|$)/.test(request.url))
      )
    )
    yield* router.add(
      "POST",
      "/api/tasks/:id/:action",
      answered(({ action, id, request }) =>
        Effect.flatMap(newIdOf(request), (again) => Effect.map(tasks.act(id, action, again), json))
      )
    )
    yield* router.add("POST", loginPath, login(session))
    yield* router.add(
      "GET",
      "/metrics",
      Effect.map(
        PrometheusMetrics.format(),
        (text) => HttpServerResponse.text(text, { contentType: "text/plain; version=0.0.4; charset=utf-8" })
      )
    )
    yield* router.add("GET", "/*", (request) => Effect.succeed(page(files, request)))
  }))

// internal

const json = (value: object): HttpServerResponse.HttpServerResponse => HttpServerResponse.jsonUnsafe(value)

interface Asked {
  readonly request: HttpServerRequest.HttpServerRequest
  readonly id: string
  readonly index: string
  readonly action: string
}

/** Answers a question about a task, or says why not. */
const answered = <R>(
  answer: (asked: Asked) => Effect.Effect<HttpServerResponse.HttpServerResponse, Refusal, R>
) =>
  Effect.gen(function*() {
    const { action = "", id = "", index = "" } = yield* HttpRouter.params
    const request = yield* HttpServerRequest.HttpServerRequest
    return yield* Effect.catch(answer({ request, action, id, index }), ({ message, reason, status }) =>
      Effect.succeed(refused(status, reason, message)))
  })

/** What the body of an action may name: the id of the task that it makes. */
const newIdOf = Effect.fnUntraced(function*(
  request: HttpServerRequest.HttpServerRequest
): Effect.fn.Return<string | undefined, Refusal> {
  const text = yield* Effect.orElseSucceed(request.text, () => "{")
  if (text.trim() === "") return undefined
  const body = decodeBody(text)
  if (Option.isSome(body)) return body.value.id
  return yield* new Refusal({ status: 422, reason: "BadRequest", message: "The body is not {\"id\": \"…\"}." })
})

const decodeBody = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ id: Schema.optionalKey(Schema.String) }))
)

const login = (session: Session | undefined) =>
  Effect.gen(function*() {
    const request = yield* HttpServerRequest.HttpServerRequest
    if (session === undefined) return HttpServerResponse.empty({ status: 204 })
    const body: unknown = yield* Effect.orElseSucceed(request.json, () => undefined)
    const token = typeof body === "object" && body !== null && "token" in body ? body.token : undefined
    const isKnown = typeof token === "string" && (yield* session.opens(token))
    return isKnown
      ? session.welcome(request, HttpServerResponse.empty({ status: 204 }))
      : refused(401, "WrongToken", "That is not the token of this server.")
  })

const page = (
  files: PageFiles,
  request: HttpServerRequest.HttpServerRequest
): HttpServerResponse.HttpServerResponse => {
  const file = files.get(pathOf(request))
  if (file === undefined) return refused(404, "NotFound", "There is nothing here.")
  return HttpServerResponse.uint8Array(file.body, {
    contentType: file.type,
    headers: { "cache-control": file.isForever ? "public, max-age=31536000, immutable" : "no-cache" }
  })
}
