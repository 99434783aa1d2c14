import { assert, describe, it } from "@effect/vitest"
import { SqliteTaskStore } from "@video-tasks/node"
import { TaskStore } from "@video-tasks/runtime"
import { Context, Effect, Layer } from "effect"
import * as path from "node:path"
import * as FollowProcess from "./support/followProcess.ts"
import * as SleepProcess from "./support/sleepProcess.ts"
import * as Tasks from "./support/storeTasks.ts"

const names = (name: string, count: number) => Array.from({ length: count }, (_, n) => `${name}-${n + 1}`)

const unique = (lines: ReadonlyArray<string>) => [...new Set(lines)].sort()

/** Looks until it is so: processes start when they start. */
const until = (what: string, isSo: () => boolean) =>
  Effect.gen(function*() {
    for (let tries = 0; tries < 1800; tries++) {
      if (isSo()) return
      yield* Effect.sleep(50)
    }
    assert.fail(`${what}: that never came`)
  })

/** Two processes on a file of their own, one of which falls asleep; the test looks into the same store. */
const sleepers = Effect.fnUntraced(function*(role: SleepProcess.Role) {
  const filename = path.join(yield* Tasks.folder, "tasks.db")
  const start = (role: SleepProcess.Role) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const { child, ended, take } = SleepProcess.start(filename, role)
        const said: Array<string> = []
        return { child, ended, said: () => (said.push(...take()), said) }
      }),
      ({ child, ended }) => Effect.promise(() => (child.kill("SIGKILL"), ended))
    )
  const store = Context.get(yield* Layer.build(SqliteTaskStore.layer({ filename })), TaskStore.TaskStore)
  const sleeper = yield* start(role)
  return { start, store, sleeper }
})

/** What stands in the store, read until it is so. */
const stored = <A, E>(what: string, read: Effect.Effect<A, E>, isSo: (value: A) => boolean): Effect.Effect<A, E> =>
  Effect.gen(function*() {
    for (let tries = 0; tries < 1800; tries++) {
      const value = yield* read
      if (isSo(value)) return value
      yield* Effect.sleep(50)
    }
    return assert.fail(`${what}: that never came`)
  })

