/**
 * The files of a batch: brought once, and never taken for what they are not.
 */
import type { Success } from "@video-tasks/core/Task"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Stream from "effect/Stream"
import * as Crypto from "node:crypto"
import type * as Report from "./batchReport.ts"
import { save, type Saved } from "./download.ts"
import * as Target from "./target.ts"

/** How to bring files. */
export interface BringOptions {
  readonly overwrite: boolean
  /** What earlier runs brought, by path. */
  readonly known: ReadonlyMap<string, Report.Known & { readonly id: string }>
  /** Whether a name is that of another line's file, so that a further video of this one goes elsewhere. */
  readonly isTaken: (name: string) => boolean
}

/** What was brought, or is there from an earlier run. */
export interface Brought {
  readonly files: ReadonlyArray<{ readonly path: string } & Partial<Saved>>
  readonly error?: VideoTaskError | undefined
}

/**
 * Brings the videos of a task. A file that is there is left as it is only when it is proven to be the task's: by the
 * earlier report, else by its content, which is fetched to compare. Any other is replaced with `overwrite`, else refused.
 */
export const bring = Effect.fnUntraced(function*(task: Success, file: string, options: BringOptions) {
  const { isTaken, known, overwrite } = options
  const names = namesOf(file, task.videos.length, isTaken)
  const there: Array<Report.Known> = []
  for (const path of names) {
    const before = known.get(path)
    if (before?.id !== task.id || !(yield* isWhole(before))) break
    there.push({ path, bytes: before.bytes, sha256: before.sha256 })
  }
  if (there.length > 0 && there.length === task.videos.length) return { files: there } satisfies Brought
  const same = overwrite ? undefined : yield* compared(task, file, names)
  if (same !== undefined) return { files: same } satisfies Brought
  const saved = yield* Effect.result(save(task, file, { names, overwrite, silent: true }))
  if (saved._tag === "Success") return { files: saved.success } satisfies Brought
  // Another process that goes through the same lines may have brought it in the meantime.
  const others = same === undefined && !overwrite ? yield* compared(task, file, names) : undefined
  return (others === undefined ? { files: [], error: saved.failure } : { files: others }) satisfies Brought
})

/** `out.mp4`, `out-2.mp4`, `out-3.mp4`; a number that names the file of another line is left out. */
export const namesOf = (file: string, count: number, isTaken: (name: string) => boolean): ReadonlyArray<string> => {
  const names = [file]
  for (let index = 1; names.length < count; index++) {
    const name = Target.numbered(file, index)
    if (!isTaken(name)) names.push(name)
  }
  return names.slice(0, count)
}

/** Whether there are files, and each is as the report says. */
export const wholeOf = Effect.fnUntraced(function*(files: ReadonlyArray<Report.Known>) {
  for (const file of files) if (!(yield* isWhole(file))) return false
  return files.length > 0
})

// internal

/** Whether a file is as the report says. */
const isWhole = Effect.fnUntraced(function*({ bytes, path, sha256 }: Report.Known) {
  return (yield* sizeOf(path)) === bytes && (yield* hashOf(path)) === sha256
})

const sizeOf = Effect.fnUntraced(function*(path: string) {
  const fs = yield* FileSystem.FileSystem
  return yield* fs.stat(path).pipe(Effect.map(({ size }) => Number(size)), Effect.orElseSucceed(() => undefined))
})

const hashOf = Effect.fnUntraced(function*(path: string) {
  const fs = yield* FileSystem.FileSystem
  const hash = Crypto.createHash("sha256")
  return yield* Stream.runForEach(fs.stream(path), (bytes) => Effect.sync(() => hash.update(bytes))).pipe(
    Effect.map(() => hash.digest("hex")),
    Effect.orElseSucceed(() => undefined)
  )
})

/** The files that are there, when they are what the task made. */
const compared = Effect.fnUntraced(function*(task: Success, file: string, paths: ReadonlyArray<string>) {
  for (const path of paths) if ((yield* sizeOf(path)) === undefined) return undefined
  const fs = yield* FileSystem.FileSystem
  const beside = `${file}.${task.id}.part`
  const fetched = yield* Effect.option(save(task, beside, { overwrite: true, silent: true })).pipe(
    Effect.ensuring(
      Effect.forEach(paths, (_, index) => Effect.ignore(fs.remove(Target.numbered(beside, index))), { discard: true })
    )
  )
  if (fetched._tag === "None") return undefined
  const files: Array<Saved> = []
  for (const [index, one] of fetched.value.entries()) {
    const path = paths[index] ?? file
    if ((yield* hashOf(path)) !== one.sha256) return undefined
    files.push({ ...one, path })
  }
  return files
})
