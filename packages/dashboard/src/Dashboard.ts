/**
 * The local page that shows video tasks live, and its server.
 *
 * It listens to this machine only unless it is told otherwise, and to others only with a token. Without one everybody who
 * has an account on this machine can use it. Nothing that it sends holds a key or a signed link.
 *
 * @since 0.1.0
 */
import { VideoProviders } from "@video-tasks/core/VideoProviders"
import type { TaskStore } from "@video-tasks/runtime/TaskStore"
import type { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { constUndefined } from "effect/Function"
import type { HttpClient } from "effect/http/HttpClient"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { DashboardHub } from "./DashboardHub.ts"
import * as Gate from "./internal/gate.ts"
import * as Listen from "./internal/listen.ts"
import * as PageFiles from "./internal/pageFiles.ts"
import * as Routes from "./internal/routes.ts"
import * as Session from "./internal/session.ts"
import * as Tasks from "./internal/tasks.ts"
import * as Videos from "./internal/videos.ts"

/**
 * The server can't be opened; nothing listens.
 *
 * @category errors
 * @since 0.1.0
 */
export class DashboardError
  extends Schema.TaggedError<DashboardError>("@video-tasks/dashboard/Dashboard/DashboardError")(
    "DashboardError",
    {
      /**
       * `NoToken`: others could reach the address, and no token protects it. `WeakToken`: the token is too short. `PortTaken`:
       * another program listens there. `NoAddress`: this machine can't listen there. `NoPage`: the page was not built.
       */
      reason: Schema.Literals(["NoToken", "WeakToken", "PortTaken", "NoAddress", "NoPage"]),
      detail: Schema.String
    }
  )
{
  override get message(): string {
    return this.detail
  }
}

/**
 * Where and how the server listens.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * 0 takes any free port.
   *
   * @default 0
   */
  readonly port?: number | undefined
  /**
   * Another address than one of this machine's loopback ones needs a token.
   *
   * @default "127.0.0.1"
   */
  readonly host?: string | undefined
  /**
   * What browsers may call the server besides its address, as they write it: `tasks.example.com:4600`, or `tasks.example.com`
   * where a server with TLS stands before this one. A name that is not of this machine alone needs a token.
   *
   * @default []
   */
  readonly allowedHosts?: ReadonlyArray<string> | undefined
  /**
   * What opens the page; at least 16 characters. Without one, and without `readOnly`, whoever has an account on this machine
   * can cancel and pay: leave it out only where nobody else has.
   */
  readonly token?: Redacted.Redacted | undefined
  /**
   * Shows only: reads, cancels and retries are refused.
   *
   * @default false
   */
  readonly readOnly?: boolean | undefined
  /**
   * Why a provider of tasks in the store is not among the providers, in words for the page: that its key is missing, for
   * example. Nothing is known where it is `undefined`.
   */
  readonly whyMissing?: ((provider: string) => string | undefined) | undefined
  /** What the page says of the store, without secrets. */
  readonly storeName?: string | undefined
  /** What the page says of the version of the program. */
  readonly version?: string | undefined
  /**
   * Says on the page that nothing here is real.
   *
   * @default false
   */
  readonly isDemo?: boolean | undefined
}

/**
 * The server that listens.
 *
 * @category services
 * @since 0.1.0
 */
export class Dashboard extends Context.Service<Dashboard, {
  /** Where this machine finds it: `http://127.0.0.1:4600/`, also when it listens on every address. */
  readonly url: string
  /** Where other machines find it, without the token, when it listens on every address of this one. */
  readonly otherUrls: ReadonlyArray<string>
  readonly port: number
  /** The address with the token, for who may see it; the same as `url` where no token is wanted. */
  readonly openUrl: Redacted.Redacted
}>()("@video-tasks/dashboard/Dashboard") {}

/**
 * What the server stands on: the tasks and their store, the hub, and what fetches videos. An `Archive` is used where there
 * is one.
 *
 * @category models
 * @since 0.1.0
 */
export type Services =
  | DashboardHub
  | TaskStore
  | VideoTasks
  | VideoProviders
  | HttpClient

/**
 * Listens for as long as the scope lasts. Fails with `DashboardError` before anything listens.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options: Options = {}
): Effect.fn.Return<Dashboard["Service"], DashboardError, Scope.Scope | Services> {
  const { allowedHosts = [], host = "127.0.0.1", port: wanted = 0, readOnly = false, token } = options
  // Browsers write names in lower case.
  const names = allowedHosts.map((name) => name.toLowerCase())
  yield* checkToken([host, ...names.map(nameOf)], token)
  const files = yield* PageFiles.load
  if (files === undefined) {
    return yield* new DashboardError({
      reason: "NoPage",
      detail: "The files of the page are missing: build them first."
    })
  }
  const { port, serve } = yield* Effect.mapError(Listen.open(host, wanted), ({ detail, isTaken }) =>
    isTaken
      ? new DashboardError({ reason: "PortTaken", detail: `Port ${wanted} of ${host} is taken by another program.` })
      : new DashboardError({
        reason: "NoAddress",
        detail: `This machine can't listen on ${host}:${wanted} (${detail}).`
      }))
  const session = token && (yield* Session.make(token, port))
  const fixed = {
    version: options.version ?? "0.1.0",
    store: options.storeName ?? "a store",
    isReadOnly: readOnly,
    isDemo: options.isDemo ?? false,
    providers: readOnly ? undefined : (yield* VideoProviders).all.map(({ id }) => id)
  }
  const whyMissing = options.whyMissing ?? constUndefined
  const tasks = yield* Tasks.make({ isReadOnly: readOnly, whyMissing, scope: yield* Effect.scope })
  const videos = yield* Effect.provide(Videos.make(tasks), Listen.services)
  const app = yield* HttpRouter.toHttpEffect(Routes.layer({ fixed, files, session, tasks, videos }))
  const gate: Gate.Options = {
    hosts: Listen.hostsOf(host, port, names),
    proxied: new Set(names),
    session,
    isReadOnly: readOnly,
    isPage: (path) => files.has(path)
  }
  yield* serve(Gate.guard(gate, app))
  const urlOf = (name: string) => `http://${name.includes(":") ? `[${name}]` : name}:${port}/`
  const url = urlOf(Listen.isWildcard(host) ? Listen.loopbackOf(host) : host)
  const openUrl = token === undefined ? url : `${url}#token=${encodeURIComponent(Redacted.value(token))}`
  const otherUrls = Listen.isWildcard(host) ? Listen.addressesOf(host).map(urlOf) : []
  return Dashboard.of({ url, otherUrls, port, openUrl: Redacted.make(openUrl, { label: "dashboard url" }) })
})

/**
 * Provides the server that listens.
 *
 * @see {@link DashboardHub.layer} for what it shows
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options = {}): Layer.Layer<Dashboard, DashboardError, Services> =>
  Layer.effect(Dashboard, make(options))

// internal

const minTokenLength = 16

/** A name without its port. */
const nameOf = (host: string): string => host.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1")

const checkToken = (
  names: ReadonlyArray<string>,
  token: Redacted.Redacted | undefined
): Effect.Effect<void, DashboardError> => {
  if (token === undefined) {
    const host = names.find((name) => !Listen.isLoopback(name))
    return host === undefined
      ? Effect.void
      : Effect.fail(
        new DashboardError({ reason: "NoToken", detail: `Others can reach ${host}: give a token as well.` })
      )
  }
  return Redacted.value(token).length >= minTokenLength
    ? Effect.void
    : Effect.fail(
      new DashboardError({ reason: "WeakToken", detail: `A token has at least ${minTokenLength} characters.` })
    )
}
