/**
 * The live stream of the list: server-sent events, pulled by the viewer. What it has not read yet does not wait anywhere:
 * each time it is given the newest form of what changed meanwhile.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Stream from "effect/Stream"
import type { Changes, Reset, Row, Status } from "../Contract.ts"
import type { DashboardHub, Summary } from "../DashboardHub.ts"

/** How often a viewer is told at most, in ms. */
const everyMs = 250

/** How long nothing is said at most, in ms: who is gone is noticed then. */
const silenceMs = 15_000

/** How many lines are written at once. */
const portion = 500

/** What does not change while the server runs. */
export type Fixed = Omit<Status, "isTruncated" | "leftOut" | "problem" | "maxTasks">

/** The stream for a viewer who saw this event last. */
export const respond = (
  hub: DashboardHub["Service"],
  fixed: Fixed,
  lastEventId: string | undefined
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.stream(Stream.encodeText(make(hub, fixed, lastEventId)), {
    contentType: "text/event-stream; charset=utf-8",
    headers: { "x-accel-buffering": "no" }
  })

/** The events as text. */
export const make = (
  hub: DashboardHub["Service"],
  fixed: Fixed,
  lastEventId: string | undefined
): Stream.Stream<string> =>
  Stream.unfold(
    begin(hub, lastEventId),
    (viewer) => Effect.map(next(hub, fixed, viewer), (after) => [after.text, after.viewer] as const)
  )

// internal

/** Where a viewer stands. */
interface Viewer {
  /** `undefined` before it was given all lines. */
  readonly seq: number | undefined
  /** Of the summary that it has; -1 when it has none. */
  readonly version: number
  /** When it was told last, in ms since the epoch. */
  readonly toldAt: number
  /** How many steps there had been then; `undefined` where it was away. */
  readonly steps: number | undefined
  /** What is still to be written of all lines. */
  readonly rest: ReadonlyArray<Row> | undefined
}

interface Told {
  readonly text: string
  readonly viewer: Viewer
}

const begin = (hub: DashboardHub["Service"], lastEventId: string | undefined): Viewer => {
  const [epoch, seq] = lastEventId?.split(".") ?? []
  const isOurs = epoch === hub.epoch && seq !== undefined && /^\d{1,15}$/.test(seq)
  return { seq: isOurs ? Number(seq) : undefined, version: -1, toldAt: 0, steps: undefined, rest: undefined }
}

const next = Effect.fnUntraced(function*(
  hub: DashboardHub["Service"],
  fixed: Fixed,
  viewer: Viewer
): Effect.fn.Return<Told> {
  if (viewer.rest !== undefined) return more(viewer, viewer.rest)
  if (viewer.seq === undefined) return yield* reset(hub, fixed, viewer)
  const isAwake = yield* Effect.timeoutOption(hub.changed(viewer.seq, viewer.version), silenceMs)
  if (isAwake._tag === "None") return { text: ": still here\n\n", viewer }
  const now = yield* Clock.currentTimeMillis
  yield* Effect.sleep(Math.max(0, viewer.toldAt + everyMs - now))
  const news = yield* hub.news(viewer.seq)
  if (news === undefined) return yield* reset(hub, fixed, viewer)
  const summary = yield* hub.summary
  const toldAt = yield* Clock.currentTimeMillis
  const data: Changes = {
    now: toldAt,
    rows: news.rows,
    removed: news.removed,
    ...(viewer.steps === undefined ? {} : { steps: summary.steps - viewer.steps }),
    ...(summary.version === viewer.version
      ? {}
      : { providers: summary.providers, status: statusOf(hub, fixed, summary) })
  }
  return {
    text: `event: changes\nid: ${hub.epoch}.${news.seq}\ndata: ${JSON.stringify(data)}\n\n`,
    viewer: { seq: news.seq, version: summary.version, toldAt, steps: summary.steps, rest: undefined }
  }
})

/** The beginning of an event with all lines; it is written in portions, so that tasks go on in between. */
const reset = Effect.fnUntraced(function*(
  hub: DashboardHub["Service"],
  fixed: Fixed,
  viewer: Viewer
): Effect.fn.Return<Told> {
  const { rows, seq } = yield* hub.everything
  const summary = yield* hub.summary
  const now = yield* Clock.currentTimeMillis
  const status = statusOf(hub, fixed, summary)
  const data: Reset = { now, status, providers: summary.providers, rows: [] }
  // All but the end of the empty list.
  const text = JSON.stringify(data).slice(0, -2)
  return {
    text: `retry: 1000\nevent: reset\nid: ${hub.epoch}.${seq}\ndata: ${text}`,
    viewer: { ...viewer, seq, version: summary.version, toldAt: now, steps: summary.steps, rest: rows }
  }
})

const more = (viewer: Viewer, rows: ReadonlyArray<Row>): Told => {
  const text = rows.slice(0, portion).map((row) => JSON.stringify(row)).join(",")
  const rest = rows.slice(portion)
  return rest.length === 0
    ? { text: `${text}]}\n\n`, viewer: { ...viewer, rest: undefined } }
    : { text: `${text},`, viewer: { ...viewer, rest } }
}

const statusOf = (hub: DashboardHub["Service"], fixed: Fixed, { isTruncated, leftOut, problem }: Summary): Status => ({
  ...fixed,
  maxTasks: hub.maxTasks,
  isTruncated,
  leftOut,
  problem
})
