import { NodeFileSystem, NodePath } from "@effect/platform-node"
import { Observation, Video, VideoProvider, VideoProviders, type VideoRequest } from "@video-tasks/core"
import { Archive, TaskStore, VideoTasks } from "@video-tasks/runtime"
import { type Duration, Effect, Layer, Redacted, Stream } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { createHash } from "node:crypto"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"

export const movie = (size: number): Buffer<ArrayBuffer> => {
  const bytes = Buffer.from(Uint8Array.from({ length: size }, (_, index) => (index * 31) % 251))
  bytes.write("\0\0\0\x20ftypisom", "latin1")
  return bytes
}

export const picture = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1, 2, 3, 4, 5, 6, 7])

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

export const secret = "X-Signature=s3cret"

export const request: VideoRequest.VideoRequest = {
  provider: "double",
  family: "double",
  model: "model-1",
  prompt: "a fox"
}

export const video = (
  fields: { readonly name?: string; readonly url?: string; readonly thumbnail?: boolean; readonly expiresAt?: number } =
    {}
) =>
  new Video.Video({
    url: Redacted.make(fields.url ?? `https://cdn.example.com/${fields.name ?? "v"}.mp4?${secret}`, {
      label: "video url"
    }),
    ...(fields.thumbnail === true
      ? { thumbnailUrl: Redacted.make(`https://cdn.example.com/t.jpg?${secret}`, { label: "thumbnail url" }) }
      : {}),
    ...(fields.expiresAt === undefined ? {} : { expiresAt: fields.expiresAt })
  })

export const success = (...videos: ReadonlyArray<Video.Video>) =>
  new Observation.Observation({ status: "SUCCESS", videos })

/** A web that answers each path with bytes or a status, and what it was asked for. */
export const web = (answers: (path: string, index: number) => Uint8Array<ArrayBuffer> | number) => {
  const seen: Array<string> = []
  const client = HttpClient.make((request, url) =>
    Effect.sync(() => {
      const answer = answers(url.pathname, seen.push(url.pathname) - 1)
      const response = typeof answer === "number" ? new Response("no", { status: answer }) : new Response(answer)
      return HttpClientResponse.fromWeb(request, response)
    })
  )
  return { seen, layer: Layer.succeed(HttpClient.HttpClient, client) }
}

export const temporary = Effect.acquireRelease(
  Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "video-tasks-archive-"))),
  (directory) => Effect.sync(() => Fs.rmSync(directory, { recursive: true, force: true }))
)

/** Every file below a directory. */
export const listing = (directory: string): ReadonlyArray<string> =>
  Fs.readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => Path.relative(directory, Path.join(entry.parentPath, entry.name)))
    .sort()

/** An archive in memory that fails as often as it is told. */
export const memory = (failures: ReadonlyArray<Archive.ArchiveError> = []) => {
  const kept = new Map<string, { readonly bytes: number; readonly sha256: string; readonly data: Buffer }>()
  const left = [...failures]
  const puts: Array<string> = []
  const storage: Archive.Storage = {
    put: (key, content) =>
      Effect.gen(function*() {
        puts.push(key)
        const failure = left.shift()
        if (failure !== undefined) return yield* failure
        const data = Buffer.concat(yield* Stream.runCollect(content.stream))
        kept.set(key, { bytes: content.bytes, sha256: content.sha256, data })
      }),
    exists: (key) => Effect.sync(() => kept.get(key)),
    // One that signs: nobody may see that.
    uri: (key) => `https://archive.example.com/${key}?${secret}`
  }
  return { kept, puts, storage }
}

export const refused = new Archive.ArchiveError({ detail: "the disk is full", retryable: true })

export const platform = Layer.mergeAll(NodeFileSystem.layer, NodePath.layer)

/** `VideoTasks` with an archive, or without. */
export const layer = (options: {
  readonly archive?: Layer.Layer<Archive.Archive, Archive.ArchiveError> | undefined
  readonly provider?: VideoProvider.DoubleOptions | undefined
  readonly store?: Layer.Layer<TaskStore.TaskStore, TaskStore.TaskStoreError> | undefined
}) =>
  Layer.fresh(VideoTasks.layer({ poll: { floor: "1 second", ceiling: "2 seconds" } })).pipe(
    Layer.provide(options.archive ?? Layer.empty),
    Layer.provideMerge(options.store ?? TaskStore.layerMemory),
    Layer.provide(Layer.effect(
      VideoProviders.VideoProviders,
      Effect.orDie(VideoProviders.make([VideoProvider.double(options.provider)]))
    ))
  )

export const archive = (
  storage: Archive.Storage,
  web: Layer.Layer<HttpClient.HttpClient>,
  options: Archive.Options = {}
): Layer.Layer<Archive.Archive> =>
  Layer.effect(Archive.Archive, Archive.make(storage, options)).pipe(Layer.provide(web), Layer.provide(platform))

const breath = Effect.callback<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

/** Waits, however long that takes, until no file is being read or written any more: only then may the clock go on. */
const filesAtRest = Effect.gen(function*() {
  for (let still = 0; still < 10; still++) {
    yield* breath
    if (process.getActiveResourcesInfo().some((name) => name.startsWith("FSReq"))) still = -1
  }
})

/** Lets the clock run, and everything that reads and writes files, until something is so. */
export const until = (isSo: () => boolean, step: Duration.Input = "1 second", most = 2_000) =>
  Effect.gen(function*() {
    for (let turn = 0; turn < most && !isSo(); turn++) {
      yield* filesAtRest
      if (!isSo()) yield* TestClock.adjust(step)
    }
    if (!isSo()) return yield* Effect.die(new Error("it never became so"))
  })
