/**
 * The video APIs, simulated: tasks that live, fail and end, files behind signed links, faults on demand, and a ledger
 * of what was asked and what it would have cost.
 *
 * **Details**
 *
 * | route | API |
 * |---|---|
 * | `POST /v1/videos`, `GET /v1/videos/{id}`, `GET /v1/videos/{id}/content`, `GET /api/models` | CometAPI |
 * | the first three for a model that begins with `sora-`, `DELETE /v1/videos/{id}`, `POST …/{id}/remix` | Sora behind CometAPI |
 * | `POST`, `GET /openai/v1/videos`, `GET`, `DELETE …/{id}`, `GET …/{id}/content`, `POST …/{id}/remix` | OpenAI (Sora) |
 * | `GET /v1/tasks/{id}`, and on demand `POST /v1/tasks` | SeeAny |
 * | `POST /v1/video/generations`, `GET /v1/video/generations/{id}` | the generic endpoint |
 * | the latter two and `/v1/videos…` under `/newapi` | a New-API gateway |
 * | `POST`, `GET /ark/api/v3/contents/generations/tasks`, `GET`, `DELETE …/tasks/{id}` | ByteDance Ark |
 * | `POST /volc/v3/contents/generations/tasks`, `GET …/tasks/{id}` | the same behind CometAPI |
 * | `POST`, `GET /kling/v1/videos/{text2video\|image2video}`, `GET …/{id or external_task_id}` | Kling, also behind CometAPI |
 * | `POST /runway/v1/image_to_video`, `GET`, `DELETE /runway/v1/tasks/{id}` | Runway |
 * | `POST /runwayml/v1/image_to_video`, `GET /runwayml/v1/tasks/{id}` | the same behind CometAPI |
 * | `POST /xai/v1/videos/{generations\|edits\|extensions}`, `GET /xai/v1/videos/{request_id}` | xAI |
 * | `POST /grok/v1/videos/generations`, `GET /grok/v1/videos/{request_id}` | the same behind CometAPI |
 * | `GET /files/{id}.mp4?X-Tos-…` | the files |
 * | `GET /_simulator/ledger`, `POST /_simulator/script`, `…/tasks`, `…/reset` | the simulator itself |
 *
 * Any bearer works, except `sk-invalid` (401, at xAI 400) and `sk-broke` (no quota left). A model that begins with
 * `no-such-model` is unknown.
 *
 * A prompt may hold directives: `[fail]`, `[error]` and `[expire]` end the task so, `[no-url]` lets it succeed without a
 * link, `[stuck]` never ends, `[ghost]` is accepted, billed and never seen again, `[job=8]` takes eight simulated seconds.
 * `[moderate]` lets xAI's moderation withhold the video of a job that is done, and billed.
 *
 * Nothing here knows how the rest of this project reads an answer: the bodies are written down from the documentation
 * and the sources of the APIs.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import type { Reply, Request } from "./Exchange.ts"
import * as control from "./internal/control.ts"
import * as engine from "./internal/engine.ts"
import * as states from "./internal/state.ts"
import type { Ledger } from "./Ledger.ts"
import * as Script from "./Script.ts"
import type { SeedTask } from "./SeedTask.ts"
import type { Options } from "./SimulatorOptions.ts"
import type { Callback } from "./SimulatorWebhooks.ts"

/**
 * The simulated APIs and the ways to look behind them.
 *
 * @category services
 * @since 0.1.0
 */
export class Simulator extends Context.Service<Simulator, {
  /**
   * Answers a request at the time of the current `Clock`.
   */
  readonly handle: (request: Request) => Effect.Effect<Reply>
  /**
   * What was asked and billed so far.
   */
  readonly ledger: Effect.Effect<Ledger>
  /**
   * Puts a task in without a create, and gives its id.
   */
  readonly addTask: (api: Script.Api, task?: SeedTask) => Effect.Effect<string>
  /**
   * Adds lines to the script, written as JSON lines or given as values.
   */
  readonly script: (lines: string | ReadonlyArray<Script.Line>) => Effect.Effect<void, Script.ScriptError>
  /**
   * Waits for the next task that has something to say to a callback URL. `SimulatorWebhooks` takes it from here.
   */
  readonly nextCallback: Effect.Effect<{
    readonly callback: Callback
    /** How long to wait before each further attempt, in ms. */
    readonly retryMillis: ReadonlyArray<number>
  }>
  /**
   * Forgets tasks, links, script and ledger; what follows is as after the start.
   */
  readonly reset: Effect.Effect<void>
}>()("@video-tasks/simulator/Simulator") {}

/**
 * Makes a simulator.
 *
 * **Gotchas**
 *
 * Timestamps follow the `Clock` of each request. A clock that stands at 1970, as `TestClock` does, is shifted to 2026,
 * since clients take 0 for "not set".
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options: Options = {}
): Effect.fn.Return<Simulator["Service"]> {
  const state = states.make(options, yield* Clock.currentTimeMillis)
  const calls = Latch.makeUnsafe()
  const retryMillis = (options.webhooks?.retrySeconds ?? [5, 300, 1800, 7200]).map((each) => states.millis(state, each))
  return Simulator.of({
    handle: (request) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const reply = engine.handle(state, request, now)
        if (state.callbacks.length > 0) calls.openUnsafe()
        return reply
      }),
    nextCallback: Effect.gen(function*() {
      for (;;) {
        const callback = state.callbacks.shift()
        if (callback !== undefined) return { callback, retryMillis }
        calls.closeUnsafe()
        yield* calls.await
      }
    }),
    ledger: Effect.sync(() => control.ledger(state)),
    addTask: (api, task = {}) =>
      Effect.map(Clock.currentTimeMillis, (now) => control.addTask(state, api, task, now + state.shift).id),
    script: Effect.fnUntraced(function*(lines) {
      states.addLines(state, typeof lines === "string" ? yield* Script.parse(lines) : lines)
    }),
    reset: Effect.sync(() => states.clear(state))
  })
})

/**
 * Provides a simulator; `SimulatorHttp` and `SimulatorServer` give access to it.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<Simulator> => Layer.effect(Simulator, make(options))
