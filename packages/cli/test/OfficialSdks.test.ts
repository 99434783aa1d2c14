import { assert, describe, it } from "@effect/vitest"
import { Simulator, SimulatorServer } from "@video-tasks/simulator"
import { Effect } from "effect"
import type { ColumnId } from "./FaultMatrix/columns.ts"
import { withPart } from "./FaultMatrix/page.ts"
import { play } from "./FaultMatrix/play.ts"
import { type Client, clients, openaiLibrary } from "./OfficialSdks/clients.ts"
import { groups, type SdkRow } from "./OfficialSdks/rows.ts"
import { type Both, render } from "./OfficialSdks/table.ts"

const results = new Map<SdkRow, Map<string, Both>>()

/** Minutes are seconds here: the SDKs wait with real timers. */
const speed = 40

const seed = 7

/** What becomes of an SDK under one fault: how it ends, and how many creates it sent. */
const outcome = (client: Client, on: "create" | "poll" | "download", row?: SdkRow) =>
  Effect.gen(function*() {
    const simulator = yield* Simulator.Simulator
    const { baseUrl } = yield* SimulatorServer.SimulatorServer
    if (row !== undefined) yield* simulator.script([{ ...row.line, on }])
    const video = yield* Effect.result(Effect.tryPromise(() => client.make(baseUrl)))
    const { bills, posts } = yield* simulator.ledger
    const isWhole = video._tag === "Success" && video.success.length > 1000
    return { ends: isWhole ? "finishes" : "fails", posts, bills }
  }).pipe(
    Effect.provide(SimulatorServer.layerSimulator({ seed, speed, jobSeconds: { min: 40, max: 50 } }))
  )

describe("OfficialSdks", { concurrent: true }, () => {
  it.live("openai lists page by page and deletes", () =>
    Effect.gen(function*() {
      const { baseUrl } = yield* SimulatorServer.SimulatorServer
      const make = Effect.tryPromise(() => clients["openai's own"].make(baseUrl))
      yield* Effect.all([make, make], { concurrency: 2 })
      const { after, before, deleted } = yield* Effect.tryPromise(() => openaiLibrary(baseUrl))
      assert.strictEqual(before.length, 2)
      assert.deepStrictEqual(deleted, { id: before[0] ?? "", deleted: true, object: "video.deleted" })
      assert.deepStrictEqual(after, before.slice(1))
    }).pipe(
      Effect.provide(SimulatorServer.layerSimulator({ seed, speed, jobSeconds: { min: 40, max: 50 } }))
    ), 60_000)

  for (const [id, client] of Object.entries(clients)) {
    it.live(`${client.sdk} finishes against the plain simulator`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* outcome(client, "poll"), { ends: "finishes", posts: 1, bills: 1 })
      }), 60_000)
    for (const group of groups) {
      for (const row of group.rows) {
        it.live(`${group.title}: ${row.fault} (${client.sdk} and ours)`, () =>
          Effect.gen(function*() {
            const { ends = "SUCCESS", fault, line, posts = 1, bills = 1 } = row
            const ours = yield* play(
              { ...group, rows: [] },
              { fault, columns: [], lines: [line], ends },
              id as ColumnId
            )
            assert.deepStrictEqual({ ends: ours.ends, posts: ours.posts, bills: ours.bills }, { ends, posts, bills })
            const both = { ours, sdk: yield* outcome(client, group.on, row) }
            results.set(row, (results.get(row) ?? new Map<string, Both>()).set(id, both))
          }), 90_000)
      }
    }
  }
})

describe("OfficialSdks page", { concurrent: false }, () => {
  it("stands in docs/faults.md, which `pnpm faults` writes", () => {
    const { known, written } = withPart("sdks", render(groups, results))
    assert.strictEqual(known, written)
  })
})
