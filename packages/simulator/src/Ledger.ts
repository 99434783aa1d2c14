/**
 * What the simulator remembers of the requests it received.
 *
 * A test says «one POST, one bill» with it: `posts` counts the creates that
 * arrived, `creates` holds those that were accepted and billed.
 *
 * @since 0.1.0
 */
import type { Api, Operation } from "./Script.ts"

/**
 * A create that was accepted.
 *
 * @category models
 * @since 0.1.0
 */
export interface Create {
  /**
   * Epoch ms.
   */
  readonly at: number
  readonly api: Api
  readonly model: string
  readonly taskId: string
  /**
   * What was asked for, as the API understood it; empty where it says nothing of it.
   */
  readonly prompt: string
  readonly requestBytes: number
  /**
   * Whether it costs money. True for every accepted create, also when its answer was lost or its task never appears.
   */
  readonly billed: boolean
}

/**
 * A request as it arrived.
 *
 * @category models
 * @since 0.1.0
 */
export interface Received {
  /**
   * Epoch ms.
   */
  readonly at: number
  readonly api: Api
  readonly operation: Operation | "other"
  readonly method: string
  /**
   * Without the query, which may hold a signature.
   */
  readonly path: string
  readonly taskId?: string | undefined
  /**
   * The HTTP status of the answer, whether or not it reached the client.
   */
  readonly status: number
  /**
   * The fault that was played.
   */
  readonly fault?: string | undefined
  /**
   * Whether the request carried an `authorization` header. The header itself is not kept.
   */
  readonly authorization: boolean
  /**
   * The names of all headers, sorted.
   */
  readonly headerNames: ReadonlyArray<string>
}

/**
 * An attempt to tell a callback URL.
 *
 * @category models
 * @since 0.1.0
 */
export interface Webhook {
  /**
   * Epoch ms.
   */
  readonly at: number
  readonly taskId: string
  /**
   * The `webhook-id`: the same for all attempts.
   */
  readonly id: string
  /**
   * From 1 on.
   */
  readonly attempt: number
  /**
   * The HTTP status of the answer; 0 when there was none.
   */
  readonly status: number
}

/**
 * How often a task was asked for.
 *
 * @category models
 * @since 0.1.0
 */
export interface TaskCounts {
  readonly taskId: string
  readonly api: Api
  readonly polls: number
  readonly downloads: number
  /**
   * Epoch ms of each poll, faulty ones included.
   */
  readonly polledAt: ReadonlyArray<number>
  /**
   * The `user-agent` of each poll, in the same order; empty without one. A test of several processes gives each its own.
   */
  readonly polledBy: ReadonlyArray<string>
  /**
   * Epoch ms of each request for the file, faulty ones included.
   */
  readonly downloadedAt: ReadonlyArray<number>
}

/**
 * Everything that was counted since the start or the last reset.
 *
 * @category models
 * @since 0.1.0
 */
export interface Ledger {
  /**
   * Creates that arrived, accepted or not.
   */
  readonly posts: number
  /**
   * Creates that cost money.
   */
  readonly bills: number
  readonly creates: ReadonlyArray<Create>
  /**
   * One entry per task id that was created, seeded or asked for.
   */
  readonly tasks: ReadonlyArray<TaskCounts>
  /**
   * The latest requests, oldest first; `Simulator.Options.keepRequests` limits them.
   */
  readonly requests: ReadonlyArray<Received>
  /**
   * What callback URLs were told, oldest first.
   */
  readonly webhooks: ReadonlyArray<Webhook>
}

/**
 * Finds the counts of one task; a task that nobody asked for has zeros.
 *
 * @category getters
 * @since 0.1.0
 */
export const ofTask = (ledger: Ledger, taskId: string): TaskCounts | undefined =>
  ledger.tasks.find((counts) => counts.taskId === taskId)
