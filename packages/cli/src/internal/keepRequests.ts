/**
 * Whether the store keeps what was asked for.
 */
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import { type Problem, usage } from "./problem.ts"
import * as Settings from "./settings.ts"

/** The variable that says it. */
export const variable = "VIDEO_TASKS_KEEP_REQUESTS"

/** What the environment says, else `.env`; kept unless one of them says no. */
export const chosen: Effect.Effect<boolean, Problem, FileSystem.FileSystem> = Effect.gen(function*() {
  const file = yield* Settings.dotEnv
  const said = (yield* Settings.read(yield* ConfigProvider.ConfigProvider, variable)) ??
    (file === undefined ? undefined : yield* Settings.read(file, variable))
  if (said === undefined || /^(?:true|1|yes|on)$/i.test(said)) return true
  if (/^(?:false|0|no|off)$/i.test(said)) return false
  // Whoever mistypes it wants nothing kept.
  return yield* usage(`${variable} is not understood; allowed: true or false.`)
})
