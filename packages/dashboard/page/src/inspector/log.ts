/**
 * What the viewer knows of the actors, step by step. Bounded: it may be left open for days.
 */
import * as Definition from "./definition.ts"
import type { Message, Snapshot } from "./messages.ts"

const maxActors = 200
const maxEntries = 400

export interface Entry {
  readonly key: number
  readonly at: number | undefined
  readonly event: { readonly type: string }
  /** What it led to; absent until the snapshot comes. */
  readonly from?: string | undefined
  readonly to?: string | undefined
}

export interface Edge {
  readonly event: string
  readonly from: ReadonlyArray<string>
  readonly to: ReadonlyArray<string>
}

export interface Actor {
  readonly sessionId: string
  readonly name: string
  readonly parentId: string | undefined
  readonly machine: Definition.State | undefined
  readonly snapshot: Snapshot
  readonly lastEdge: Edge | undefined
  readonly entries: ReadonlyArray<Entry>
  readonly dropped: number
}

export type Actors = ReadonlyMap<string, Actor>

/** Says what is known after a message. */
export const receive = (actors: Actors, message: Message): Actors => {
  const before = actors.get(message.sessionId)
  const next = new Map(actors)
  next.set(message.sessionId, step(before, message))
  const [oldest] = next.keys()
  if (next.size > maxActors && oldest !== undefined) next.delete(oldest)
  return next
}

// internal

let keys = 0

const unknown = (sessionId: string): Actor => ({
  sessionId,
  name: sessionId,
  parentId: undefined,
  machine: undefined,
  snapshot: {},
  lastEdge: undefined,
  entries: [],
  dropped: 0
})

const step = (before: Actor | undefined, message: Message): Actor => {
  const actor = before ?? unknown(message.sessionId)
  switch (message.type) {
    case "@xstate.actor":
      return {
        ...actor,
        name: message.name,
        parentId: message.parentId,
        machine: Definition.parse(message.definition),
        snapshot: message.snapshot
      }
    case "@xstate.event":
      return withEntry(actor, { key: ++keys, at: message.at, event: message.event })
    case "@xstate.snapshot":
      return moved(actor, message.snapshot, message.event, message.at)
  }
}

const withEntry = (actor: Actor, entry: Entry): Actor => {
  const entries = [...actor.entries, entry]
  const surplus = Math.max(0, entries.length - maxEntries)
  return { ...actor, entries: entries.slice(surplus), dropped: actor.dropped + surplus }
}

const moved = (actor: Actor, snapshot: Snapshot, event: { readonly type: string }, at: number | undefined): Actor => {
  const from = Definition.activePaths(actor.snapshot.value)
  const to = Definition.activePaths(snapshot.value)
  // The first snapshot repeats what the actor's own message said.
  const hasMoved = event.type !== "xstate.init" && from.length > 0 && from.join() !== to.join()
  const texts = { from: Definition.valueText(actor.snapshot.value), to: Definition.valueText(snapshot.value) }
  const last = actor.entries.at(-1)
  const told = last !== undefined && last.to === undefined && last.event.type === event.type
    ? { ...actor, entries: [...actor.entries.slice(0, -1), { ...last, ...texts }] }
    : withEntry(actor, { key: ++keys, at, event, ...texts })
  return { ...told, snapshot, lastEdge: hasMoved ? { event: event.type, from, to } : actor.lastEdge }
}
