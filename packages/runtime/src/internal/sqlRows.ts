/**
 * Rows of the tables, there and back. The only place beside the downloads where links are written whole.
 */
import { sha256 } from "@noble/hashes/sha2.js"
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js"
import { Outcome, Submission } from "@video-tasks/core/Submission"
import { JournalEvent } from "@video-tasks/core/TaskEvent"
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import { Persisted } from "@video-tasks/core/TaskMachine"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { StoredTask } from "../TaskStore.ts"

/** @internal */
export interface TaskRow {
  readonly position: string
  readonly id: string
  readonly version: number
  readonly snapshot: string
  readonly raw: string | null
  readonly claim_owner: string | null
  readonly claim_until: number | null
}

/** @internal */
export interface SubmissionRow {
  readonly position: string
  readonly id: string
  readonly data: string
  readonly outcome_data: string
}

/** @internal */
export const encodeSnapshot = Schema.encodeEffect(Schema.fromJsonString(Persisted))

/** @internal */
export const encodeEvent = Schema.encodeEffect(Schema.fromJsonString(JournalEvent))

/** @internal */
export const decodeEvent = Schema.decodeUnknownEffect(Schema.fromJsonString(JournalEvent))

/** @internal */
export const encodeSubmission = Schema.encodeEffect(Schema.fromJsonString(Submission))

/** @internal */
export const encodeOutcome = Schema.encodeEffect(Schema.fromJsonString(Outcome))

/** @internal */
export const decodeSubmission = (row: SubmissionRow): Effect.Effect<Submission, Schema.SchemaError> =>
  Effect.zipWith(
    decodeSubmissionData(row.data),
    decodeOutcome(row.outcome_data),
    ({ outcome: _, ...rest }, outcome) => new Submission({ ...rest, outcome })
  )

/** @internal */
export const decodeTask = (row: TaskRow): Effect.Effect<StoredTask, Schema.SchemaError> =>
  Effect.zipWith(decodeSnapshot(row.snapshot), decodeRaw(row.raw), (snapshot, raw) => ({
    snapshot,
    version: row.version,
    ...(raw === undefined ? {} : { raw }),
    ...(row.claim_owner === null || row.claim_until === null
      ? {}
      : { claim: { owner: row.claim_owner, until: row.claim_until } })
  }))

/**
 * The answer as a JSON string: PostgreSQL's text has no U+0000, an answer may.
 *
 * @internal
 */
export const encodeRaw = (raw: string | undefined): string | null => raw === undefined ? null : JSON.stringify(raw)

/**
 * What makes a handle the same task, in 64 characters: an index takes no text of any length.
 *
 * @internal
 */
export const keyOf = (handle: TaskHandle): string =>
  bytesToHex(
    sha256(utf8ToBytes(JSON.stringify([handle.provider, handle.account, handle.baseUrl, handle.remoteId])))
  )

/**
 * A text that both databases take as a column to look at or to filter by.
 *
 * @internal
 */
export const plain = (text: string): string => text.replaceAll("\u0000", "\uFFFD")

const decodeSnapshot = Schema.decodeUnknownEffect(Schema.fromJsonString(Persisted))

const decodeRaw = (raw: string | null): Effect.Effect<string | undefined, Schema.SchemaError> =>
  raw === null ? Effect.undefined : decodeText(raw)

const decodeText = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.String))

const decodeSubmissionData = Schema.decodeUnknownEffect(Schema.fromJsonString(Submission))

const decodeOutcome = Schema.decodeUnknownEffect(Schema.fromJsonString(Outcome))
