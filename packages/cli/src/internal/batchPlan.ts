/**
 * What is to be done for each line of a batch, decided before anything is sent.
 */
import { Submission } from "@video-tasks/core/Submission"
import type { TaskId } from "@video-tasks/core/TaskId"
import type { VideoProvider } from "@video-tasks/core/VideoProvider"
import { VideoProviders } from "@video-tasks/core/VideoProviders"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import type * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as RequestHash from "@video-tasks/runtime/RequestHash"
import { type StoredTask, TaskStore } from "@video-tasks/runtime/TaskStore"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import process from "node:process"
import * as Keys from "./batchKeys.ts"
import * as Lines from "./batchLines.ts"
import * as Callback from "./callback.ts"
import { openImage } from "./createRequest.ts"
import * as ExitCode from "./exitCode.ts"
import { familyOf } from "./family.ts"
import { placeOf } from "./place.ts"
import { Problem } from "./problem.ts"
import * as StoreReads from "./storeReads.ts"

/** A line, and where it stands. */
export interface Item {
  readonly line: Lines.BatchLine
  readonly request: VideoRequest
  /** What it is known by. */
  readonly name: string
  /** It is the n-th of equal lines, from 0. */
  readonly occurrence: number
  /** The id of its newest attempt. */
  readonly id: TaskId
  /** The submission of an earlier run, or of another process, or what its task tells of it. */
  readonly known: Submission | undefined
  /** Where its video goes; absent when nothing is downloaded. */
  readonly file: string | undefined
}

/** How to plan. */
export interface PlanOptions {
  readonly run: string
  readonly output: string | undefined
  readonly overwrite: boolean
  /** What is known to be wrong before. */
  readonly faults: ReadonlyArray<Lines.Fault>
}

/** Plans all lines; fails with everything that is wrong with any of them. */
export const plan = Effect.fnUntraced(function*(lines: ReadonlyArray<Lines.BatchLine>, options: PlanOptions) {
  const faults: Array<Lines.Fault> = [...options.faults]
  const occurrences = new Map<string, number>()
  const pictures = new Map<string, Picture>()
  const drafts: Array<Draft> = []
  for (const line of lines) {
    const { request, found, fingerprints } = yield* requestOf(line, pictures)
    faults.push(...found)
    if (request === undefined) continue
    const provider = yield* (yield* VideoProviders).get(line.provider, "create")
    const name = Keys.nameOf(line, { run: options.run, images: fingerprints })
    const occurrence = occurrences.get(name) ?? 0
    occurrences.set(name, occurrence + 1)
    drafts.push({ line, request, name, occurrence, provider })
  }
  const located = yield* Effect.forEach(drafts, (draft) => locate(draft, options), { concurrency: atOnce })
  const items = located.map(({ item }) => item)
  faults.push(...located.flatMap(({ found }) => found), ...sharedFiles(items, process.platform))
  if (faults.length > 0) return yield* refused(faults)
  return items
})

/** Everything that is wrong, a line each. */
const refused = (faults: ReadonlyArray<Lines.Fault>): Problem => {
  const ordered = faults.toSorted((a, b) => a.line - b.line)
  return new Problem({
    reason: "InvalidRequest",
    code: ExitCode.ofReason.InvalidRequest,
    message: `The batch can't be sent like this, and nothing was sent. Correct ${
      ordered.length === 1 ? "this" : `these ${ordered.length} faults`
    }:`,
    hint: ordered.map(Lines.inWords)
  })
}

const otherRequest =
  "stands for another request of an earlier run; give the changed line another key, or the whole run a name (--run)"

/** Two lines can't write one file, whatever their outputs look like. */
export const sharedFiles = (
  items: ReadonlyArray<Pick<Item, "line" | "file">>,
  platform: NodeJS.Platform
): ReadonlyArray<Lines.Fault> => {
  const first = new Map<string, number>()
  return items.flatMap(({ file, line }): ReadonlyArray<Lines.Fault> => {
    if (file === undefined) return []
    const name = placeOf(file, platform)
    const before = first.get(name)
    if (before !== undefined) return [fault(line, "output", `is ${file}, which line ${before} writes too`)]
    first.set(name, line.line)
    return []
  })
}

/** The newest attempt of a line: one that was refused made nothing, and may be made again. */
export const newestAttempt = Effect.fnUntraced(function*({ name, occurrence }: Pick<Item, "name" | "occurrence">) {
  const store = yield* TaskStore
  for (let attempt = 0;; attempt++) {
    const id = Keys.idOf(name, occurrence, attempt)
    const begun = yield* StoreReads.reading(store.submission(id))
    // A task that was carried here without its create is paid for all the same.
    const stored = begun === undefined ? yield* StoreReads.reading(store.load(id)) : undefined
    if (begun?.outcome._tag !== "rejected") return { id, known: stored === undefined ? begun : createOf(stored) }
  }
})

// internal

/** A task does not tell the request that it was made of. */
const unknownHash = ""

/** The create that a task must have come of. */
const createOf = ({ snapshot: { task } }: StoredTask): Submission => {
  const { createdAt, estimate, handle, id, model = "" } = task
  return new Submission({
    id,
    provider: handle.provider,
    family: handle.family,
    model,
    account: handle.account,
    baseUrl: handle.baseUrl,
    requestHash: handle.requestHash ?? unknownHash,
    startedAt: createdAt,
    ...(estimate === undefined ? {} : { estimate }),
    outcome: { _tag: "created", handle }
  })
}

