/**
 * What the flags change of every provider's cadence.
 */
import type { Options } from "@video-tasks/runtime/VideoTasks"
import * as Duration from "effect/Duration"
import type { Globals } from "./globals.ts"
import { type Problem, usage } from "./problem.ts"

/** The flags that concern the cadence. */
export type CadenceFlags = Pick<Globals, "pollFloor" | "pollCeiling" | "pollTimeout">

/** The cadence that the flags ask for. */
export const ofFlags = (flags: CadenceFlags): Options["poll"] => ({
  floor: flags.pollFloor,
  ceiling: flags.pollCeiling,
  timeout: flags.pollTimeout
})

/** What is wrong with the flags, if anything. */
export const contradiction = ({ pollCeiling, pollFloor, pollTimeout }: CadenceFlags): Problem | undefined => {
  if (pollFloor !== undefined && pollCeiling !== undefined && Duration.isGreaterThan(pollFloor, pollCeiling)) {
    return usage("--poll-floor is longer than --poll-ceiling; allowed: at most as long.")
  }
  if (pollTimeout !== undefined && Duration.isZero(pollTimeout)) {
    return usage("--poll-timeout is 0; allowed: longer than 0.")
  }
  return undefined
}
