/**
 * Receives messages from the window that opened this page, or that frames it, and from nobody else.
 */
import { connected, disconnected, type Message, parse, typeOf } from "./messages.ts"

export type Connection = "alone" | "waiting" | "connected" | "ended"

export interface Handlers {
  readonly message: (message: Message) => void
  readonly connection: (connection: Connection) => void
}

/** Says that it is there, and listens. Returns what stops it. */
export const receive = (view: Window, handlers: Handlers): () => void => {
  const sender: Window | null = view.parent === view ? view.opener : view.parent
  if (sender === null) {
    handlers.connection("alone")
    return () => undefined
  }
  const listen = ({ data, source }: MessageEvent<unknown>): void => {
    if (source !== sender) return
    if (typeOf(data) === disconnected) return handlers.connection("ended")
    const message = parse(data)
    if (message === undefined) return
    handlers.connection("connected")
    handlers.message(message)
  }
  view.addEventListener("message", listen)
  handlers.connection("waiting")
  // It says nothing but that it is there, so it may be heard by a page of any origin: apps inspect themselves with it.
  sender.postMessage({ type: connected }, "*")
  return () => view.removeEventListener("message", listen)
}
