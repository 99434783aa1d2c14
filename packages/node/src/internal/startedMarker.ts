/**
 * Tells of every failed request whether a byte of it was sent.
 *
 * undici calls `onRequestStart` immediately before it writes the head of a request to a connected socket, and not for a
 * request that still waits for its connection. That is the line between "safe to repeat" and "may have been paid".
 */
import { TransportCause } from "@video-tasks/core/Transport"
import type { Dispatcher } from "undici"

/** An undici interceptor: the error of a failed request becomes a `TransportCause` around the original. */
export const startedMarker: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) =>
  dispatch(options, new StartedMarker(handler))

// internal

class StartedMarker implements Dispatcher.DispatchHandler {
  readonly #handler: Dispatcher.DispatchHandler
  #started = false

  constructor(handler: Dispatcher.DispatchHandler) {
    this.#handler = handler
  }
  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context)
    // The handler aborts a request here that was given up while it waited: nothing is written then.
    this.#started = !controller.aborted
  }
  onRequestUpgrade(...args: Parameters<NonNullable<Dispatcher.DispatchHandler["onRequestUpgrade"]>>): void {
    this.#handler.onRequestUpgrade?.(...args)
  }
  onResponseStart(...args: Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseStart"]>>): void {
    this.#handler.onResponseStart?.(...args)
  }
  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#handler.onResponseData?.(controller, chunk)
  }
  onResponseEnd(...args: Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseEnd"]>>): void {
    this.#handler.onResponseEnd?.(...args)
  }
  onResponseError(controller: Dispatcher.DispatchController, cause: Error): void {
    this.#handler.onResponseError?.(
      controller,
      new TransportCause({ requestStarted: this.#started ? "yes" : "no", cause })
    )
  }
}
