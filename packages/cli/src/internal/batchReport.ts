/**
 * What became of the lines of a batch: one JSON object each.
 */
import type { Archived } from "@video-tasks/core/Archived"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import * as Handle from "@video-tasks/core/TaskHandle"
import type { TaskStatus } from "@video-tasks/core/TaskStatus"
import { Cost } from "@video-tasks/core/Video"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import type * as Path from "effect/Path"
import * as Schema from "effect/Schema"
import type { Item } from "./batchPlan.ts"
import type { Saved } from "./download.ts"
import { ofReason } from "./exitCode.ts"
import * as JsonLines from "./jsonLines.ts"
import { isSame } from "./place.ts"
import { exitCode, type Failure, Problem, usage } from "./problem.ts"
import { withStore } from "./program.ts"
import type { Choice as StoreChoice } from "./storeChoice.ts"

/** What became of one line. */
export interface Entry {
  readonly item: Item
  readonly handle?: TaskHandle | undefined
  /** Absent when nothing was sent; `removed` when its task ended and is not in the store any more. */
  readonly status?: TaskStatus | "ambiguous" | "removed" | undefined
  readonly cost?: Cost | undefined
  readonly estimate?: Cost | undefined
  /** The files that are there. */
  readonly files: ReadonlyArray<{ readonly path: string } & Partial<Saved>>
  /** Where its files are kept. */
  readonly archived?: Archived | undefined
  readonly error?: Failure | undefined
}

/** The exit code that a line stands for. */
export const codeOf = ({ error }: Entry): number => error === undefined ? 0 : exitCode(error)

/**
 * An entry as a line of `--json` and of the report, with commands that name the store. It has no links: `url HANDLE` asks for
 * fresh ones.
 */
export const record = (
  { archived, cost, error, estimate, files, handle, item, status }: Entry,
  store?: StoreChoice
): JsonLines.Line => ({
  type: "batch.line",
  line: item.line.line,
  key: item.line.key,
  id: status === undefined ? null : item.id,
  handle: handle === undefined ? null : Handle.format(handle),
  remoteId: handle?.remoteId ?? null,
  status: status ?? null,
  provider: item.line.provider,
  model: item.line.model,
  cost: cost ?? null,
  estimate,
  file: files[0]?.path ?? null,
  files: files.map(({ bytes, path, sha256 }) => ({ path, bytes, sha256 })),
  archived: archived === undefined ? undefined : JsonLines.kept(archived).files,
  error: error === undefined ? null : JsonLines.error(named(error, store))["error"]
})

/** A file that is not the report's to write. */
export interface Other {
  readonly file: string
  /** What it is to the command. */
  readonly name: string
}

/** Proves that the report can be written, and that it writes over none of these, before anything is sent. */
export const check = Effect.fnUntraced(function*(
  file: string,
  others: ReadonlyArray<Other>
): Effect.fn.Return<void, Problem, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  for (const other of others) {
    for (const written of [file, `${file}.part`]) {
      if (!(yield* isSame(written, other.file))) continue
      return yield* usage(`The report ${file} would be written over ${other.name} ${other.file}. Name another file.`)
    }
  }
  yield* Effect.mapError(fs.writeFileString(`${file}.part`, ""), () => usage(`The report ${file} cannot be written.`))
})

/** A file that a report tells of. */
export interface Known {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

/** What an earlier report tells of a line. */
export interface EarlierLine {
  readonly handle?: TaskHandle | undefined
  readonly status?: string | undefined
  readonly cost?: Cost | undefined
  /** Those whose content is told. */
  readonly files: ReadonlyArray<Known>
}

/** An earlier report. */
export interface Earlier {
  /** By the id of the task. */
  readonly lines: ReadonlyMap<string, EarlierLine>
  /** By path, each with the id of its task. */
  readonly files: ReadonlyMap<string, Known & { readonly id: string }>
}

/** There is no earlier report. */
export const none: Earlier = { lines: new Map(), files: new Map() }

/** Reads an earlier report; what can't be read of it is left out. */
export const earlier = Effect.fnUntraced(function*(
  file: string
): Effect.fn.Return<Earlier, never, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  const text = yield* Effect.orElseSucceed(fs.readFileString(file), () => "")
  const lines = new Map<string, EarlierLine>()
  const files = new Map<string, Known & { readonly id: string }>()
  for (const one of text.split("\n")) {
    const line = Option.getOrUndefined(decodeLine(one))
    if (line === undefined) continue
    const whole = Option.getOrElse(decodeFiles(line.files), () => [])
    lines.set(line.id, {
      handle: Handle.parse(line.handle ?? ""),
      status: line.status ?? undefined,
      cost: line.cost ?? undefined,
      files: whole
    })
    for (const known of whole) files.set(known.path, { ...known, id: line.id })
  }
  return { lines, files }
})

/** Writes the report in the order of the lines; it appears when it is whole. */
export const write = Effect.fnUntraced(function*(
  file: string,
  entries: ReadonlyArray<Entry>,
  store?: StoreChoice
): Effect.fn.Return<void, Problem, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  const ordered = entries.toSorted((a, b) => a.item.line.line - b.item.line.line)
  const text = ordered.map((entry) => `${JsonLines.format(record(entry, store))}\n`).join("")
  yield* fs.writeFileString(`${file}.part`, text).pipe(
    Effect.andThen(fs.rename(`${file}.part`, file)),
    // Another process that writes the same report may have moved it away.
    Effect.retry({ times: 3 }),
    Effect.mapError(() =>
      new Problem({
        reason: "ReportFailed",
        code: ofReason.StoreError,
        message: `The report ${file} could not be written. All else is done as it was told.`,
        hint: ["The same command sends nothing again, and writes it."]
      })
    )
  )
})

// internal

const named = (error: Failure, store: StoreChoice | undefined): Failure => {
  if (error._tag !== "Problem" || error.hint === undefined) return error
  const { code, handle, hint, message, reason, retryable } = error
  return new Problem({ code, handle, message, reason, retryable, hint: hint.map((line) => withStore(line, store)) })
}

const decodeLine = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({
  id: Schema.String,
  handle: Schema.optional(Schema.NullOr(Schema.String)),
  status: Schema.optional(Schema.NullOr(Schema.String)),
  cost: Schema.optional(Schema.NullOr(Cost)),
  files: Schema.Unknown
})))

const decodeFiles = Schema.decodeUnknownOption(
  Schema.Array(Schema.Struct({ path: Schema.String, bytes: Schema.Finite, sha256: Schema.String }))
)
