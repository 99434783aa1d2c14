/**
 * Names that one at a time may have, for a while. They stand beside the leases of owners.
 */
import * as Effect from "effect/Effect"
import type { SqlClient } from "effect/sql/SqlClient"
import { longestLeaseMs } from "../Standing.ts"
import type { TaskStore } from "../TaskStore.ts"
import { orFail, type SqlFailures } from "./sqlFailures.ts"
import { alone } from "./sqlOwn.ts"

/** @internal */
export const make = (sql: SqlClient, failures: SqlFailures): Pick<TaskStore["Service"], "lock"> => {
  // One statement, so that of those who ask at once only the first finds it free.
  const take = (owner: string, until: number, now: number) =>
    sql`INSERT INTO video_tasks_leases ${sql.insert({ owner, until })}
      ON CONFLICT (owner) DO UPDATE SET until = excluded.until
      WHERE video_tasks_leases.until <= ${now} OR video_tasks_leases.until > ${now + longestLeaseMs}
      RETURNING owner`
  const keep = (owner: string, until: number, held: number) =>
    sql`UPDATE video_tasks_leases SET until = ${until} WHERE owner = ${owner} AND until = ${held} RETURNING owner`
  return {
    lock: (name, until, now, held) =>
      orFail(failures, `the lock ${name} could not be taken`)(
        Effect.map(
          alone(sql, held === undefined ? take(`lock:${name}`, until, now) : keep(`lock:${name}`, until, held)),
          (rows) => rows.length > 0
        )
      )
  }
}
