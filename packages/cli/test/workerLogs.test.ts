import { assert, describe, it } from "@effect/vitest"
import { TaskStore } from "@video-tasks/runtime"
import { Cause, Effect, Fiber, Logger, References } from "effect"
import { TestClock } from "effect/testing"
import { Reporter } from "../src/internal/reporter.ts"
import * as Logs from "../src/internal/workerLogs.ts"

const reporterOf = (said: Array<string>, json = false) => {
  const say = (text: string) => Effect.sync(() => void said.push(text))
  const nothing = () => Effect.void
  return Reporter.of({
    json,
    quiet: false,
    created: nothing,
    changed: nothing,
    state: nothing,
    result: (_, line) => say(JSON.stringify(line)),
    note: nothing,
    warn: say,
    failed: nothing,
    interrupted: nothing
  })
}

const logged = (least: "Debug" | "Warn", trouble: Logs.Trouble, body: Effect.Effect<void>) =>
  Effect.gen(function*() {
    const said: Array<string> = []
    const logger = Logger.make<unknown, void>(({ logLevel, message }) =>
      void said.push(`${logLevel} ${String(message)}`)
    )
    yield* Logs.plainly(trouble)(body).pipe(
      Effect.provideService(Logger.CurrentLoggers, new Set([logger])),
      Effect.provideService(References.MinimumLogLevel, least)
    )
    return said
  })

const broken = Cause.fail(new Error("read ECONNRESET\nat somewhere"))

const noise = Effect.gen(function*() {
  yield* Effect.logError("Unhandled error in SocketServer", broken)
  yield* Effect.logError("Unhandled error in SocketServer", broken)
  yield* Effect.logWarning("a task exists that could not be stored", "vt1_a")
  yield* Effect.logWarning("a task exists that could not be stored", "vt1_b")
  yield* Effect.logWarning("bucket 3 was taken over by another runner")
  yield* Effect.logWarning(
    "claims could not be renewed",
    Cause.fail(new Error("bucket 4 was taken over by another runner"))
  )
  yield* Effect.logWarning("claims could not be renewed", broken)
})

describe("workerLogs", () => {
  it.effect("says trouble of a kind once, in a line, and counts what others took", () =>
    Effect.gen(function*() {
      const trouble = Logs.make()
      assert.deepStrictEqual(yield* logged("Warn", trouble, noise), [
        "Warn the connection of another worker broke off: read ECONNRESET",
        "Warn a task exists that could not be stored: vt1_a",
        "Warn a task exists that could not be stored: vt1_b",
        "Warn claims could not be renewed: read ECONNRESET"
      ])
      assert.deepStrictEqual([...trouble.taken], [3, 4])
    }))

  it.effect("says it again after half a minute", () =>
    Effect.gen(function*() {
      const again = Effect.andThen(noise, Effect.andThen(TestClock.adjust(30_000), noise))
      assert.strictEqual((yield* logged("Warn", Logs.make(), again)).length, 8)
    }))

  it.effect("leaves everything as it is for those who look for it", () =>
    Effect.gen(function*() {
      const said = yield* logged("Debug", Logs.make(), noise)
      assert.deepStrictEqual(said.slice(0, 2), [
        "Error Unhandled error in SocketServer",
        "Error Unhandled error in SocketServer"
      ])
      assert.strictEqual(said.length, 7)
    }))

  const outage = (json: boolean) =>
    Effect.gen(function*() {
      const told: Array<string> = []
      const trouble = Logs.make()
      let isAway = true
      const served = Effect.suspend(() =>
        isAway
          ? Effect.fail(
            new TaskStore.TaskStoreError({
              detail: "which runners live could not be read: connection refused",
              retryable: true
            })
          )
          : Effect.succeed([0])
      )
      const watching = yield* Effect.forkChild(
        Effect.provideService(Logs.watch(trouble, served), Reporter, reporterOf(told, json)),
        { startImmediately: true }
      )
      const logs = yield* logged(
        "Warn",
        trouble,
        Effect.gen(function*() {
          for (let n = 0; n < 20; n++) {
            yield* Effect.logWarning("claims could not be renewed", broken)
            yield* Effect.logError("Shard lock storage is unhealthy", broken)
            yield* TestClock.adjust(1000)
          }
          isAway = false
          yield* TestClock.adjust(2000)
          yield* Effect.logWarning("claims could not be renewed", broken)
          yield* TestClock.adjust(31_000)
          yield* Effect.logWarning("claims could not be renewed", broken)
          yield* TestClock.adjust(1000)
        })
      )
      yield* Fiber.interrupt(watching)
      return { told, logs, isWatched: trouble.isWatched }
    })

  it.effect("says once that the database is away, and once that it is back", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* outage(false), {
        told: [
          "The database can't be reached: connection refused; waiting.",
          "The database is back.",
          "warning: claims could not be renewed: read ECONNRESET"
        ],
        logs: [],
        isWatched: false
      })
    }))

  it.effect("says so in JSON", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* outage(true)).told.slice(0, 2), [
        "{\"type\":\"worker.database\",\"state\":\"away\",\"reason\":\"connection refused\"}",
        "{\"type\":\"worker.database\",\"state\":\"back\"}"
      ])
    }))
})
