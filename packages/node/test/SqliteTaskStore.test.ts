import { describe, it } from "@effect/vitest"
import { SqliteTaskStore } from "@video-tasks/node"
import { TaskStoreSuite } from "@video-tasks/runtime"
import { Effect, Layer } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

/** A folder of its own, gone afterwards. */
const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "video-tasks-store-"))),
  (made) => Effect.sync(() => fs.rmSync(made, { recursive: true, force: true }))
)

const inFile = Layer.unwrap(
  Effect.map(folder, (made) => SqliteTaskStore.layer({ filename: path.join(made, "data", "tasks.db") }))
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
})
