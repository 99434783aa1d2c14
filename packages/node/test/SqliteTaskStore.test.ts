import { assert, describe, it } from "@effect/vitest"
import { SqliteClient, SqliteTaskStore } from "@video-tasks/node"
import { SqlTaskStore, TaskStore, TaskStoreSuite } from "@video-tasks/runtime"
import { Effect, Layer, Logger } from "effect"
import { SqlClient } from "effect/sql"
import * as fs from "node:fs"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as StoreProcess from "./support/storeProcess.ts"
import * as Tasks from "./support/storeTasks.ts"

const inFile = Layer.unwrap(
  Effect.map(Tasks.folder, (made) => SqliteTaskStore.layer({ filename: path.join(made, "data", "tasks.db") }))
)

/** The store, and the client under it. */
const both = SqlTaskStore.layer.pipe(Layer.provideMerge(SqliteClient.layer({ filename: ":memory:" })))

const filled = (filename: string, tasks: number) =>
  Effect.forEach(Array.from({ length: tasks }, (_, n) => n + 1), (n) => Tasks.make(n)).pipe(
    Effect.provide(SqliteTaskStore.layer({ filename }))
  )

const refusal = (filename: string) =>
  Effect.map(
    Effect.flip(Effect.scoped(Layer.build(SqliteTaskStore.layer({ filename })))),
    ({ detail, retryable }) => ({ detail: detail.replace(filename, "FILE"), retryable })
  )

