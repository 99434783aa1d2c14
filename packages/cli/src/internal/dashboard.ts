/**
 * Serves the dashboard until it is interrupted.
 */
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Demo from "./dashboardDemo.ts"
import { usage } from "./problem.ts"

/** What the user asked for. */
export interface DashboardInput {
  readonly port: number
  readonly host: string
  readonly allowHost: ReadonlyArray<string>
  readonly token: Option.Option<string>
  readonly readOnly: boolean
  readonly maxTasks: number
  readonly hidePrompts: boolean
  readonly demo: boolean
}

/** Serves it. */
export const show = (input: DashboardInput) => input.demo ? Demo.show(input) : Effect.fail(usage("Only --demo so far."))
