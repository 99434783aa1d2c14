/**
 * Opens the store: an SQLite file of the user, unless another one is chosen.
 */
import * as TaskStore from "@video-tasks/runtime/TaskStore"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as UserDirectories from "effect/persistence/UserDirectories"
import * as Redacted from "effect/Redacted"
import process from "node:process"
import { ofReason } from "./exitCode.ts"
import * as Globals from "./globals.ts"
import { Problem, storeFailed } from "./problem.ts"
import { Screen } from "./screen.ts"
import * as Settings from "./settings.ts"
import { type Choice, secretsOf } from "./storeChoice.ts"

/** The store that `--store`, `VIDEO_TASKS_STORE` or nobody chose; drivers are loaded when they are needed. */
export const layer: Layer.Layer<
  TaskStore.TaskStore,
  Problem,
  Globals.Identifiers | FileSystem.FileSystem | Path.Path | Screen
> = Layer.unwrap(Effect.suspend(() => Effect.flatMap(choice, open)))

/** The same store for those who only look: a file that somebody named is not made, since its name may be mistyped. */
export const layerThere: typeof layer = Layer.unwrap(Effect.suspend(() =>
  Effect.gen(function*() {
    const named = yield* said
    if (named?._tag === "file") yield* checkThere(named.path)
    return yield* open(named ?? (yield* ofUser))
  })
))

/** The file of the store, where it is one. */
export const file: Effect.Effect<
  string | undefined,
  Problem,
  Globals.Identifiers | FileSystem.FileSystem | Path.Path
> = Effect.suspend(() => Effect.map(choice, (choice) => choice._tag === "file" ? choice.path : undefined))

/** What people call the store that is opened, without its password. */
export const named: Effect.Effect<
  string,
  Problem,
  Globals.Identifiers | FileSystem.FileSystem | Path.Path
> = Effect.suspend(() =>
  Effect.map(choice, (choice) => {
    if (choice._tag !== "postgres") return choice._tag === "file" ? choice.path : "memory"
    const { host, pathname } = new URL(Redacted.value(choice.url))
    return `postgres://${host}${pathname}`
  })
)

// internal

/** The store that somebody named. */
const said = Effect.gen(function*() {
  const { store } = yield* Globals.values
  return store ?? (yield* Settings.store)
})

const choice = Effect.gen(function*() {
  return (yield* said) ?? (yield* ofUser)
})

const checkThere = Effect.fnUntraced(function*(file: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  // What can't be looked at says so when it is opened.
  if (yield* Effect.orElseSucceed(fs.exists(file), () => true)) return
  return yield* new Problem({
    reason: "StoreError",
    code: ofReason.StoreError,
    message: `There is no store ${path.resolve(file)}.`,
    hint: ["Name the one that you mean with --store or VIDEO_TASKS_STORE. What keeps tasks, such as create, makes it."]
  })
})

const open = Effect.fnUntraced(function*(choice: Choice): Effect.fn.Return<
  Layer.Layer<TaskStore.TaskStore, Problem>,
  never,
  Screen
> {
  switch (choice._tag) {
    case "memory":
      return TaskStore.layerMemory
    case "file": {
      withoutSqliteWarning()
      const Sqlite = yield* Effect.promise(() => import("@video-tasks/node/SqliteTaskStore"))
      return failing(Sqlite.layer({ filename: choice.path }))
    }
    case "postgres": {
      const { hide } = yield* Screen
      yield* Effect.forEach(secretsOf(choice.url), hide, { discard: true })
      const Postgres = yield* Effect.promise(() => import("@video-tasks/node/PostgresTaskStore"))
      return failing(Postgres.layer({ url: choice.url }))
    }
  }
})

const failing = <A>(store: Layer.Layer<A, TaskStore.TaskStoreError>): Layer.Layer<A, Problem> =>
  Layer.catch(
    store,
    (error) =>
      Layer.effectContext(Effect.fail(storeFailed(error, ["Choose another one with --store, or mend this one."])))
  )

/** A file in the user's data folder. */
const ofUser: Effect.Effect<Choice, Problem, Path.Path> = Effect.gen(function*() {
  const path = yield* Path.Path
  const folder = yield* UserDirectories.make().data("video-tasks").pipe(
    Effect.mapError(() =>
      storeFailed({ message: "there is no folder of the user to keep tasks in", retryable: false }, [
        "Say where with --store PATH, or --store memory to forget them with the command."
      ])
    )
  )
  return { _tag: "file", path: path.join(folder, "tasks.db") }
})

/** Node 22 warns of its SQLite, which it calls experimental; people can't do anything about that. Others still warn. */
const withoutSqliteWarning = (): void => {
  const warn = process.emitWarning.bind(process)
  const quieter = (warning: string | Error, ...rest: ReadonlyArray<unknown>): void => {
    const type = typeof rest[0] === "string" ? rest[0] : warning instanceof Error ? warning.name : undefined
    if (type === "ExperimentalWarning" && /\bSQLite\b/.test(String(warning))) return
    Reflect.apply(warn, process, [warning, ...rest])
  }
  process.emitWarning = quieter
}