/** What is wrong with going on at another API or account than the one that a line was sent to. */
const elsewhere = ({ account, baseUrl }: Submission, provider: VideoProvider): string | undefined => {
  const went = baseUrl !== undefined && baseUrl !== provider.baseUrl
    ? baseUrl
    : account === provider.account
    ? undefined
    : `the account ${account}`
  return went && `went to ${went}: go on there, or make it anew under another name of the run (--run NAME)`
}

/** How many lines are looked up at once: each asks the store, and the disk. */
const atOnce = 16

/** A line whose request is known, but not where it stands. */
interface Draft extends Pick<Item, "line" | "request" | "name" | "occurrence"> {
  readonly provider: VideoProvider
}

/** Looks up where a line stands: what the store has of others is not read. */
const locate = Effect.fnUntraced(function*(draft: Draft, options: PlanOptions) {
  const { line, name, occurrence, provider, request } = draft
  const found: Array<Lines.Fault> = []
  const { id, known } = yield* newestAttempt(draft)
  if (line.key !== undefined && known !== undefined && known.requestHash !== unknownHash) {
    if (known.requestHash !== (yield* RequestHash.of(request))) found.push(fault(line, "key", otherRequest))
  }
  const place = known === undefined ? undefined : elsewhere(known, provider)
  if (place !== undefined) found.push(fault(line, undefined, place))
  const file = yield* fileOf(line, id, options)
  if (file !== undefined && known === undefined && !options.overwrite && (yield* exists(file))) {
    found.push(fault(line, "output", `is ${file}, which exists already (see --overwrite)`))
  }
  const item: Item = { line, request, name, occurrence, id, known, file }
  return { item, found }
})

interface Picture {
  readonly image: Blob | Uint8Array<ArrayBuffer> | URL
  readonly fingerprint: string
}

const requestOf = Effect.fnUntraced(function*(line: Lines.BatchLine, pictures: Map<string, Picture>) {
  const found: Array<Lines.Fault> = []
  const images: Array<Picture> = []
  for (const text of line.images) {
    const picture = pictures.get(text) ?? (yield* Effect.result(pictureOf(text, line.provider)))
    if ("fingerprint" in picture) images.push(picture)
    else if (picture._tag === "Failure") found.push(...faultsOf(line, picture.failure))
    else {
      pictures.set(text, picture.success)
      images.push(picture.success)
    }
  }
  const family = yield* Effect.result(familyOf(line.provider, line.model, line.family))
  if (family._tag === "Failure") found.push(...faultsOf(line, family.failure))
  const fingerprints = images.map(({ fingerprint }) => fingerprint)
  if (family._tag === "Failure" || found.length > 0) return { request: undefined, found, fingerprints }
  const request: VideoRequest = {
    provider: line.provider,
    family: family.success,
    model: line.model,
    prompt: line.prompt,
    seconds: line.seconds,
    size: line.size,
    resolution: line.resolution,
    ...(images.length === 0 ? {} : { images: images.map(({ image }) => image) }),
    ...(line.options === undefined ? {} : { options: line.options })
  }
  const violations = (yield* (yield* VideoProviders).get(line.provider, "create")).validate(request)
  found.push(...violations.map(({ allowed, field, value }) => fault(line, field, `is ${value}; allowed: ${allowed}`)))
  const { callbackUrl } = line
  const refused = callbackUrl === undefined ? undefined : yield* Callback.violationOf(request, new URL(callbackUrl))
  if (refused !== undefined) found.push(fault(line, refused.field, `is ${refused.value}; allowed: ${refused.allowed}`))
  return { request, found, fingerprints }
})

const pictureOf = Effect.fnUntraced(function*(text: string, provider: string) {
  const image = yield* openImage(text, provider)
  if (image instanceof URL) return { image, fingerprint: image.href }
  const bytes = image instanceof Uint8Array
    ? image
    : new Uint8Array(yield* Effect.promise(() => image.arrayBuffer()))
  return { image, fingerprint: Keys.fingerprint(bytes) }
})

const fault = ({ line }: Lines.BatchLine, field: string | undefined, message: string): Lines.Fault => ({
  line,
  field,
  message
})

const faultsOf = (
  line: Lines.BatchLine,
  { message, reason }: VideoTaskError.VideoTaskError
): ReadonlyArray<Lines.Fault> =>
  reason._tag === "InvalidRequest"
    ? reason.violations.map(({ allowed, field, value }) => fault(line, field, `is ${value}; allowed: ${allowed}`))
    : [fault(line, undefined, message)]

const fileOf = Effect.fnUntraced(function*({ key, output }: Lines.BatchLine, id: TaskId, options: PlanOptions) {
  const path = yield* Path.Path
  if (output !== undefined) return path.resolve(options.output ?? ".", output)
  if (options.output === undefined) return undefined
  const name = key !== undefined && /^[\w.-]{1,100}$/.test(key) && !key.startsWith(".") ? key : id
  return path.resolve(options.output, `${name}.mp4`)
})

const exists = Effect.fnUntraced(function*(file: string) {
  const fs = yield* FileSystem.FileSystem
  return yield* Effect.orElseSucceed(fs.exists(file), () => false)
})
