/**
 * The archive that the user chose, made before anything is sent.
 */
import * as Archive from "@video-tasks/runtime/Archive"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type * as Path from "effect/Path"
import * as Redacted from "effect/Redacted"
import type * as ArchiveChoice from "./archiveChoice.ts"
import * as ArchiveSettings from "./archiveSettings.ts"
import type * as Globals from "./globals.ts"
import { makeFolder } from "./place.ts"
import { type Problem, usage } from "./problem.ts"
import { Screen } from "./screen.ts"

/** Provides an archive where one was chosen. */
export const layer: Layer.Layer<
  never,
  Problem,
  Globals.Identifiers | FileSystem.FileSystem | Path.Path | HttpClient.HttpClient | Screen
> = Layer.unwrap(Effect.gen(function*() {
  const chosen = yield* ArchiveSettings.choice
  if (chosen === undefined) return Layer.empty
  return Layer.catch(chosen._tag === "folder" ? yield* ofFolder(chosen.path) : yield* ofBucket(chosen), failing)
}))

// internal

/** A command ends soon: after half a minute it leaves the files to the next one. */
const options = { retries: 5 }

const failing = ({ detail }: Archive.ArchiveError) =>
  Layer.effectContext(
    Effect.fail(usage(`The archive cannot be used: ${detail}.`, ["Choose another one with --archive."]))
  )

const ofFolder = Effect.fnUntraced(function*(path: string) {
  const fs = yield* FileSystem.FileSystem
  const info = yield* Effect.orElseSucceed(fs.stat(path), () => undefined)
  if (info !== undefined && info.type !== "Directory") {
    return yield* usage(`The archive ${path} is no folder. Name one; it is made where it does not exist.`)
  }
  yield* Effect.mapError(makeFolder(path, { mode: 0o700 }), () => usage(`The archive ${path} cannot be made.`))
  // A folder with the permission may take nothing all the same, such as `/proc`.
  yield* Effect.scoped(fs.makeTempDirectoryScoped({ directory: path, prefix: ".video-tasks-" })).pipe(
    Effect.mapError(() => usage(`The archive ${path} cannot be written to.`))
  )
  return Archive.layerFiles({ ...options, directory: path })
})

const ofBucket = Effect.fnUntraced(function*(
  { bucket, prefix }: Extract<ArchiveChoice.Choice, { readonly _tag: "bucket" }>
) {
  const { hide } = yield* Screen
  const { accessKeyId, secretAccessKey, sessionToken, ...access } = yield* ArchiveSettings.access
  for (const secret of [accessKeyId, secretAccessKey, sessionToken]) if (secret !== undefined) yield* hide(secret)
  const S3Archive = yield* Effect.promise(() => import("@video-tasks/node/S3Archive"))
  return S3Archive.layer({
    ...options,
    ...access,
    bucket,
    prefix,
    accessKeyId: Redacted.value(accessKeyId),
    secretAccessKey,
    sessionToken
  })
})
