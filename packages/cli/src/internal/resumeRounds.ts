/**
 * What is unfinished, taken over in rounds: what nobody holds, then what those left behind whose leases have lapsed.
 */
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import type { TaskId } from "@video-tasks/core/TaskId"
import { isTerminal, running } from "@video-tasks/core/TaskStatus"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import { isHeld, sendingUntil } from "@video-tasks/runtime/Standing"
import { type StoredTask, TaskStore } from "@video-tasks/runtime/TaskStore"
import { type PollInfo, type Resumed, VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
import * as Stream from "effect/Stream"
import { underWay } from "./progress.ts"
import * as StoreReads from "./storeReads.ts"

/** The tasks that have not ended, oldest first. */
export const unfinished = Stream.runCollect(StoreReads.tasks({ status: running }))

/**
 * Claims all that is unfinished under the owner's name and has each task followed to its end, once; ends when what is left is
 * followed by others who live. Says what the following led to, how many tasks others hold, and what is left alone.
 */
export const inRounds = Effect.fnUntraced(function*<Done, E, R>(
  owner: string,
  follow: (mine: ReadonlyArray<StoredTask>) => Effect.Effect<ReadonlyArray<Done>, E, R>
) {
  const tasks = yield* VideoTasks
  const done: Array<Done> = []
  const followed = new Set<TaskId>()
  const known: Known = new Map()
  const leftAlone = new Map<string, VideoTaskError>()
  const renewed = new Map<TaskId, number>()
  for (;;) {
    const before = yield* look(owner)
    for (const { id } of before.held) known.set(id, known.get(id) ?? "held")
    for (const id of before.free) known.set(id, "free")
    // What it warns of is told by who calls.
    const resumed = yield* Effect.provideService(tasks.resume(), References.MinimumLogLevel, "Error")
    noteLeftAlone(leftAlone, resumed)
    const after = yield* look(owner)
    const rest = after.tasks.filter(({ snapshot }) => !followed.has(snapshot.task.id))
    const over = yield* endedHere(known, resumed, [...after.tasks.map(({ snapshot }) => snapshot.task.id), ...followed])
    const mine = [...rest.filter(({ claim }) => claim?.owner.startsWith(owner) === true), ...over]
    if (mine.length > 0) {
      for (const { snapshot } of mine) followed.add(snapshot.task.id)
      done.push(...(yield* follow(mine)))
      continue
    }
    const lapsing = lapsingOf(after.held.filter(({ id }) => !followed.has(id)), renewed)
    if (lapsing === undefined) {
      const held = rest.filter(({ claim }) => claim !== undefined).length
      return { done, held, leftAlone: [...leftAlone.values()] }
    }
    const waitMs = lapsing - (yield* Clock.currentTimeMillis)
    yield* underWay("waiting for what another process may have left", Effect.sleep(Math.max(0, waitMs) + 50))
  }
})

// internal

/** All that was open at some time: whether nobody else held it then. */
type Known = Map<TaskId, "free" | "held">

interface Holder {
  readonly id: TaskId
  readonly until: number
}

/** What is open: tasks that have not ended, and creates without an outcome. */
interface Standing {
  readonly tasks: ReadonlyArray<StoredTask>
  /** What nobody else holds. */
  readonly free: ReadonlyArray<TaskId>
  /** What another process follows, or sends. */
  readonly held: ReadonlyArray<Holder>
}

const look = Effect.fnUntraced(function*(owner: string) {
  const store = yield* TaskStore
  const now = yield* Clock.currentTimeMillis
  const free: Array<TaskId> = []
  const held: Array<Holder> = []
  const put = (id: TaskId, holder: StoredTask["claim"]): void => {
    if (!isHeld(holder, now) || holder.owner.startsWith(owner)) free.push(id)
    else held.push({ id, until: holder.until })
  }
  const tasks = yield* unfinished
  for (const { claim, snapshot } of tasks) put(snapshot.task.id, claim)
  for (const submission of yield* Stream.runCollect(StoreReads.submissions("pending"))) {
    const { id, owner: sender = "nobody" } = submission
    const leaseUntil = yield* StoreReads.reading(store.leaseOf(sender))
    const until = sendingUntil(submission, leaseUntil, now)
    put(id, until === undefined ? undefined : { owner: sender, until })
  }
  for (const { id } of yield* Stream.runCollect(StoreReads.submissions("ambiguous"))) free.push(id)
  return { tasks, free, held } satisfies Standing
})

const noteLeftAlone = (all: Map<string, VideoTaskError>, { leftAlone }: Resumed): void => {
  for (const error of leftAlone) {
    if (error.handle === undefined || error.reason._tag !== "ResumeIdentityChanged") continue
    all.set(TaskHandle.format(error.handle), error)
  }
}

/** What was open and has come to its end, but for what is said: taken over and ended in one go, or found there. */
const endedHere = Effect.fnUntraced(function*(known: Known, { found }: Resumed, but: ReadonlyArray<TaskId>) {
  const tasks = yield* VideoTasks
  const store = yield* TaskStore
  const all = new Map<TaskId, StoredTask>()
  const others = new Set(but)
  const put = (stored: StoredTask | undefined): void => {
    if (stored === undefined || others.has(stored.snapshot.task.id) || !isTerminal(stored.snapshot.value)) return
    all.set(stored.snapshot.task.id, stored)
  }
  for (const [id, standing] of known) {
    if (others.has(id)) continue
    // What another one held is ours to tell of when it was taken over behind the others, and read here.
    if (standing === "free" || isRead(yield* tasks.pollInfo(id))) put(yield* StoreReads.reading(store.load(id)))
  }
  for (const handle of found) put(yield* StoreReads.reading(store.find(handle)))
  return [...all.values()]
})

const isRead = ({ expectedEndAt, polls }: PollInfo): boolean => polls > 0 || expectedEndAt !== undefined

/** When the first lease lapses that was not renewed since it was seen first, in ms since the epoch. */
const lapsingOf = (all: ReadonlyArray<Holder>, seen: Map<TaskId, number>): number | undefined => {
  let first: number | undefined
  for (const { id, until } of all) {
    const before = seen.get(id) ?? until
    seen.set(id, before)
    if (until === before) first = Math.min(first ?? Infinity, until)
  }
  return first
}
