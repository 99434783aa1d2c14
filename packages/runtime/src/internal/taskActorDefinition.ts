import * as TaskMachine from "@video-tasks/core/TaskMachine"
import * as TaskStatus from "@video-tasks/core/TaskStatus"

const everyStatus = [...TaskStatus.running, ...TaskStatus.terminal]

/**
 * What an inspector draws of a task's actor. It only describes: the actor goes where the task went.
 *
 * @internal
 */
export const definition = {
  id: TaskMachine.machine.config.id,
  initial: "starting",
  on: {
    "task.cancel": { actions: "cancel" },
    "task.refresh": { actions: "refresh" }
  },
  states: {
    starting: {
      on: {
        "task.created": { target: "SUBMITTED" },
        "task.found": everyStatus.map((status) => ({ guard: { type: "is", params: { status } }, target: status }))
      }
    },
    ...TaskMachine.machine.config.states
  }
} as const
