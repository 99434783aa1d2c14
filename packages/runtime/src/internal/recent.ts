import * as Redact from "@video-tasks/core/Redact"
import type { TaskId } from "@video-tasks/core/TaskId"
import type { PollInfo } from "../VideoTasks.ts"
import type { Entry } from "./entry.ts"

/** How many tasks that are no longer followed are remembered. */
const capacity = 1024

/**
 * How the tasks were read that this process followed last.
 *
 * @internal
 */
export class Recent {
  readonly #infos = new Map<TaskId, PollInfo>()

  add(entry: Entry): void {
    const { lastFailure, polls } = entry
    const before = this.#infos.get(entry.id)?.polls ?? 0
    if (before + polls === 0) return
    this.#infos.delete(entry.id)
    this.#infos.set(entry.id, {
      polls: before + polls,
      failures: entry.history.failures,
      ...(lastFailure === undefined ? {} : { lastFailure: Redact.text(lastFailure.message) })
    })
    if (this.#infos.size <= capacity) return
    for (const oldest of this.#infos.keys()) {
      this.#infos.delete(oldest)
      return
    }
  }

  get(id: TaskId): PollInfo | undefined {
    return this.#infos.get(id)
  }
}
