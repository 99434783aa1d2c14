import { assert, describe, it } from "@effect/vitest"
import { TaskStatus } from "@video-tasks/core"

describe("TaskStatus", () => {
  it("is every running state and every end, once", () => {
    assert.deepStrictEqual(TaskStatus.TaskStatus.literals, [...TaskStatus.running, ...TaskStatus.terminal])
  })

  it("tells ends from running states", () => {
    assert.deepStrictEqual(TaskStatus.TaskStatus.literals.filter(TaskStatus.isTerminal), [...TaskStatus.terminal])
  })
})