// Windows has no such sleep.
describe.skipIf(process.platform === "win32")("a process that slept for longer than its lease", () => {
  it.live(
    "leaves the tasks to the one that took them over, and believes what that one wrote",
    () =>
      Effect.gen(function*() {
        const { sleeper, start, store } = yield* sleepers("follows")
        const ids = Array.from({ length: SleepProcess.tasks }, (_, n) => String(n + 1))
        yield* until(
          "every task is read twice",
          () => ids.every((id) => sleeper.said().filter((line) => line === `reads ${id}`).length >= 2)
        )
        sleeper.child.kill("SIGSTOP")
        const other = yield* start("takes")
        yield* until("every task is taken over", () => ids.every((id) => other.said().includes(`reads ${id}`)))
        const taken = yield* stored("every task is written", store.list({}), ({ items }) =>
          items.every(({ snapshot }) =>
            snapshot.value === "SUCCESS" || snapshot.task.progress === 50
          ))
        const owners = new Set(taken.items.flatMap(({ claim }) => claim === undefined ? [] : [claim.owner]))
        assert.strictEqual(owners.size, 1)
        sleeper.child.kill("SIGCONT")
        // What was being asked when it fell asleep is answered now.
        yield* Effect.sleep("1 second")
        const [before, readBefore] = [sleeper.said().length, other.said().length]
        yield* Effect.sleep(3 * FollowProcess.leaseMs)
        const after = sleeper.said().slice(before).filter((line) => !line.startsWith("ended"))
        assert.deepStrictEqual(after, [])
        assert.isAbove(other.said().length, readBefore)
        const waited = ids.slice(SleepProcess.tasks / 2).filter((id) => Number(id) % 2 === 1)
        yield* until("the sleeper hears of the ends", () =>
          waited.every((id) =>
            sleeper.said().includes(`ended ${id} SUCCESS`)
          ))
        const { items } = yield* store.list({})
        assert.deepStrictEqual(
          items.map(({ snapshot: { task, value } }) => [task.handle.remoteId, value, task.progress]),
          taken.items.map(({ snapshot: { task, value } }) => [task.handle.remoteId, value, task.progress])
        )
        for (const { claim, snapshot: { task, value }, version } of items) {
          assert.isTrue(value === "SUCCESS" ? claim === undefined : owners.has(claim?.owner ?? ""))
          const events = yield* store.events(task.id)
          assert.strictEqual(version, events.length)
          const seen = events.flatMap((event) =>
            event.type === "task.observed" ? [event.observation.progress ?? event.observation.status] : []
          )
          assert.deepStrictEqual(seen, [10, value === "SUCCESS" ? "SUCCESS" : 50])
        }
        assert.strictEqual(
          sleeper.said().filter((line) => line.startsWith("creates")).length,
          SleepProcess.tasks
        )
        assert.isFalse(other.said().some((line) => line.startsWith("creates")))
      }),
    90_000
  )

  it.live("sends no create again that waited and was judged meanwhile", () =>
    Effect.gen(function*() {
      const { sleeper, start, store } = yield* sleepers("sends")
      yield* until("it is asked to come again", () => sleeper.said().includes("creates 1"))
      sleeper.child.kill("SIGSTOP")
      const other = yield* start("takes")
      const ambiguous = store.submissions({ outcome: "ambiguous" })
      const [lost] = (yield* stored("it is judged", ambiguous, ({ items }) => items.length === 1)).items
      sleeper.child.kill("SIGCONT")
      yield* until("the sleeper gives up", () => sleeper.said().includes("failed NotSent"))
      const judged = yield* store.submission(lost!.id)
      assert.deepStrictEqual(judged?.outcome, { _tag: "rejected", reason: "NotSent" })
      // Several leases long, nobody sends it and nobody judges it anew.
      yield* Effect.sleep(2 * FollowProcess.leaseMs)
      assert.deepStrictEqual((yield* store.submission(lost!.id))?.outcome, judged?.outcome)
      assert.deepStrictEqual([...sleeper.said()].sort(), ["creates 1", "failed NotSent"])
      assert.isFalse(other.said().some((line) => line.startsWith("creates")))
    }), 240_000)

  it.live(
    "goes on with the task that the other one has found, when its own answer comes",
    () =>
      Effect.gen(function*() {
        const { sleeper, start, store } = yield* sleepers("hears")
        yield* until("it sends", () => sleeper.said().length > 0)
        sleeper.child.kill("SIGSTOP")
        yield* start("takes")
        const [found] = (yield* stored("it is found", store.list({}), ({ items }) => items.length === 1)).items
        const { handle, id } = found!.snapshot.task
        sleeper.child.kill("SIGCONT")
        yield* until("its answer comes", () => sleeper.said().length > 1)
        assert.deepStrictEqual(sleeper.said(), [`creates of-${id}`, `created of-${id}`])
        assert.strictEqual((yield* store.list({})).items.length, 1)
        const outcome = (yield* store.submission(id))?.outcome
        assert.strictEqual(outcome?._tag === "created" && outcome.handle.remoteId, handle.remoteId)
      }),
    90_000
  )
})

describe("two processes on one SQLite file", () => {
  it.live("follow no task twice, and one takes over what the other was killed with", () =>
    Effect.gen(function*() {
      const filename = path.join(yield* Tasks.folder, "tasks.db")
      const start = (name: string) =>
        Effect.acquireRelease(
          Effect.sync(() => FollowProcess.start(filename, name, 15)),
          ({ child, ended }) => Effect.promise(() => (child.kill("SIGKILL"), ended))
        )
      const [a, b] = yield* Effect.all([start("a"), start("b")])
      const read = { a: [] as Array<string>, b: [] as Array<string> }
      const look = () => {
        read.a.push(...a.take())
        read.b.push(...b.take())
      }
      const all = [...names("a", 15), ...names("b", 15)].sort()
      yield* until("every task is read", () => {
        look()
        return unique([...read.a, ...read.b]).length === all.length
      })
      // Several leases long, both of them follow their own.
      yield* Effect.sleep(3 * FollowProcess.leaseMs)
      look()
      assert.deepStrictEqual(unique(read.a), names("a", 15).sort())
      assert.deepStrictEqual(unique(read.b), names("b", 15).sort())
      a.child.kill("SIGKILL")
      yield* Effect.promise(() => a.ended)
      read.b = []
      yield* until("b reads what a has left", () => {
        look()
        return unique(read.b).length === all.length
      })
      const store = yield* Effect.flatMap(TaskStore.TaskStore, (one) => one.list({})).pipe(
        Effect.provide(SqliteTaskStore.layer({ filename }))
      )
      assert.strictEqual(new Set(store.items.map((one) => one.claim?.owner)).size, 1)
    }), 240_000)
})
