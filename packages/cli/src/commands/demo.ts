/**
 * `video-tasks demo`: three tasks at three simulated APIs, side by side, from the prompt to the file.
 */
import type { Success, Task } from "@video-tasks/core/Task"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import * as CometApi from "@video-tasks/providers/CometApi"
import * as GenericApi from "@video-tasks/providers/GenericApi"
import { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import type { Ledger } from "@video-tasks/simulator/Ledger"
import { Simulator } from "@video-tasks/simulator/Simulator"
import { SimulatorServer } from "@video-tasks/simulator/SimulatorServer"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import { save, type Saved } from "../internal/download.ts"
import * as Duration from "../internal/duration.ts"
import { usage } from "../internal/problem.ts"
import { program } from "../internal/program.ts"
import { type Ending, failureOf, follow } from "../internal/progress.ts"
import * as Render from "../internal/render.ts"
import { reported } from "../internal/reported.ts"
import { Reporter } from "../internal/reporter.ts"
import { Screen } from "../internal/screen.ts"
import * as Stage from "../internal/stage.ts"
import * as Story from "../internal/story.ts"
import * as Style from "../internal/style.ts"

/** The command. */
export const demo = Command.make(
  "demo",
  {},
  Effect.fn("demo")(function*() {
    yield* play.pipe(
      Effect.provide(Stage.layer),
      Effect.catchTag(["ListenError", "DuplicateProvider"], (error) => Effect.fail(usage(`${error.message}.`)))
    )
  }, reported)
).pipe(
  Command.withShortDescription("See everything work, without a key and without a network"),
  Command.withDescription(
    "See everything work in about fifteen seconds, without a key and without a network: three tasks at three simulated APIs on this machine, followed side by side over real HTTP, with faults on the way, and their files saved under out/."
  ),
  Command.withExamples([{ command: "video-tasks demo", description: "Watch it" }])
)

// internal

const folder = "out"

/** One task of the demo, with what the summary tells of it. */
interface Act {
  readonly handle: TaskHandle
  readonly file: string
  readonly states: Array<string>
}

const play = Effect.gen(function*() {
  const reporter = yield* Reporter
  const simulator = yield* Simulator
  const { baseUrl } = yield* SimulatorServer
  yield* Effect.orDie(simulator.script(Story.script))
  yield* makeFolder
  const { animated, columns } = yield* Screen
  yield* reporter.note(opening(baseUrl, animated ? yield* columns : Infinity))
  const acts = yield* begin
  const endings = yield* follow(acts.map(({ handle }) => handle), {
    keepLines: true,
    onChange: (task) => Effect.sync(() => remember(acts, task))
  })
  const shown = yield* Effect.forEach(endings, (ending, index) => shownOf(ending, acts[index]))
  if (reporter.json) yield* Effect.forEach(shown, ({ saved, task }) => reporter.state(task, [saved]), { discard: true })
  yield* tellSummary(shown, yield* simulator.ledger)
})

/** Two tasks are created, one was created elsewhere and is adopted. */
const begin = Effect.gen(function*() {
  const tasks = yield* VideoTasks
  const reporter = yield* Reporter
  const simulator = yield* Simulator
  const path = yield* Path.Path
  const elsewhere = yield* simulator.addTask("seeany", {
    id: "vid_20260603_001",
    jobSeconds: 110,
    elapsedSeconds: Stage.unknownSeconds,
    seconds: 5,
    size: "1:1"
  })
  const handles = yield* Effect.all([
    tasks.submit(CometApi.seedance({
      model: "doubao-seedance-2-0-fast",
      prompt: "A paper boat on a river in the rain [job=90]",
      seconds: 5,
      size: "9:16"
    })),
    tasks.submit(GenericApi.video({ model: "kling-v1", prompt: "A fox crosses fresh snow [job=100]", seconds: 5 })),
    tasks.attach({ provider: "seeany", remoteId: elsewhere })
  ], { concurrency: "unbounded" })
  if (reporter.json) {
    yield* Effect.forEach(handles, (handle) => Effect.flatMap(tasks.get(handle), reporter.created), { discard: true })
  }
  return handles.map((handle): Act => ({
    handle,
    file: path.join(folder, `demo-${handle.provider}.mp4`),
    states: []
  }))
})

const remember = (acts: ReadonlyArray<Act>, task: Task): void => {
  const act = acts.find(({ handle }) => handle.remoteId === task.handle.remoteId)
  if (act !== undefined && act.states.at(-1) !== task.status) act.states.push(task.status)
}

/** The end of an act: its file is saved. */
const shownOf = Effect.fnUntraced(function*(ending: Ending, act: Act | undefined) {
  if (ending._tag === "failed") return yield* ending.error
  const { task } = ending
  const failure = failureOf(task)
  if (failure !== undefined) return yield* failure
  if (task.status !== "SUCCESS" || act === undefined) {
    return yield* Effect.die(new Error(`${task.status} without a failure`))
  }
  const [saved] = yield* save(task, act.file, { overwrite: true })
  return saved === undefined ? yield* Effect.die(new Error("a success without a file")) : { ...act, task, saved }
})

interface Shown extends Act {
  readonly task: Success
  readonly saved: Saved
}

const makeFolder = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  yield* fs.makeDirectory(folder, { recursive: true }).pipe(
    Effect.mapError(() => usage(`The folder ${folder} cannot be made here. Run the demo where you may write.`))
  )
})

