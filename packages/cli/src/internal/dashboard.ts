/**
 * Serves the dashboard until it is interrupted.
 */
import * as TaskId from "@video-tasks/core/TaskId"
import * as Dashboard from "@video-tasks/dashboard/Dashboard"
import * as DashboardHub from "@video-tasks/dashboard/DashboardHub"
import { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { Backend, withStore } from "./backend.ts"
import { configured } from "./configured.ts"
import * as Demo from "./dashboardDemo.ts"
import * as Token from "./dashboardToken.ts"
import * as Globals from "./globals.ts"
import { type Problem, usage } from "./problem.ts"
import { Reporter } from "./reporter.ts"
import { Screen } from "./screen.ts"
import * as Settings from "./settings.ts"
import * as Store from "./store.ts"
import { version } from "./version.ts"

/** What the user asked for. */
export interface DashboardInput extends Token.Wanted {
  readonly port: number
  readonly host: string
  readonly allowHost: ReadonlyArray<string>
  readonly maxTasks: number
  readonly hidePrompts: boolean
}

/** Serves it. */
export const show = Effect.fnUntraced(function*(input: DashboardInput) {
  if (input.demo && (yield* Globals.values).store !== undefined) {
    return yield* usage("--demo and --store contradict each other: the demo shows simulated tasks and opens no store.")
  }
  const token = yield* Token.make(input)
  const listen = {
    port: input.port,
    host: input.host,
    allowedHosts: input.allowHost,
    token: token?.value,
    readOnly: input.readOnly,
    version
  }
  if (!input.demo) return yield* real(input, listen, token)
  const layers = Layer.provideMerge(
    Dashboard.layer({ ...listen, storeName: "memory", isDemo: true }),
    Demo.layer({ maxTasks: input.maxTasks, showPrompts: !input.hidePrompts })
  )
  return yield* Effect.andThen(Effect.andThen(opened(input, token), Demo.flow), Effect.never).pipe(
    Effect.provide(layers),
    Effect.catchTag(["ListenError", "DuplicateProvider"], (error) => Effect.fail(usage(`${error.message}.`))),
    Effect.catchTag("DashboardError", refused)
  )
})

// internal

type Listen = Dashboard.Options

/** The tasks of the store. */
const real = Effect.fnUntraced(function*(input: DashboardInput, listen: Listen, token: Token.Token | undefined) {
  const backend = yield* Backend
  const owner = yield* Effect.provide(TaskId.make, SecureRandom.layerWebCrypto)
  const providers = yield* configured
  const storeName = yield* Store.named
  const missing = yield* missingOf(providers)
  const layers = Dashboard.layer({ ...listen, storeName, whyMissing: (id) => missing.get(id) }).pipe(
    Layer.provideMerge(
      backend.tasks(providers, { owner, archives: !input.readOnly }).pipe(
        Layer.provideMerge(
          DashboardHub.layer({ maxTasks: input.maxTasks, showPrompts: !input.hidePrompts, owner })
        )
      )
    )
  )
  return yield* withStore(
    Effect.andThen(opened(input, token), input.readOnly ? Effect.never : Effect.andThen(follow, Effect.never)).pipe(
      Effect.provide(layers),
      Effect.catchTag("DashboardError", refused)
    )
  )
})

/** Why the others can't be asked, in words. */
const missingOf = Effect.fnUntraced(function*(providers: ReadonlyArray<Settings.ProviderId>) {
  const { baseUrl } = yield* Globals.values
  const settings = yield* Settings.load
  const missing = new Map<string, string>()
  for (const id of Settings.providerIds) {
    if (providers.includes(id)) continue
    const { apiKey } = yield* settings.access(id, baseUrl)
    const message = apiKey === undefined
      ? Settings.missingKey(id).message
      : `${Settings.providers[id].baseUrl} is not set.`
    missing.set(id, `${message} Set it where the dashboard is started, and start it again.`)
  }
  return missing
})

/** Says where the page is: with the token where only this can tell it, or where people read it. */
const opened = Effect.fnUntraced(function*({ demo, readOnly }: DashboardInput, token: Token.Token | undefined) {
  const reporter = yield* Reporter
  const screen = yield* Screen
  const { openUrl, otherUrls, port, url } = yield* Dashboard.Dashboard
  const isTold = token !== undefined && (token.isMade || (yield* screen.outColumns) !== undefined)
  const address = isTold ? Redacted.value(openUrl) : url
  // The part with the token is the same for all.
  const others = otherUrls.map((other) => `${other}${address.slice(url.length)}`)
  const told = [`The dashboard is at ${address}`, ...others.map((other) => `from other machines  ${other}`)]
  yield* reporter.result(
    told.join("\n"),
    {
      type: "dashboard",
      url,
      port,
      otherUrls: otherUrls.length === 0 ? undefined : otherUrls,
      ...(isTold ? { openUrl: address } : {})
    }
  )
  if (token !== undefined) yield* screen.hide(token.value)
  if (isTold) yield* reporter.note("The address holds the token: it opens the page, for whoever has it.")
  else if (token !== undefined) yield* reporter.note(`Open it with the token: ${url}#token=YOUR-TOKEN`)
  else if (!demo && !readOnly) {
    yield* reporter.note("No token: whoever has an account on this machine can open it, and cancel and pay.")
  }
  yield* reporter.note("Listening. Ctrl-C stops it; the tasks go on at their providers.")
})

/** Goes on with what is unfinished, and with what others leave behind. */
const follow = Effect.gen(function*() {
  const tasks = yield* VideoTasks
  const reporter = yield* Reporter
  const { leftAlone, tracked } = yield* tasks.resume()
  if (tracked > 0) yield* reporter.note(`Following ${tracked === 1 ? "1 task" : `${tracked} tasks`}.`)
  for (const error of leftAlone) yield* reporter.warn(`warning: left alone: ${error.message}`)
})

const refused = (error: Dashboard.DashboardError): Effect.Effect<never, Problem> =>
  Effect.fail(usage(error.message, hints[error.reason]))

const hints: { readonly [Reason in Dashboard.DashboardError["reason"]]?: ReadonlyArray<string> } = {
  PortTaken: ["Take another with --port, or any free one with --port 0."],
  NoToken: [
    "Set VIDEO_TASKS_DASHBOARD_TOKEN to at least 16 characters that nobody guesses, or leave --host and --allow-host out."
  ],
  WeakToken: ["Take a longer one, such as 32 random characters."]
}
