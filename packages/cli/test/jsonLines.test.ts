import { assert, describe, it } from "@effect/vitest"
import { TaskHandle, VideoTaskError } from "@video-tasks/core"
import * as JsonLines from "../src/internal/jsonLines.ts"
import { Problem } from "../src/internal/problem.ts"
import * as fixtures from "./utils/tasks.ts"

const handle = TaskHandle.format(fixtures.handle)

const parsed = (line: JsonLines.Line): unknown => JSON.parse(JsonLines.format(line))

const common = {
  id: "01890a5d-ac96-774b-bcce-b302099a8057",
  provider: "cometapi",
  family: "seedance",
  remoteId: "task_abc123",
  model: "doubao-seedance-2-0-fast",
  createdAt: 1_000_000,
  updatedAt: 1_050_000
}

describe("jsonLines", () => {
  it("tells that a task exists", () => {
    assert.deepStrictEqual(parsed(JsonLines.created(fixtures.submitted())), {
      type: "task.created",
      handle,
      task: { ...common, status: "SUBMITTED" }
    })
  })

  it("tells that a task moved", () => {
    assert.deepStrictEqual(parsed(JsonLines.state(fixtures.inProgress())), {
      type: "task.updated",
      handle,
      task: { ...common, status: "IN_PROGRESS", progress: 45 }
    })
  })

  it("hands over the full link of a finished task, and the files", () => {
    const files = [fixtures.saved]
    assert.deepStrictEqual(parsed(JsonLines.state(fixtures.success(), files)), {
      type: "task.finished",
      handle,
      task: {
        ...common,
        status: "SUCCESS",
        progress: 100,
        completedAt: 1_092_000,
        videos: [{
          url: fixtures.signedUrl,
          mimeType: "video/mp4",
          durationSeconds: 5,
          width: 1280,
          height: 720,
          expiresAt: 87_492_000
        }]
      },
      files: [{ path: "out.mp4", bytes: 12, mimeType: "video/mp4", sha256: "abcd" }]
    })
  })

  it("tells why a task failed, with the provider's code as it came", () => {
    assert.deepStrictEqual(parsed(JsonLines.state(fixtures.failed())), {
      type: "task.finished",
      handle,
      task: {
        ...common,
        status: "FAILED",
        completedAt: 1_092_000,
        failure: { code: "content_policy", message: "the prompt was refused", providerCode: 1301 }
      }
    })
  })

  it("tells an error of a task", () => {
    const reason = new VideoTaskError.TaskNotFound({ remoteId: "task_abc123" })
    const error = VideoTaskError.make({ provider: "cometapi", operation: "observe", handle: fixtures.handle, reason })
    assert.deepStrictEqual(parsed(JsonLines.error(error)), {
      type: "error",
      handle,
      error: { reason: "TaskNotFound", message: reason.message, retryable: false }
    })
  })

  it("tells an error of the command, and what to do about it beside it", () => {
    const problem = new Problem({ reason: "Usage", code: 2, message: "No.", hint: ["  Do this      or that."] })
    assert.deepStrictEqual(parsed(JsonLines.error(problem)), {
      type: "error",
      error: { reason: "Usage", message: "No.", hint: ["Do this or that."], retryable: false }
    })
  })

  it("writes one line", () => {
    const text = JsonLines.format(JsonLines.created(fixtures.inProgress({ model: "two\nlines" })))
    assert.notInclude(text, "\n")
  })
})
