import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, References } from "effect"
import { TestClock } from "effect/testing"
import * as fs from "node:fs"
import { createRequire } from "node:module"
import * as path from "node:path"
import * as Calm from "../src/internal/calm.ts"

const alone = "No healthy runners available"

const ofCluster = Effect.annotateLogs({ module: "effect/cluster/Sharding" })

const logged = (least: "Debug" | "Warn") =>
  Effect.gen(function*() {
    const said: Array<string> = []
    const logger = Logger.make<unknown, void>(({ logLevel, message }) =>
      void said.push(`${logLevel} ${String(message)}`)
    )
    const calm = yield* Calm.make(1000)
    yield* Effect.gen(function*() {
      yield* ofCluster(Effect.logWarning(alone))
      yield* ofCluster(Effect.logWarning("Forced shard release is still pending"))
      yield* ofCluster(Effect.logError("Shard lock storage is unhealthy"))
      yield* Effect.logWarning(alone)
      yield* TestClock.adjust(1000)
      yield* ofCluster(Effect.logWarning(alone))
      yield* ofCluster(Effect.logWarning(alone))
      yield* TestClock.adjust(30_000)
      yield* ofCluster(Effect.logWarning(alone))
      yield* calm.leave
      yield* ofCluster(Effect.logWarning("Could not acquire/release shards"))
    }).pipe(
      Effect.provide(Layer.provide(calm.layer, Logger.layer([logger]))),
      Effect.provideService(References.MinimumLogLevel, least)
    )
    return said
  })

describe("Calm", () => {
  const trouble = [
    "Warn Forced shard release is still pending",
    "Error Shard lock storage is unhealthy",
    `Warn ${alone}`,
    `Warn ${alone}`
  ]
  const later = `Warn ${alone}`

  it.effect("lets a warning be one, save while the runner comes or goes, and says it once", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* logged("Warn"), [...trouble, later])
    }))

  it("knows the words of the Effect Cluster that is installed", () => {
    const effect = path.dirname(createRequire(import.meta.url).resolve("effect/package.json"))
    const source = fs.readFileSync(path.join(effect, "src/cluster/Sharding.ts"), "utf8")
    for (
      const words of [...Calm.expected, "Forced shard release is still pending", "Shard lock storage is unhealthy"]
    ) {
      assert.include(source, `"${words}`)
    }
    assert.include(source, `module: "effect/cluster/Sharding"`)
  })

  it.effect("keeps what it takes out for those who look for it", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* logged("Debug"), [
        `Debug ${alone}`,
        ...trouble,
        `Debug ${alone}`,
        later,
        "Debug Could not acquire/release shards"
      ])
    }))
})
