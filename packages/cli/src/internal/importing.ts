/**
 * Reads an export into the store.
 */
import type { Submission } from "@video-tasks/core/Submission"
import * as TaskMachine from "@video-tasks/core/TaskMachine"
import * as Standing from "@video-tasks/runtime/Standing"
import { TaskStore } from "@video-tasks/runtime/TaskStore"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Format from "./exportFormat.ts"
import { type Problem, usage } from "./problem.ts"
import { program } from "./program.ts"
import { Reporter } from "./reporter.ts"
import * as StoreReads from "./storeReads.ts"

/** How to import. */
export interface ImportOptions {
  /** Takes what there is of a file whose end is missing. */
  readonly incomplete: boolean
}

/** Takes all lines, or refuses the file before anything is written; what is there already stays as it is. */
export const importFrom = Effect.fnUntraced(function*(file: string, options: ImportOptions) {
  const fs = yield* FileSystem.FileSystem
  const text = yield* Effect.mapError(fs.readFileString(file), () => usage(`The file ${file} cannot be read.`))
  const lines = yield* decoded(file, text, options)
  let [added, known] = [0, 0]
  for (const line of ordered(lines)) {
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

const decodeEnd = Schema.decodeUnknownResult(Schema.fromJsonString(Format.End))

/** How many broken lines are told. */
const told = 20

const decoded = Effect.fnUntraced(function*(
  file: string,
  text: string,
  { incomplete }: ImportOptions
): Effect.fn.Return<ReadonlyArray<Format.Line>, Problem> {
  const [first = "", ...rest] = text.replace(/^\uFEFF/, "").split(/\r?\n/)
  const head = decodeHead(first)
  if (Result.isFailure(head)) return yield* usage(`${file}, line 1: this is no file that \`export\` has written.`)
  if (head.success.format > Format.format) {
    return yield* usage(
      `${file}, line 1: a newer version of video-tasks has written it (format ${head.success.format}, this one reads ${Format.format}).`
    )
  }
  const written = rest.map((content, index) => ({ content, number: index + 2 })).filter(({ content }) =>
    content.trim() !== ""
  )
  const end = decodeEnd(written.at(-1)?.content ?? "")
  const inner = Result.isSuccess(end) ? written.slice(0, -1) : written
  const lines: Array<Format.Line> = []
  const broken: Array<number> = []
  for (const { content, number } of inner) {
    const line = decodeLine(content)
    if (Result.isSuccess(line) && isWhole(line.success)) lines.push(line.success)
    else broken.push(number)
  }
  const isEnded = Result.isSuccess(end) && end.success.lines === inner.length
  // Where it was cut off, half a line may be left.
  if (!isEnded && broken.length > 0 && broken[0] === inner.at(-1)?.number) broken.pop()
  if (broken.length > 0) return yield* brokenAt(file, broken)
  if (!isEnded && !incomplete) return yield* cutOff(file, head.success.format)
  return lines
})

const brokenAt = (file: string, broken: ReadonlyArray<number>): Problem =>
  usage(
    `${file} is broken, and nothing was imported.`,
    [`lines ${broken.slice(0, told).join(", ")}${broken.length > told ? ` and ${broken.length - told} more` : ""}`]
  )

/** With a part of the creates missing, a batch could pay for its lines again. */
const cutOff = (file: string, format: number): Problem =>
  usage(
    format < 2
      ? `${file} was written by an older version, which can't prove that it is whole. Nothing was imported.`
      : `${file} is cut off: its end is missing. Nothing was imported.`,
    ["Export once more; or take what there is of it:", `  ${program} import ${file} --incomplete`]
  )

/** A journal begins with the task that it is of. */
const isWhole = (line: Format.Line): boolean => {
  if (line.type === "submission") return true
  const [first, ...rest] = line.events
  return first.type === "task.created" && first.id === line.id && rest.every(({ type }) => type !== "task.created")
}

/** Each task comes right after its create: who is stopped in between has not forgotten what was paid. */
const ordered = (lines: ReadonlyArray<Format.Line>): ReadonlyArray<Format.Line> => {
  const creates = new Map(lines.flatMap((line) => line.type === "submission" ? [[line.submission.id, line]] : []))
  const pairs = lines.flatMap((line) => {
    if (line.type === "submission") return []
    const create = creates.get(line.id)
    creates.delete(line.id)
    return create === undefined ? [line] : [create, line]
  })
  return [...creates.values(), ...pairs]
}

/** Puts a line into the store; `false` when it is there. */
const taken = Effect.fnUntraced(function*(line: Format.Line) {
  const store = yield* TaskStore
  if (line.type === "submission") return yield* takenCreate(line.submission)
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

const takenCreate = Effect.fnUntraced(function*(submission: Submission) {
  const store = yield* TaskStore
  const { id, outcome } = submission
  const before = yield* StoreReads.reading(store.submission(id))
  if (before === undefined) {
    // Its task is here: nothing is open about it any more.
    if (outcome._tag !== "created" && (yield* StoreReads.reading(store.load(id))) !== undefined) return false
    yield* StoreReads.reading(store.begin(submission))
  } else {
    // An import that was cut short may have left it pending; one that is being sent here is for who sends it to judge.
    const isOpen = before.outcome._tag === "pending"
    if (!isOpen || outcome._tag === "pending") return false
    if ((yield* StoreReads.reading(Standing.read(store, before))) === "sending") return false
  }
  if (outcome._tag !== "pending") yield* StoreReads.reading(store.settle(id, outcome))
  return true
})
