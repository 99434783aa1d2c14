/**
 * A task of the dashboard as messages for an inspector. Only what is named here is told: no prompt, no link, no answer.
 */
import type { Detail } from "../../../src/Contract.ts"
import definition from "../task-machine.json?raw"

/** A message about a task. */
export interface TaskMessage {
  readonly type: "@xstate.actor" | "@xstate.event" | "@xstate.snapshot"
  readonly createdAt: string
  readonly name?: string
  /** As JSON text. */
  readonly definition?: string
  readonly event?: { readonly type: string }
  readonly snapshot?: { readonly value: string }
}

const common = ({ row }: Detail, at: number) => ({
  sessionId: row.id,
  rootId: row.id,
  createdAt: String(at),
  id: null,
  _version: "0.7.2"
})

const snapshotOf = ({ row }: Detail, value: string, progress: number | undefined) => ({
  status: value === "SUBMITTED" || value === "IN_PROGRESS" ? "active" : "done",
  value,
  context: {
    task: {
      id: row.id,
      provider: row.provider,
      family: row.family,
      ...(row.model === undefined ? {} : { model: row.model }),
      ...(progress === undefined ? {} : { progress }),
      createdAt: row.createdAt
    }
  },
  children: {},
  historyValue: {},
  tags: []
})

/** The whole life of a task so far: what it is, then an event and a snapshot for every step of its journal. */
export const messagesOf = (detail: Detail): ReadonlyArray<TaskMessage> => {
  const { moments, row } = detail
  return [
    {
      ...common(detail, row.createdAt),
      type: "@xstate.actor",
      name: `${row.provider} ${row.remoteId ?? row.id}`,
      definition,
      snapshot: snapshotOf(detail, "SUBMITTED", undefined)
    },
    ...moments.flatMap((moment) => {
      if (moment.kind !== "step" || moment.to === undefined) return []
      const event = moment.type === "task.created"
        ? { type: "xstate.init" }
        : { type: moment.type, ...(moment.progress === undefined ? {} : { progress: moment.progress }) }
      const shared = { ...common(detail, moment.at), event }
      return [
        { ...shared, type: "@xstate.event" as const },
        { ...shared, type: "@xstate.snapshot" as const, snapshot: snapshotOf(detail, moment.to, moment.progress) }
      ]
    })
  ]
}
