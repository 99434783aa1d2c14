/**
 * A request and the answer to it, free of any transport.
 *
 * `Simulator.handle` turns one into the other. `SimulatorServer` plays the
 * answer on a socket, `SimulatorHttp` plays it in memory.
 *
 * @since 0.1.0
 */

/**
 * What a client asked.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  readonly method: string
  /**
   * Scheme, host and port under which the client knows the simulator; links to files begin with it.
   */
  readonly origin: string
  readonly path: string
  /**
   * The query without its question mark.
   */
  readonly query: string
  /**
   * Names are in lower case.
   */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array
}

/**
 * How the answer travels.
 *
 * **Details**
 *
 * - `Whole`: as it is
 * - `Late`: as it is, after some seconds
 * - `Hang`: never, or the connection is reset after some seconds
 * - `Reset`: the connection is reset instead of an answer
 * - `Drip`: the head at once, then one byte every some seconds
 * - `Cut`: the head and the first bytes, then the connection is reset
 *
 * These seconds are the caller's own, whatever `speed` the simulator runs at.
 *
 * @category models
 * @since 0.1.0
 */
export type Delivery =
  | { readonly _tag: "Whole" }
  | { readonly _tag: "Late"; readonly seconds: number }
  | { readonly _tag: "Hang"; readonly seconds: number | undefined }
  | { readonly _tag: "Reset" }
  | { readonly _tag: "Drip"; readonly seconds: number }
  | { readonly _tag: "Cut"; readonly bytes: number }

/**
 * What the simulator answers, and how the answer travels.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /**
   * The body in order; a large one repeats the same chunk.
   */
  readonly chunks: ReadonlyArray<Uint8Array>
  readonly delivery: Delivery
}

/**
 * Counts the bytes of a body.
 *
 * @category getters
 * @since 0.1.0
 */
export const size = (reply: Reply): number => reply.chunks.reduce((total, chunk) => total + chunk.length, 0)
