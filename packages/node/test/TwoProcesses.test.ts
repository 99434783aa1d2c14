import { assert, describe, it } from "@effect/vitest"
import { SqliteTaskStore } from "@video-tasks/node"
import { TaskStore } from "@video-tasks/runtime"
import { Effect } from "effect"
import * as path from "node:path"
import * as FollowProcess from "./support/followProcess.ts"
import * as Tasks from "./support/storeTasks.ts"

const names = (name: string, count: number) => Array.from({ length: count }, (_, n) => `${name}-${n + 1}`)

const unique = (lines: ReadonlyArray<string>) => [...new Set(lines)].sort()

/** Looks until it is so: processes start when they start. */
const until = (what: string, isSo: () => boolean) =>
  Effect.gen(function*() {
    for (let tries = 0; tries < 600; tries++) {
      if (isSo()) return
      yield* Effect.sleep(50)
    }
    assert.fail(`${what}: that never came`)
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
    }), 90_000)
})
