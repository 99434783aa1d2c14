/**
 * How the simulated APIs behave.
 *
 * Lengths of time are simulated seconds: `speed` shortens them all, so that the
 * caller of a simulator at `speed: 60` sees minutes pass as seconds. What is on
 * the wire (timestamps, remaining seconds, expiry) is in the caller's own time.
 *
 * @since 0.1.0
 */

/**
 * What can be wrong with what an API says to a callback URL: everything is sent twice (`duplicate`), the end before the
 * beginning (`out-of-order`), with a signature by another secret (`wrong-signature`), with a timestamp ten minutes ago
 * (`stale`), with none of the three headers (`unsigned`), not at all (`lost`), or not the end (`lost-end`).
 *
 * @category options
 * @since 0.1.0
 */
export type WebhookFault =
  | "duplicate"
  | "out-of-order"
  | "wrong-signature"
  | "stale"
  | "unsigned"
  | "lost"
  | "lost-end"

/**
 * How the simulated APIs call back.
 *
 * @category options
 * @since 0.1.0
 */
export interface WebhookOptions {
  /**
   * The secrets (`whsec_…`) with which Kling signs: none, one, or two while one is being changed.
   *
   * @default []
   */
  readonly secrets?: ReadonlyArray<string> | undefined
  /**
   * @default []
   */
  readonly faults?: ReadonlyArray<WebhookFault> | undefined
  /**
   * After how many simulated seconds what was not accepted is sent again, each time.
   *
   * @default [5, 300, 1800, 7200]
   */
  readonly retrySeconds?: ReadonlyArray<number> | undefined
}

