import { assert, describe, it } from "@effect/vitest"
import { SqlTaskStore } from "@video-tasks/runtime"
import { SqlError } from "effect/sql"

const caused = (code: string | undefined, message = "it failed") => Object.assign(new Error(message), { code })

const connecting = (code: string | undefined, message?: string) =>
  new SqlError.SqlError({
    reason: new SqlError.ConnectionError({ cause: caused(code), operation: "connect", ...(message && { message }) })
  })

const unknown = (code: string) => new SqlError.SqlError({ reason: new SqlError.UnknownError({ cause: caused(code) }) })

describe("SqlTaskStore.isAway", () => {
  it("says so of what may pass by itself", () => {
    for (
      const error of [
        connecting("ECONNREFUSED"),
        connecting("EAI_AGAIN"),
        connecting("ENOTFOUND"),
        connecting("08006"),
        connecting(undefined, "PgConnection: Connection timed out"),
        connecting(undefined, "PgConnection: Connection closed during startup"),
        unknown("57P03"),
        unknown("57P01"),
        unknown("53300"),
        new SqlError.SqlError({
          reason: new SqlError.ConnectionError({ cause: caused(undefined), operation: "query" })
        }),
        new SqlError.SqlError({ reason: new SqlError.DeadlockError({ cause: caused("40P01") }) })
      ]
    ) assert.isTrue(SqlTaskStore.isAway(error), error.message)
  })

  it("does not say so of what a person must mend", () => {
    for (
      const error of [
        connecting("ERR_TLS_CERT_ALTNAME_INVALID"),
        connecting("DEPTH_ZERO_SELF_SIGNED_CERT"),
        connecting("EPROTO"),
        connecting(undefined, "PgConnection: Unrecognized sslmode in URL"),
        unknown("3D000"),
        unknown("57014"),
        new SqlError.SqlError({ reason: new SqlError.AuthenticationError({ cause: caused("28P01") }) }),
        new SqlError.SqlError({ reason: new SqlError.SqlSyntaxError({ cause: caused("42601") }) })
      ]
    ) assert.isFalse(SqlTaskStore.isAway(error), String(error.reason.cause))
  })
})
