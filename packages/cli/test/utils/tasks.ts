import { Task, TaskHandle, TaskId, Video } from "@video-tasks/core"
import { Redacted } from "effect"

/** The signed link that must not be anywhere but in a result. */
export const signedUrl = "https://cdn.example.com/v.mp4?X-Tos-Signature=s3cr3t"

export const handle = TaskHandle.TaskHandle.make({
  provider: "cometapi",
  family: "seedance",
  remoteId: "task_abc123",
  baseUrl: "https://api.cometapi.com",
  account: "default",
  createdAt: 1_000_000
})

export const notFound = new Video.Failure({ code: "not_found", message: "the provider no longer knows the task" })

const common = {
  id: TaskId.TaskId.make("01890a5d-ac96-774b-bcce-b302099a8057"),
  handle,
  model: "doubao-seedance-2-0-fast",
  createdAt: 1_000_000,
  updatedAt: 1_050_000
}

const over = { ...common, completedAt: 1_092_000 }

const failure = new Video.Failure({ code: "content_policy", message: "the prompt was refused", providerCode: 1301 })

export const submitted = (): Task.Task => new Task.Submitted(common)

export const inProgress = (fields: Partial<Task.InProgress> = {}): Task.Task =>
  new Task.InProgress({ ...common, progress: 45, ...fields })

export const success = (fields: Partial<Task.Success> = {}): Task.Success =>
  new Task.Success({
    ...over,
    progress: 100,
    videos: [
      new Video.Video({
        url: Redacted.make(signedUrl, { label: "video url" }),
        mimeType: "video/mp4",
        durationSeconds: 5,
        width: 1280,
        height: 720,
        expiresAt: 1_092_000 + 86_400_000
      })
    ],
    ...fields
  })

export const failed = (fields: Partial<Task.Failed> = {}): Task.Failed =>
  new Task.Failed({ ...over, failure, ...fields })

export const errored = (fields: Partial<Task.Errored> = {}): Task.Errored =>
  new Task.Errored({ ...over, failure: new Video.Failure({ message: "out of memory" }), ...fields })

export const cancelled = (): Task.Cancelled => new Task.Cancelled(over)

export const expired = (): Task.Expired => new Task.Expired(over)

export const saved = {
  path: "out.mp4",
  bytes: 12,
  sha256: "abcd",
  mimeType: "video/mp4",
  resumed: 0,
  refreshed: false
}
