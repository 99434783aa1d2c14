import type { Detail } from "../../../src/Contract.ts"
import { openInspector } from "./bridge.ts"
import { messagesOf } from "./taskMessages.ts"

/** An inspector that shows one task of the dashboard. */
export interface TaskBridge {
  /** Tells of what is new. Call it with every newer form of the task. */
  readonly update: (detail: Detail) => void
  readonly close: () => void
}

/** Opens an inspector on a task, or returns `undefined` when the browser opens no window. Call it in a click. */
export const inspectTask = (page: Window, url: URL, detail: Detail): TaskBridge | undefined => {
  let log = messagesOf(detail)
  const bridge = openInspector(page, url, () => log)
  return bridge && {
    update: (newer) => {
      const told = log.length
      log = messagesOf(newer)
      for (const message of log.slice(told)) bridge.post(message)
    },
    close: bridge.close
  }
}
