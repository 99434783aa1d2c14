/**
 * ByteDance's Ark: Seedance at `/contents/generations/tasks`, at Volcengine Ark, BytePlus ModelArk and behind CometAPI.
 */
import * as ArkWire from "@video-tasks/core/ArkWire"
import * as PollPolicy from "@video-tasks/core/PollPolicy"
import * as Result from "effect/Result"
import type { FamilyApi, ListRoute } from "../familyApi.ts"
import * as ArkContent from "./arkContent.ts"
import * as ArkModels from "./arkModels.ts"
import * as ArkRules from "./arkRules.ts"
import * as SeedanceLength from "./seedanceLength.ts"

/** Where the family is served. */
export interface Place {
  /** Before `/contents/generations/tasks`. */
  readonly prefix: string
  /** Whether lists, cancelling and deleting are documented there. */
  readonly managed: boolean
}

/** Makes the family of a place. */
export const family = ({ managed, prefix }: Place): FamilyApi => {
  const tasks = `${prefix}/contents/generations/tasks`
  const task = `${tasks}/{id}`
  return {
    family: {
      id: "ark",
      title: "ByteDance Ark",
      models: ArkModels.models,
      statuses: ["SUBMITTED", "IN_PROGRESS", "SUCCESS", "FAILED", "CANCELLED", "EXPIRED"],
      // No page tells a cadence; 5 to 10 s is usual in clients.
      poll: { ...PollPolicy.standard, floorMs: 5_000, ceilingMs: 30_000, deadlineMs: 3_600_000 },
      graceMs: 20_000,
      canCreate: true,
      canCancel: managed,
      hasContentRoute: false,
      callbacks: "unsigned",
      takesCallbackUrl: true,
      ...(managed ? { canList: true, canRemove: true, batchSize } : {})
    },
    query: task,
    // Only what is queued can be cancelled; the same route deletes the record of a task that has ended.
    ...(managed ? { list: listOf(tasks), cancel: { path: task, from: ["SUBMITTED"] }, remove: task } : {}),
    callbackField: "callback_url",
    images: "links",
    reserved: ["model", "prompt", "image", "images", "size", "ratio", "resolution"],
    violations: ArkRules.violations,
    write: ArkContent.writeTo(tasks),
    billedSeconds: SeedanceLength.billedSeconds(ArkModels.models),
    toObservation: ArkWire.toObservation
  }
}

/**
 * The ids of a batch stand in the query: 100 of them, `filter.task_ids=cgt-20260427170604-ctz6g`, are 4 kB, so that the
 * line of the request stays below the 8 KiB that servers commonly take. A page could hold 500.
 */
const batchSize = 100

const maxPage = 500

const sizeOf = (limit = batchSize): number => Math.min(500, Math.max(1, Math.trunc(limit)))

const pageOf = (cursor = "1"): number => /^\d{1,3}$/.test(cursor) ? Math.max(1, Number(cursor)) : 1

/** Pages are numbered from 1; a filter for several tasks is repeated (BytePlus ModelArk, "List video generation tasks"). */
const listOf = (tasks: string): ListRoute => ({
  path: ({ cursor, ids = [], limit }) => {
    const query = new URLSearchParams({ page_num: String(pageOf(cursor)), page_size: String(sizeOf(limit)) })
    for (const id of ids) query.append("filter.task_ids", id)
    return `${tasks}?${query.toString()}`
  },
  filtersByIds: true,
  toPage: (body, { cursor, limit }) =>
    Result.map(ArkWire.toPage(body), ({ items, total }) => {
      const page = pageOf(cursor)
      const size = sizeOf(limit)
      const isLast = page >= maxPage || items.length === 0 ||
        (total === undefined ? items.length < size : page * size >= total)
      return { items, cursor: isLast ? undefined : String(page + 1) }
    })
})
