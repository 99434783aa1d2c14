/**
 * The play of the demo: three tasks at three simulated APIs, from the prompt to the file.
 */
import { failureOf, type Task } from "@video-tasks/core/Task"
import * as CometApi from "@video-tasks/providers/CometApi"
import * as GenericApi from "@video-tasks/providers/GenericApi"
import { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import { Simulator } from "@video-tasks/simulator/Simulator"
import { SimulatorServer } from "@video-tasks/simulator/SimulatorServer"
import * as Effect from "effect/Effect"
import * as Path from "effect/Path"
import { save } from "./download.ts"
import { makeFolder } from "./place.ts"
import { usage } from "./problem.ts"
import { type Ending, follow } from "./progress.ts"
import { Reporter } from "./reporter.ts"
import { Screen } from "./screen.ts"
import * as Stage from "./stage.ts"
import * as Story from "./story.ts"
import * as Style from "./style.ts"
import { type Act, tellSummary } from "./summary.ts"

/** Plays it. */
export const play = Effect.suspend(() => acted).pipe(
  Effect.provide(Stage.layer),
  Effect.catchTag(["ListenError", "DuplicateProvider"], (error) => Effect.fail(usage(`${error.message}.`)))
)

// internal

const folder = "out"

const acted = Effect.gen(function*() {
  const reporter = yield* Reporter
  const simulator = yield* Simulator
  const { baseUrl } = yield* SimulatorServer
  yield* Effect.orDie(simulator.script(Story.script))
  yield* ready
  const { animated, columns } = yield* Screen
  yield* reporter.note(opening(baseUrl, animated ? yield* columns : Infinity))
  const acts = yield* begin
  const endings = yield* follow(acts.map(({ handle }) => handle), {
    keepLines: true,
    onInterrupt: reporter.warn("Stopped. The simulated tasks are gone with the simulator; nothing was paid."),
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

const ready = Effect.mapError(
  makeFolder(folder),
  () => usage(`The folder ${folder} cannot be made here. Run the demo where you may write.`)
)

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