const opening = (baseUrl: string, columns: number): string =>
  [
    ...Style.wrap(
      `Three tasks at three simulated APIs (${baseUrl}), ten times faster than real ones. Nothing is paid.`,
      columns - 1
    ),
    "  cometapi  creates a Seedance video      POST /v1/videos",
    "  generic   creates a video at a gateway  POST /v1/video/generations",
    "  seeany    adopts a task from elsewhere  GET /v1/tasks/{id}",
    ""
  ].join("\n")

const tellSummary = Effect.fnUntraced(function*(shown: ReadonlyArray<Shown>, ledger: Ledger) {
  const reporter = yield* Reporter
  const screen = yield* Screen
  const survived = Story.survived(ledger, shown.reduce((sum, { saved }) => sum + saved.resumed, 0))
  const rows = shown.map((one) => ({
    provider: one.handle.provider,
    states: one.states,
    polls: ledger.tasks.find(({ taskId }) => taskId === one.handle.remoteId)?.polls ?? 0,
    elapsedMs: one.task.completedAt - Render.since(one.task),
    file: one.saved.path,
    bytes: one.saved.bytes,
    sha256: one.saved.sha256
  }))
  const columns = screen.animated ? yield* screen.columns : Infinity
  const told = [...survived, Story.paid(ledger)].flatMap((line) => {
    const [first = "", ...others] = Style.wrap(line, Math.min(columns, 120) - 5)
    return [`  ${screen.outStyle.green("✓")} ${first}`, ...others.map((other) => `    ${other}`)]
  })
  const text = [
    ...table(screen.outStyle, rows, columns),
    "",
    screen.outStyle.bold("What went wrong on the way, and did no harm"),
    ...told
  ].join("\n")
  yield* reporter.result(text, { type: "summary", tasks: rows, survived, creates: ledger.posts, bills: ledger.bills })
  yield* reporter.note(next(screen.errStyle))
})

interface Row {
  readonly provider: string
  readonly states: ReadonlyArray<string>
  readonly polls: number
  readonly elapsedMs: number
  readonly file: string
  readonly bytes: number
  readonly sha256: string
}

/** The summary: where it does not fit into the terminal, the files stand below. */
const table = (style: Style.Style, rows: ReadonlyArray<Row>, columns: number): ReadonlyArray<string> => {
  const digest = (row: Row) => columns < 160 ? `${row.sha256.slice(0, 12)}…` : row.sha256
  const task = (row: Row) => [
    row.provider,
    row.states.join(" → "),
    String(row.polls),
    Duration.format(row.elapsedMs)
  ]
  const file = (row: Row) => [row.file, Render.bytes(row.bytes), digest(row)]
  const head = ["PROVIDER", "STATES", "READS", "TIME"]
  const fileHead = ["FILE", "SIZE", "SHA-256"]
  const drawn = (lines: ReadonlyArray<string>) => lines.map((line, index) => index === 0 ? style.bold(line) : line)
  return columns >= 112
    ? drawn(Style.table([[...head, ...fileHead], ...rows.map((row) => [...task(row), ...file(row)])], [2, 3, 5]))
    : [
      ...drawn(Style.table([head, ...rows.map(task)], [2, 3])),
      "",
      ...drawn(Style.table([fileHead, ...rows.map(file)], [1]))
    ]
}

const next = (style: Style.Style): string =>
  [
    "",
    style.bold("Try next"),
    ...[
      ["the same APIs on a port, for programs of your own", "simulate --speed 20"],
      [
        "a real video, with COMETAPI_KEY set",
        "create --provider cometapi --model doubao-seedance-2-0-fast --prompt \"A paper boat\" --output boat.mp4"
      ],
      ["the machine that every task lives by", "diagram"]
    ].flatMap(([what, command]) => [style.dim(`  # ${what}`), `  ${program} ${command}`])
  ].join("\n")
