/**
 * The other end: a page that opens an inspector in a window of its own and tells it of one task.
 */
import { connected, disconnected, typeOf } from "./messages.ts"

/** The viewer that comes with the dashboard: nothing leaves the machine. */
export const localViewer = (page: Location): URL => new URL("inspector.html", page.href)

/** Stately's own page: what is posted to it is theirs to see. Open it only when somebody asks for it. */
export const statelyInspector = new URL("https://stately.ai/inspect")

export interface Bridge {
  /** Tells the inspector of something new. */
  readonly post: (message: unknown) => void
  /** Says goodbye. The window stays open. */
  readonly close: () => void
}

/**
 * Opens an inspector; it is sent `log()` whenever it says that it is there, and from then on what is posted. Returns
 * `undefined` when the browser opens no window. Call it while a click is handled.
 *
 * Only the window that was opened is listened to, and only as long as it shows the page that was asked for; messages are
 * addressed to that page's origin, so that they don't reach another one that may have taken its place.
 */
export const openInspector = (page: Window, url: URL, log: () => ReadonlyArray<unknown>): Bridge | undefined => {
  const popup = page.open(url, "_blank", "popup,width=1200,height=800")
  if (popup === null) return undefined
  let isConnected = false
  const send = (message: unknown): void => popup.postMessage(message, url.origin)
  const listen = ({ data, origin, source }: MessageEvent<unknown>): void => {
    if (source !== popup || origin !== url.origin || typeOf(data) !== connected) return
    isConnected = true
    for (const message of log()) send(message)
  }
  page.addEventListener("message", listen)
  return {
    post: (message) => {
      if (isConnected && !popup.closed) send(message)
    },
    close: () => {
      page.removeEventListener("message", listen)
      if (isConnected && !popup.closed) send({ type: disconnected })
      isConnected = false
    }
  }
}