/**
 * The options of a simulator; every one has a default that follows the documentation of the API.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * Decides ids, job lengths, outcomes and faults with a probability. The same seed and the same requests give the
   * same answers.
   *
   * @default 1
   */
  readonly seed?: number | undefined
  /**
   * How many times faster than the caller's clock the simulated time runs.
   *
   * @default 1
   */
  readonly speed?: number | undefined
  /**
   * The date at which the simulator starts, in epoch ms.
   *
   * @default the clock's; a clock that stands at 1970, as `TestClock` does, is taken to 2026-04-20
   */
  readonly epoch?: number | undefined
  /**
   * The shortest and the longest job, in seconds.
   *
   * @default { min: 60, max: 120 }
   */
  readonly jobSeconds?: { readonly min: number; readonly max: number } | undefined
  /**
   * The share of jobs that fail or end in an error, each from 0 to 1.
   *
   * @default { failed: 0, error: 0 }
   */
  readonly outcomes?: { readonly failed?: number | undefined; readonly error?: number | undefined } | undefined
  /**
   * For how many seconds after its create a task is unknown to polls.
   *
   * @default 0
   */
  readonly visibleAfterSeconds?: number | undefined
  /**
   * How many seconds a signed link lives.
   *
   * @default 86400
   */
  readonly linkSeconds?: number | undefined
  /**
   * The origin of the links to files, when it is to differ from the one that the client asked.
   */
  readonly filesOrigin?: string | undefined
  /**
   * How progress is written: `45`, `"45%"`, `45.31`, `0.45`, not at all, or always 30 while running.
   *
   * @default what the form of the body has: an integer, or a percentage in the wrapper of New-API
   */
  readonly progress?: "integer" | "percent" | "float" | "fraction" | "absent" | "stuck" | undefined
  /**
   * How timestamps are written.
   *
   * @default "seconds"
   */
  readonly timestamps?: "seconds" | "milliseconds" | "iso" | undefined
  /**
   * Adds fields that no documentation knows to every task.
   *
   * @default false
   */
  readonly extraFields?: boolean | undefined
  /**
   * No finished task has a link; the file is only at the content route, where the API has one.
   *
   * @default false
   */
  readonly withoutUrl?: boolean | undefined
  /**
   * CometAPI's status words: `upper` (`SUBMITTED` … `ERROR`), `lower` (`queued` … `error`), or both by turns.
   *
   * @default "upper"
   */
  readonly vocabulary?: "upper" | "lower" | "mixed" | undefined
  /**
   * Fills `completed_at` with the time of the poll while the task still runs, as the newer sample of CometAPI shows.
   *
   * @default false
   */
  readonly completedAtWhileRunning?: boolean | undefined
  /**
   * Writes CometAPI's tasks of other models than Sora as clients have met them at clones of OpenAI's videos: the link in
   * `output[0]` of a task that `succeeded` (CometAPI's blog), or in `data[0].url`; a percentage for progress, and a sentence
   * for an error.
   *
   * @default "none"
   */
  readonly cometClone?: "none" | "output" | "data" | undefined
  /**
   * CometAPI's body for an unknown task: `flat` (`code`, `message`, `data`) or `nested` (`error.message`, no code).
   *
   * @default "flat"
   */
  readonly unknownTask?: "flat" | "nested" | undefined
  /**
   * CometAPI's body for a value out of range: `flat` (`code` on top) or `nested` (`error.code`).
   *
   * @default "flat"
   */
  readonly refusal?: "flat" | "nested" | undefined
  /**
   * What `GET /v1/video/generations/{id}` answers: the documented `flat` body; the `wrapped` row that New-API sends;
   * the short wrapped body of its `gemini` channels; a `stripped` row without a link; a wrapper around `empty-data`.
   *
   * @default "flat" at the root, "wrapped" under `/newapi`
   */
  readonly genericBody?: "flat" | "wrapped" | "gemini" | "stripped" | "empty-data" | undefined
  /**
   * What `POST /v1/video/generations` answers: a `video` object; only `task_id` and `status` (`short`); or a 201 with
   * the status `processing` (`created`).
   *
   * @default "video"
   */
  readonly genericCreate?: "video" | "short" | "created" | undefined
  /**
   * The pause between two looks of New-API at its upstream: a row shows nothing newer, and is `NOT_START` before the
   * first. The documented flat body is not a row.
   *
   * @default 15
   */
  readonly tickSeconds?: number | undefined
  /**
   * A finished row carries its link in `fail_reason`, as New-API did before 2026.
   *
   * @default false
   */
  readonly urlInFailReason?: boolean | undefined
  /**
   * Opens `POST /v1/tasks`, which SeeAny does not document.
   *
   * @default false
   */
  readonly seeanyCreate?: boolean | undefined
  /**
   * How Ark writes the `content` of a finished task: the documented `object`, or a list of one as a clone of it does.
   *
   * @default "object"
   */
  readonly arkContent?: "object" | "array" | undefined
  /**
   * How Ark writes tokens and lengths: as numbers, or as strings.
   *
   * @default "numbers"
   */
  readonly arkNumbers?: "numbers" | "strings" | undefined
  /**
   * How Kling and CometAPI answer a query about one of its tasks: the documented `native` body; the row of CometAPI's gateway
   * round it (`wrapped`); or the fields of Kling's `new` API, in a list of one.
   *
   * @default "native"
   */
  readonly klingBody?: "native" | "wrapped" | "new" | undefined
  /**
   * How Kling writes the `code` of a good answer: 0, `"0"`, or not at all.
   *
   * @default "number"
   */
  readonly klingCode?: "number" | "string" | "absent" | undefined
  /**
   * Whether Kling's good answers have a `message`, or null in its place.
   *
   * @default "text"
   */
  readonly klingMessage?: "text" | "null" | undefined
  /**
   * The `task_status_msg` of a success of Kling: empty, or the word `success`.
   *
   * @default "empty"
   */
  readonly klingStatusMessage?: "empty" | "success" | undefined
  /**
   * What CometAPI's `GET /runwayml/v1/tasks/{id}` answers: the `native` task of its newer page, or the `wrapped` row of its
   * older one.
   *
   * @default "native"
   */
  readonly runwayBody?: "native" | "wrapped" | undefined
  /**
   * What Runway calls a task that waits: `THROTTLED` stands for one behind the limit of the account.
   *
   * @default "PENDING"
   */
  readonly runwayQueued?: "PENDING" | "THROTTLED" | undefined
  /**
   * What Runway calls a cancelled task that can still be read, in either spelling.
   *
   * @default one that was cancelled by `DELETE` is unknown from then on
   */
  readonly runwayCancelled?: "CANCELLED" | "CANCELED" | undefined
  /**
   * Runway's status words in `upper` case as documented, or in `lower` case as some relatives of it write them.
   *
   * @default "upper"
   */
  readonly runwayWords?: "upper" | "lower" | undefined
  /**
   * What CometAPI answers about xAI's tasks: the vendor's own form, flat, with the id of the task; or the older row, whose
   * link is in `fail_reason`. The vendor itself is always native.
   *
   * @default "native"
   */
  readonly xaiBody?: "native" | "wrapped" | undefined
  /**
   * What xAI says of a job that has not ended: its `status` and progress (at the vendor with HTTP 202, at CometAPI 200);
   * an `empty` body with HTTP 202; or a body of only `request_id`.
   *
   * @default "body"
   */
  readonly xaiPending?: "body" | "empty" | "id" | undefined
  /**
   * What xAI says of a job that its moderation stopped (`[moderate]`): `done`, with `respect_moderation: false`
   * (`withheld`); or HTTP 400 with a reason and what it cost (`refused`).
   *
   * @default "withheld"
   */
  readonly xaiModeration?: "withheld" | "refused" | undefined
  /**
   * xAI's finished jobs come without a `status`.
   *
   * @default false
   */
  readonly xaiWithoutStatus?: boolean | undefined
  /**
   * The shape of xAI's errors: `{ code, error }` (`flat`), `{ error }` (`bare`), or `{ error: { message, type, param, code } }`
   * (`nested`).
   *
   * @default "flat"
   */
  readonly xaiErrors?: "flat" | "bare" | "nested" | undefined
  /**
   * How the URLs are called that creates name: see `SimulatorWebhooks`.
   */
  readonly webhooks?: WebhookOptions | undefined
  /**
   * How many requests the ledger keeps in full; its counts go on.
   *
   * @default 10000
   */
  readonly keepRequests?: number | undefined
  /**
   * How many tasks are kept, for servers that run for long: those that were made first are forgotten, with their links and
   * their lines in the ledger. A client that asks for one of them hears that there is no such task.
   *
   * @default all of them
   */
  readonly keepTasks?: number | undefined
}
