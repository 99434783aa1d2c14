import type { Detail } from "../../../src/Contract.ts"
import { openInspector } from "./bridge.ts"
import { messagesOf, type TaskMessage } from "./taskMessages.ts"

/** An inspector that shows one task of the dashboard. */
export interface TaskBridge {
  /** Tells of what is new. Call it with every newer form of the task. */
  readonly update: (detail: Detail) => void
  readonly close: () => void
}

/** Opens an inspector on a task, or returns `undefined` when the browser opens no window. Call it in a click. */
export const inspectTask = (page: Window, url: URL, detail: Detail): TaskBridge | undefined => {
  let log = messagesOf(detail)
  // Not by their number, since the oldest moments may be left out of a newer form.
  const told = new Set(log.map(keyOf))
  const bridge = openInspector(page, url, () => log)
  return bridge && {
    update: (newer) => {
      log = messagesOf(newer)
      for (const message of log) {
        if (told.has(keyOf(message))) continue
        told.add(keyOf(message))
        bridge.post(message)
      }
    },
    close: bridge.close
  }
}

// internal

const keyOf = ({ createdAt, event, snapshot, type }: TaskMessage): string =>
  type === "@xstate.actor" ? type : JSON.stringify([type, createdAt, event, snapshot?.value])