describe("SqliteTaskStore", () => {
  describe("in a file", () => {
    for (const one of TaskStoreSuite.cases) {
      it.effect(one.name, () => Effect.provide(one.effect, inFile))
    }
  })

  describe("in memory", () => {
    for (const one of TaskStoreSuite.cases) {
      it.effect(one.name, () => Effect.provide(one.effect, SqliteTaskStore.layer({ filename: ":memory:" })))
    }
  })

  it.effect("keeps everything from one process to the next", () =>
    Effect.gen(function*() {
      const filename = path.join(yield* Tasks.folder, "tasks.db")
      yield* filled(filename, 3)
      const kept = yield* Effect.flatMap(TaskStore.TaskStore, (store) => store.list({})).pipe(
        Effect.provide(SqliteTaskStore.layer({ filename }))
      )
      assert.deepStrictEqual(kept.items.map((one) => one.snapshot.task.id), [1, 2, 3].map(Tasks.idOf))
    }))

  describe("the file", () => {
    it.effect("and its companions are for their owner only, whatever the umask", () =>
      Effect.gen(function*() {
        const made = yield* Tasks.folder
        const filename = path.join(made, "data", "tasks.db")
        const umask = process.umask(0)
        yield* Effect.addFinalizer(() => Effect.sync(() => process.umask(umask)))
        const modes = yield* Effect.map(Tasks.make(1), () =>
          ["", "tasks.db", "tasks.db-wal", "tasks.db-shm"].map((name) =>
            (fs.statSync(path.join(made, "data", name)).mode & 0o777).toString(8)
          )).pipe(Effect.provide(SqliteTaskStore.layer({ filename })))
        assert.deepStrictEqual(modes, ["700", "600", "600", "600"])
      }))

    it.effect("keeps the mode that it has", () =>
      Effect.gen(function*() {
        const filename = path.join(yield* Tasks.folder, "tasks.db")
        fs.writeFileSync(filename, "", { mode: 0o640 })
        yield* filled(filename, 1)
        assert.strictEqual((fs.statSync(filename).mode & 0o777).toString(8), "640")
      }))

    it.effect("of another kind is refused", () =>
      Effect.gen(function*() {
        const filename = path.join(yield* Tasks.folder, "tasks.db")
        fs.writeFileSync(filename, "This is a diary.\n".repeat(500))
        assert.deepStrictEqual(yield* refusal(filename), {
          detail: "the store FILE could not be opened: the file is not an SQLite database (file is not a database)",
          retryable: false
        })
        assert.isTrue(fs.readFileSync(filename, "utf8").startsWith("This is a diary."))
      }))

    it.effect("that was cut is refused", () =>
      Effect.gen(function*() {
        const filename = path.join(yield* Tasks.folder, "tasks.db")
        yield* filled(filename, 50)
        fs.truncateSync(filename, 8192)
        assert.deepStrictEqual(yield* refusal(filename), {
          detail: "the store FILE could not be opened: the database file is damaged (database disk image is malformed)",
          retryable: false
        })
      }))

    it.effect("with a damaged page says so when the page is read", () =>
      Effect.gen(function*() {
        const filename = path.join(yield* Tasks.folder, "tasks.db")
        yield* filled(filename, 200)
        const database = new DatabaseSync(filename)
        const page = Number(
          database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'video_tasks_tasks'")
            .get()?.["rootpage"]
        )
        database.close()
        const file = fs.openSync(filename, "r+")
        fs.writeSync(file, Buffer.alloc(4096, 0xee), 0, 4096, (page - 1) * 4096)
        fs.closeSync(file)
        const error = yield* Effect.flip(Effect.flatMap(TaskStore.TaskStore, (store) => store.list({}))).pipe(
          Effect.provide(SqliteTaskStore.layer({ filename }))
        )
        assert.deepStrictEqual(
          { ...error },
          {
            ...error,
            detail: "tasks could not be read: the database file is damaged (database disk image is malformed)",
            retryable: false
          }
        )
      }))

    it.effect("of a newer version is refused as it is", () =>
      Effect.gen(function*() {
        const filename = path.join(yield* Tasks.folder, "tasks.db")
        yield* filled(filename, 1)
        const database = new DatabaseSync(filename)
        database.exec("INSERT INTO video_tasks_migrations (migration_id, name) VALUES (99, 'of_the_future')")
        database.close()
        const before = fs.readFileSync(filename)
        assert.deepStrictEqual(yield* refusal(filename), {
          detail: "the store was written by a newer version of video-tasks (schema 99, this one knows 2): use that one",
          retryable: false
        })
        assert.isTrue(before.equals(fs.readFileSync(filename)))
      }))

    it.live("that can't be written is refused", () =>
      Effect.gen(function*() {
        const made = yield* Tasks.folder
        const filename = path.join(made, "tasks.db")
        yield* filled(filename, 1)
        fs.chmodSync(filename, 0o444)
        fs.chmodSync(made, 0o777)
        const one = StoreProcess.start(filename, ["refused"])
        yield* Effect.promise(() => one.ended)
        assert.deepStrictEqual(one.lines.map((line) => JSON.parse(line.replace(filename, "FILE"))), [{
          detail:
            "the store FILE could not be opened: the database file can't be written (attempt to write a readonly database)",
          retryable: false
        }])
      }), 180_000)

    it.effect.skipIf(process.platform !== "linux")(
      "in a folder that takes none is refused at once",
      () =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* refusal("/proc/none/tasks.db"), {
            detail: "the store FILE could not be opened: the database file can't be made " +
              "(ENOENT: no such file or directory, mkdir '/proc/none')",
            retryable: true
          })
        })
    )

    it.effect("is made with its folders, which only their owner can read", () =>
      Effect.gen(function*() {
        const made = yield* Tasks.folder
        const filename = path.join(made, "a", "b", "tasks.db")
        yield* filled(filename, 1)
        const modes = [path.join(made, "a"), path.join(made, "a", "b"), filename].map((one) =>
          fs.statSync(one).mode & 0o777
        )
        assert.deepStrictEqual(modes, [0o700, 0o700, 0o600])
      }))

    it.effect("that is a folder is refused", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* refusal(yield* Tasks.folder), {
          detail:
            "the store FILE could not be opened: the database file can't be opened (unable to open database file)",
          retryable: true
        })
      }))
  })

  describe("on a full disk", () => {
    it.effect("refuses what it can't keep, and loses nothing that it confirmed", () =>
      Effect.gen(function*() {
        const filename = path.join(yield* Tasks.folder, "tasks.db")
        let confirmed = 0
        const error = yield* Effect.flip(Effect.forever(Effect.suspend(() =>
          Effect.tap(Tasks.make(confirmed + 1), () =>
            Effect.sync(() => {
              confirmed++
            }))
        ))).pipe(Effect.provide(SqliteTaskStore.layer({ filename, maxBytes: 200_000 })))
        assert.isAbove(confirmed, 20)
        assert.deepStrictEqual(
          error._tag === "TaskStoreError" ? [error.detail, error.retryable] : error,
          [
            `task ${Tasks.idOf(confirmed + 1)} could not be stored: the disk is full (database or disk is full)`,
            false
          ]
        )
        // With room again, it goes on where it was.
        const versions = yield* Effect.gen(function*() {
          const store = yield* TaskStore.TaskStore
          yield* Tasks.make(confirmed + 1)
          return yield* Effect.forEach(
            Array.from({ length: confirmed + 1 }, (_, n) =>
              Tasks.idOf(n + 1)),
            (id) => Effect.map(store.events(id), (events) => events.length)
          )
        }).pipe(Effect.provide(SqliteTaskStore.layer({ filename })))
        assert.deepStrictEqual(versions, Array.from({ length: confirmed + 1 }, () => 1))
      }))
  })

  describe("a step", () => {
    it.effect("that fails between its statements leaves nothing behind", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const store = yield* TaskStore.TaskStore
        yield* Tasks.begin(1)
        yield* sql`CREATE TRIGGER broken BEFORE INSERT ON video_tasks_events
          BEGIN SELECT RAISE(ABORT, 'broken in between'); END`
        const error = yield* Effect.flip(Tasks.make(1))
        assert.strictEqual(error.message, `task ${Tasks.idOf(1)} could not be stored: broken in between`)
        const outcomes = yield* store.submissions({})
        assert.deepStrictEqual(
          [yield* store.load(Tasks.idOf(1)), outcomes.items.map((one) => one.outcome._tag)],
          [undefined, ["pending"]]
        )
        yield* sql`DROP TRIGGER broken`
        yield* Tasks.make(1)
        yield* sql`CREATE TRIGGER broken BEFORE INSERT ON video_tasks_events
          BEGIN SELECT RAISE(ABORT, 'broken in between'); END`
        yield* Effect.flip(Tasks.advance(1, Tasks.succeeded))
        const kept = yield* store.load(Tasks.idOf(1))
        assert.deepStrictEqual([kept?.version, kept?.snapshot.value], [1, "SUBMITTED"])
      }).pipe(Effect.provide(both)))

    it.effect("that changes nothing writes nothing", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const store = yield* TaskStore.TaskStore
        yield* Tasks.begin(1)
        yield* Tasks.make(1)
        yield* Tasks.begin(2)
        yield* store.settle(Tasks.idOf(2), { _tag: "rejected", reason: "Unauthorized" })
        yield* store.claim("a", 1, 10_000, 5000)
        const written = Effect.map(sql`SELECT total_changes() AS n`, (rows) => rows[0]?.["n"])
        const before = yield* written
        const kept = yield* store.load(Tasks.idOf(1))
        assert.isDefined(kept)
        yield* store.append(Tasks.idOf(1), 1, [], { snapshot: kept.snapshot })
        yield* store.settle(Tasks.idOf(1), { _tag: "created", handle: Tasks.handleOf(1) })
        yield* store.settle(Tasks.idOf(1), { _tag: "ambiguous", detail: "too late" })
        yield* store.settle(Tasks.idOf(2), { _tag: "rejected", reason: "Unauthorized" })
        yield* store.claim("b", 10, 10_000, 5000)
        yield* store.release("b", [Tasks.idOf(1)])
        yield* store.renew("b", 20_000)
        yield* Effect.result(Tasks.make(1))
        assert.strictEqual(yield* written, before)
      }).pipe(Effect.provide(both)))
  })

  describe("a row that can't be read", () => {
    it.effect("hides no other, and tells no link", () => {
      const logged: Array<string> = []
      const logger = Logger.make(({ message }) => void logged.push(JSON.stringify(message)))
      return Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const store = yield* TaskStore.TaskStore
        for (const n of [1, 2, 3]) yield* Tasks.make(n)
        yield* Tasks.advance(2, Tasks.succeeded)
        yield* sql`UPDATE video_tasks_tasks SET snapshot = REPLACE(snapshot, 'SUCCESS', 'TRIUMPH') WHERE version = 2`
        const listed = yield* store.list({})
        assert.deepStrictEqual(listed.items.map((one) => one.snapshot.task.id), [1, 3].map(Tasks.idOf))
        const error = yield* Effect.flip(store.load(Tasks.idOf(2)))
        assert.strictEqual(
          error.detail,
          `task ${Tasks.idOf(2)} could not be read: it does not have the shape that this version knows`
        )
        assert.deepStrictEqual(logged, [
          JSON.stringify(["a row of the store can't be read and is left out", Tasks.idOf(2)])
        ])
      }).pipe(Effect.provide([both, Logger.layer([logger])]))
    })
  })

  describe("with several processes", () => {
    it.live("makes one file of all, from the very first moment", () =>
      Effect.gen(function*() {
        const filename = path.join(yield* Tasks.folder, "new", "tasks.db")
        const writers = [1, 101, 201].map((first) => StoreProcess.start(filename, ["append", first, 15]))
        const codes = yield* Effect.promise(() => Promise.all(writers.map((one) => one.ended)))
        assert.deepStrictEqual(codes, [0, 0, 0])
        const kept = yield* Effect.flatMap(TaskStore.TaskStore, (store) => store.list({})).pipe(
          Effect.provide(SqliteTaskStore.layer({ filename }))
        )
        const wanted = [1, 101, 201].flatMap((first) => Array.from({ length: 15 }, (_, n) => Tasks.idOf(first + n)))
        assert.deepStrictEqual(kept.items.map((one) => one.snapshot.task.id).sort(), wanted.sort())
        assert.isTrue(kept.items.every((one) => one.version === 5 && one.snapshot.value === "SUCCESS"))
      }), 180_000)

    it.live("gives no task to two of them", () =>
      Effect.gen(function*() {
        const filename = path.join(yield* Tasks.folder, "tasks.db")
        yield* filled(filename, 150)
        const owners = ["a", "b", "c"].map((owner) => StoreProcess.start(filename, ["claim", owner]))
        yield* Effect.promise(() => Promise.all(owners.map((one) => one.ended)))
        const claimed = owners.flatMap((one) => one.lines)
        assert.deepStrictEqual(claimed.sort(), Array.from({ length: 150 }, (_, n) => Tasks.idOf(n + 1)))
      }), 180_000)

    it.live("has every event that was confirmed before its process was killed", () =>
      Effect.gen(function*() {
        const filename = path.join(yield* Tasks.folder, "tasks.db")
        const confirmed = new Map<number, number>()
        for (let round = 0; round < 10; round++) {
          // Somewhere else in each round: within a transaction, between two, after one.
          const killedAt = 3 + 7 * round
          const one = StoreProcess.start(filename, ["append", 1 + 1000 * round, 1000], () => {
            if (one.lines.length === killedAt) one.child.kill("SIGKILL")
          })
          assert.isNull(yield* Effect.promise(() => one.ended))
          for (const line of one.lines) {
            const [n = 0, version = 0] = line.split(" ").map(Number)
            confirmed.set(n, version)
          }
          assert.isAtLeast(one.lines.length, killedAt)
        }
        const database = new DatabaseSync(filename)
        assert.deepStrictEqual({ ...database.prepare("PRAGMA integrity_check").get() }, { integrity_check: "ok" })
        database.close()
        yield* Effect.gen(function*() {
          const store = yield* TaskStore.TaskStore
          for (const [n, version] of confirmed) {
            const task = yield* store.load(Tasks.idOf(n))
            const events = yield* store.events(Tasks.idOf(n))
            assert.isAtLeast(task?.version ?? 0, version)
            assert.strictEqual(events.length, task?.version ?? 0)
          }
          const begun: Array<string> = []
          for (let cursor: string | undefined;;) {
            const page = yield* cursor === undefined ? store.submissions({}) : store.submissions({}, cursor)
            begun.push(...page.items.map((one) => one.id))
            cursor = page.cursor
            if (cursor === undefined) break
          }
          for (const n of confirmed.keys()) assert.include(begun, Tasks.idOf(n))
        }).pipe(Effect.provide(SqliteTaskStore.layer({ filename })))
      }), 180_000)
  })
})
