/**
 * Generators of observations, events and lives of tasks.
 */
import { Archived, Observation, type TaskEvent, TaskHandle, TaskId, TaskStatus, Video } from "@video-tasks/core"
import { Arbitrary, Redacted, Schema } from "effect"

/** Every signed URL that these generators make contains this text. */
export const secret = "X-Signature=s3cr3t"

export const created = (over: Partial<TaskEvent.Created> = {}): TaskEvent.Created => ({
  type: "task.created",
  at: 1_000,
  id: TaskId.TaskId.make("0198a3f0-0000-7000-8000-000000000001"),
  handle: TaskHandle.TaskHandle.make({
    provider: "cometapi",
    family: "seedance",
    remoteId: "task_abc123",
    baseUrl: "https://api.cometapi.com",
    account: "default"
  }),
  ...over
})

export const video = (name = "out"): Video.Video =>
  Video.Video.make({
    url: Redacted.make(`https://cdn.example/${name}.mp4?${secret}`, { label: "video url" }),
    thumbnailUrl: Redacted.make(`https://cdn.example/${name}.jpg?${secret}`, { label: "thumbnail url" }),
    mimeType: "video/mp4"
  })

export const archivedFile = (key = "cometapi/out.mp4") =>
  Archived.ArchivedFile.make({
    kind: "video",
    index: 0,
    key,
    uri: `file:///archive/${key}`,
    bytes: 42,
    sha256: "ab".repeat(32),
    mimeType: "video/mp4"
  })

export const observation = (fields: Partial<ConstructorParameters<typeof Observation.Observation>[0]> = {}) =>
  Observation.Observation.make({ videos: [], ...fields })

export const observed = (
  at: number,
  fields: Parameters<typeof observation>[0] = {}
): TaskEvent.TaskEvent => ({ type: "task.observed", at, observation: observation(fields) })

const percent = Schema.Literals([0, 5, 10, 30, 50, 65, 99, 100])

/** What an event says, small enough that sequences meet every branch, and that a failing one is easy to read. */
const Draft = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("task.observed"),
    // Running states come up as often as all ends together, so that many lives are long.
    status: Schema.Literals([
      "none",
      "unknown word",
      "SUBMITTED",
      "IN_PROGRESS",
      "IN_PROGRESS again",
      "SUCCESS",
      "SUCCESS with video",
      "FAILED",
      "ERROR",
      "CANCELLED",
      "EXPIRED"
    ]),
    progress: Schema.optionalKey(percent),
    estimatedRemainingMs: Schema.optionalKey(Schema.Literals([0, 1_000, 60_000])),
    model: Schema.optionalKey(Schema.Literals(["", "seedance", "seedance-pro"])),
    cost: Schema.optionalKey(Schema.Literals([0.12, 0.4])),
    failure: Schema.optionalKey(Schema.Literals(["content_policy", "internal"]))
  }),
  Schema.Struct({ type: Schema.Literals(["task.cancelled", "task.expired", "task.lost", "task.archived"]) })
])

/** How much later than the one before an event happens, in ms: sometimes earlier, since clocks differ. */
const gap = Schema.Literals([-1_000, 0, 1, 5_000, 10_000, 31_000])

const toObservation = (draft: Extract<typeof Draft.Type, { type: "task.observed" }>): Observation.Observation => {
  const word = draft.status.split(" ")[0] ?? ""
  const status = Schema.is(TaskStatus.TaskStatus)(word) ? word : undefined
  return observation({
    ...(status === undefined ? {} : { status }),
    ...(draft.status === "unknown word" ? { unrecognised: "PONDERING" } : {}),
    ...(draft.progress === undefined ? {} : { progress: draft.progress }),
    ...(draft.estimatedRemainingMs === undefined ? {} : { estimatedRemainingMs: draft.estimatedRemainingMs }),
    ...(draft.model === undefined ? {} : { model: draft.model }),
    ...(draft.cost === undefined ? {} : { cost: Video.Cost.make({ amount: draft.cost, unit: "USD", kind: "bill" }) }),
    ...(draft.failure === undefined
      ? {}
      : { failure: Video.Failure.make({ message: draft.failure, providerCode: 42 }) }),
    videos: draft.status === "SUCCESS with video" ? [video()] : []
  })
}

const toEvent = (at: number, draft: typeof Draft.Type): TaskEvent.TaskEvent => {
  switch (draft.type) {
    case "task.observed":
      return { type: draft.type, at, observation: toObservation(draft) }
    case "task.lost":
      return { type: draft.type, at, message: "no such task" }
    case "task.archived":
      return { type: draft.type, at, files: [archivedFile(`cometapi/${at}.mp4`)] }
    default:
      return { type: draft.type, at }
  }
}

/** One event, at 2 s. */
export const event: Arbitrary.Arbitrary<TaskEvent.TaskEvent> = Arbitrary.schema(Draft).pipe(
  Arbitrary.map((draft) => toEvent(2_000, draft))
)

/** What happens to one task, from its creation on: up to 20 events, many of them after its end. */
export const events: Arbitrary.Arbitrary<ReadonlyArray<TaskEvent.TaskEvent>> = Arbitrary.array(
  Arbitrary.all([Arbitrary.schema(gap), Arbitrary.schema(Draft)]),
  { maxLength: 20 }
).pipe(
  Arbitrary.map((steps) => {
    let at = created().at
    return steps.map(([gap, draft]) => toEvent(at += gap, draft))
  })
)
