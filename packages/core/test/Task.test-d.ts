import { Task, type TaskStatus, type Video } from "@video-tasks/core"
import { expectTypeOf, it } from "vitest"

declare const task: Task.Task

it("has one status for every state", () => {
  expectTypeOf<Task.Task["status"]>().toEqualTypeOf<TaskStatus.TaskStatus>()
})

it("lets nobody read videos before the status is known to be SUCCESS", () => {
  // @ts-expect-error only a success has videos
  void task.videos
  if (task.status !== "FAILED") {
    // @ts-expect-error not FAILED is not SUCCESS
    void task.videos
  }
  if (task.status === "SUCCESS") {
    expectTypeOf(task.videos).toEqualTypeOf<ReadonlyArray<Video.Video>>()
  }
})

it("has a failure only when it is FAILED or ERROR", () => {
  // @ts-expect-error only a failed task has a failure
  void task.failure
  switch (task.status) {
    case "FAILED":
    case "ERROR":
      expectTypeOf(task.failure).toEqualTypeOf<Video.Failure>()
      break
    case "SUCCESS":
    case "CANCELLED":
    case "EXPIRED":
    case "SUBMITTED":
    case "IN_PROGRESS":
      // @ts-expect-error no other task has a failure
      void task.failure
  }
})

it("has an estimate only while it runs, and an end only when it is over", () => {
  if (Task.isEnded(task)) {
    expectTypeOf(task).toEqualTypeOf<Task.Ended>()
    expectTypeOf(task.completedAt).toEqualTypeOf<number>()
    // @ts-expect-error nothing remains of an ended task
    void task.estimatedRemainingMs
  } else {
    expectTypeOf(task).toEqualTypeOf<Task.Submitted | Task.InProgress>()
    expectTypeOf(task.estimatedRemainingMs).toEqualTypeOf<number | undefined>()
    // @ts-expect-error a running task has no end
    void task.completedAt
  }
})

it("is told apart completely by its status", () => {
  const words = (task: Task.Task): string => {
    switch (task.status) {
      case "SUBMITTED":
      case "IN_PROGRESS":
        return "running"
      case "SUCCESS":
        return String(task.videos.length)
      case "FAILED":
      case "ERROR":
        return task.failure.message
      case "CANCELLED":
      case "EXPIRED":
        return "over"
      default:
        return task satisfies never
    }
  }
  expectTypeOf(words).returns.toEqualTypeOf<string>()
})

it("keeps a video's URL redacted", () => {
  if (task.status === "SUCCESS") {
    // @ts-expect-error a redacted URL is no string
    const url: string | undefined = task.videos[0]?.url
    void url
  }
})
