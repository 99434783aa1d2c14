/**
 * Reads an export into the store.
 */
import type { Submission } from "@video-tasks/core/Submission"
import * as TaskMachine from "@video-tasks/core/TaskMachine"
import { TaskStore } from "@video-tasks/runtime/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Format from "./exportFormat.ts"
import { usage } from "./problem.ts"
import { Reporter } from "./reporter.ts"
import * as StoreReads from "./storeReads.ts"

/** Takes all lines, or refuses the file before anything is written; what is there already stays as it is. */
export const importFrom = Effect.fnUntraced(function*(file: string) {
  const fs = yield* FileSystem.FileSystem
  const text = yield* Effect.mapError(fs.readFileString(file), () => usage(`The file ${file} cannot be read.`))
  const lines = yield* decoded(file, text)
  let [added, known] = [0, 0]
  for (const line of lines) {
    if (yield* taken(line)) added++
    else known++
  }
  const reporter = yield* Reporter
  yield* reporter.result(
    `${added} imported, ${known} known already`,
    { type: "imported", added, known }
  )
})

// internal

const decodeHead = Schema.decodeUnknownResult(Schema.fromJsonString(Format.Head))

const decodeLine = Schema.decodeUnknownResult(Schema.fromJsonString(Format.Line))

/** How many broken lines are told. */
const told = 20

const decoded = Effect.fnUntraced(function*(file: string, text: string) {
  const [first = "", ...rest] = text.replace(/^\uFEFF/, "").split(/\r?\n/)
  const head = decodeHead(first)
  if (Result.isFailure(head)) return yield* usage(`${file}, line 1: this is no file that \`export\` has written.`)
  if (head.success.format > Format.format) {
    return yield* usage(
      `${file}, line 1: a newer version of video-tasks has written it (format ${head.success.format}, this one reads ${Format.format}).`
    )
  }
  const lines: Array<Format.Line> = []
  const broken: Array<number> = []
  rest.forEach((content, index) => {
    if (content.trim() === "") return
    const line = decodeLine(content)
    if (Result.isSuccess(line) && isWhole(line.success)) lines.push(line.success)
    else broken.push(index + 2)
  })
  if (broken.length === 0) return lines
  return yield* usage(
    `${file} is broken, and nothing was imported.`,
    [`lines ${broken.slice(0, told).join(", ")}${broken.length > told ? ` and ${broken.length - told} more` : ""}`]
  )
})

/** A journal begins with the task that it is of. */
const isWhole = (line: Format.Line): boolean => {
  if (line.type === "submission") return true
  const [first, ...rest] = line.events
  return first.type === "task.created" && first.id === line.id && rest.every(({ type }) => type !== "task.created")
}

/** Whether a create has no outcome and nobody who sends it. */
const isAbandoned = Effect.fnUntraced(function*({ outcome, owner }: Submission) {
  if (outcome._tag !== "pending") return false
  const store = yield* TaskStore
  const until = owner === undefined ? undefined : yield* StoreReads.reading(store.leaseOf(owner))
  return (until ?? 0) <= (yield* Clock.currentTimeMillis)
})

/** Puts a line into the store; `false` when it is there. */
const taken = Effect.fnUntraced(function*(line: Format.Line) {
  const store = yield* TaskStore
  if (line.type === "submission") {
    const { outcome, ...rest } = line.submission
    const before = yield* StoreReads.reading(store.submission(rest.id))
    // An import that was cut short may have left it pending; one that is being sent here is for who sends it to judge.
    if (before !== undefined && (outcome._tag === "pending" || !(yield* isAbandoned(before)))) return false
    if (before === undefined) yield* StoreReads.reading(store.begin(line.submission))
    if (outcome._tag !== "pending") yield* StoreReads.reading(store.settle(rest.id, outcome))
    return true
  }
  const [first, ...rest] = line.events
  if (first.type !== "task.created") return false
  if ((yield* StoreReads.reading(store.load(line.id))) !== undefined) return false
  const snapshot = TaskMachine.persist(TaskMachine.replay([first, ...rest]))
  return yield* store.append(line.id, 0, line.events, { snapshot }).pipe(
    Effect.as(true),
    Effect.catchTag("VersionConflict", () => Effect.succeed(false)),
    StoreReads.reading
  )
})
