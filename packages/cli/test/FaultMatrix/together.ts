/**
 * Two tasks at once, at an API that reads many in one request: the faults are on that request.
 */
import { VideoTaskError } from "@video-tasks/core"
import { type Script, Simulator } from "@video-tasks/simulator"
import { Clock, Effect } from "effect"
import { start } from "./columns.ts"
import { factor, follow, world } from "./play.ts"
import { scaledClock } from "./scaledClock.ts"

interface Row {
  readonly fault: string
  readonly line?: Omit<Script.Line, "on">
  /** How many requests for both there are, from and to. */
  readonly lists: readonly [number, number]
  /** How many requests for one there are at least. */
  readonly polls: number
}

/** A list that stays broken is not asked for ever: the tasks are read by themselves. */
const broken = (fault: string, name: Script.Line["fault"], lists: number): Row => ({
  fault: `${fault}, for ever`,
  line: { fault: name, times: "always" },
  lists: [1, lists],
  polls: 2
})

const once = (fault: string, line: Omit<Script.Line, "on">): Row => ({ fault, line, lists: [1, Infinity], polls: 0 })

export const rows: ReadonlyArray<Row> = [
  { fault: "nothing goes wrong", lists: [1, Infinity], polls: 0 },
  once("one 500", { fault: "500" }),
  once("one HTML page with 200", { fault: "html-200" }),
  once("one connection reset", { fault: "reset-after-accept" }),
  once("one hung answer", { fault: "hang" }),
  once("one 429 with `Retry-After: 3`", { fault: "429", retryAfter: 3 }),
  once("truncated JSON with 200, once", { fault: "truncated-json" }),
  broken("500", "500", 2),
  broken("HTML page with 200", "html-200", 1),
  broken("connection reset", "reset-after-accept", 2),
  broken("hung answer", "hang", 2),
  broken("truncated JSON with 200", "truncated-json", 1),
  broken("body of 64 MiB", "big-body", 1),
  broken("redirect", "redirect", 2)
]

/** Plays a row: both tasks are created, waited for and downloaded. */
export const playTogether = ({ line }: Row) =>
  Effect.gen(function*() {
    const simulator = yield* Simulator.Simulator
    yield* simulator.script(line === undefined ? [] : [{ ...line, on: "list", api: "ark" }])
    const ends = yield* Effect.all(
      ["a paper airplane", "a paper boat"].map((prompt) =>
        start("ark's own", prompt).pipe(
          Effect.flatMap(follow),
          Effect.as("SUCCESS"),
          Effect.catchIf(
            (error) => error instanceof VideoTaskError.VideoTaskError,
            (error) => Effect.succeed<string>(error.reason._tag)
          )
        )
      ),
      { concurrency: "unbounded" }
    )
    const { bills, posts, requests } = yield* simulator.ledger
    const count = (operation: string) => requests.filter((one) => one.operation === operation).length
    return { ends, posts, bills, lists: count("list"), polls: count("poll") }
  }).pipe(Effect.provide(world({})), Effect.provideService(Clock.Clock, scaledClock(factor)))
