/**
 * The messages of the inspector's protocol, read with care: whoever opened the page may send anything.
 */

/** A moment of an actor, as it was sent. */
export interface Snapshot {
  readonly status?: unknown
  readonly value?: unknown
  readonly context?: unknown
  readonly output?: unknown
  readonly error?: unknown
}

interface ActorMessage {
  readonly type: "@xstate.actor"
  readonly sessionId: string
  readonly name: string
  readonly parentId: string | undefined
  readonly definition: unknown
  readonly snapshot: Snapshot
  readonly at: number | undefined
}

interface EventMessage {
  readonly type: "@xstate.event"
  readonly sessionId: string
  readonly event: { readonly type: string }
  readonly sourceId: string | undefined
  readonly at: number | undefined
}

interface SnapshotMessage {
  readonly type: "@xstate.snapshot"
  readonly sessionId: string
  readonly event: { readonly type: string }
  readonly snapshot: Snapshot
  readonly at: number | undefined
}

export type Message = ActorMessage | EventMessage | SnapshotMessage

/** What a viewer says to who opened it, and hears when they stop. */
export const connected = "@statelyai.connected"
export const disconnected = "@statelyai.disconnected"

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const typeOf = (data: unknown): string | undefined =>
  isRecord(data) && typeof data["type"] === "string" ? data["type"] : undefined

/** Reads a message; `undefined` for anything else. */
export const parse = (data: unknown): Message | undefined => {
  if (!isRecord(data) || typeof data["_version"] !== "string" || typeof data["sessionId"] !== "string") return undefined
  const { sessionId } = data
  const at = timeOf(data["createdAt"])
  switch (data["type"]) {
    case "@xstate.actor":
      return {
        type: data["type"],
        sessionId,
        name: textOf(data["name"]) ?? sessionId,
        parentId: textOf(data["parentId"]),
        definition: definitionOf(data["definition"]),
        snapshot: snapshotOf(data["snapshot"]),
        at
      }
    case "@xstate.event":
      return {
        type: data["type"],
        sessionId,
        event: eventOf(data["event"]),
        sourceId: textOf(data["sourceId"]),
        at
      }
    case "@xstate.snapshot":
      return {
        type: data["type"],
        sessionId,
        event: eventOf(data["event"]),
        snapshot: snapshotOf(data["snapshot"]),
        at
      }
    default:
      return undefined
  }
}

// internal

const textOf = (value: unknown): string | undefined => typeof value === "string" ? value : undefined

const timeOf = (value: unknown): number | undefined => {
  const time = Number(value)
  return Number.isFinite(time) && time > 0 ? time : undefined
}

const eventOf = (value: unknown): { readonly type: string } => {
  const type = typeOf(value)
  return isRecord(value) && type !== undefined ? { ...value, type } : { type: "?" }
}

const snapshotOf = (value: unknown): Snapshot => isRecord(value) ? value : {}

/** The library sends JSON as text; an object is taken as well. */
const definitionOf = (value: unknown): unknown => {
  if (typeof value !== "string") return value
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}
