/**
 * Whether other machines work on the same store: then whoever holds a task reads it, and the others read the store.
 */
import * as Effect from "effect/Effect"
import * as Globals from "./globals.ts"
import * as Settings from "./settings.ts"

/** Whether the store is a database. */
export const isShared = Effect.gen(function*() {
  const { store } = yield* Globals.values
  return (store ?? (yield* Settings.store))?._tag === "postgres"
})
