import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { column, type ColumnId } from "./FaultMatrix/columns.ts"
import { withPart } from "./FaultMatrix/page.ts"
import { play, type Played } from "./FaultMatrix/play.ts"
import { groups, type Row } from "./FaultMatrix/rows.ts"
import { render } from "./FaultMatrix/table.ts"
import { playTogether, rows } from "./FaultMatrix/together.ts"

const results = new Map<Row, Map<ColumnId, Played>>()

describe("FaultMatrix", { concurrent: true }, () => {
  for (const group of groups) {
    for (const row of group.rows) {
      for (const id of row.columns) {
        it.live(`${group.title}: ${row.fault} (${column(id).title})`, () =>
          Effect.gen(function*() {
            const played = yield* play(group, row, id)
            const { afterwards, bills = 1, ends, posts = 1 } = { ...row, ...row.except?.[id] }
            const creates = column(id).request !== undefined
            assert.deepStrictEqual(played, {
              ends,
              afterwards,
              posts: creates ? posts : 0,
              bills: creates ? bills : 0,
              hasHandle: true
            })
            const known = results.get(row) ?? new Map<ColumnId, Played>()
            results.set(row, known.set(id, played))
          }), 60_000)
      }
    }
  }
})

describe("FaultMatrix of two tasks that one request reads", { concurrent: true }, () => {
  for (const row of rows) {
    it.live(row.fault, () =>
      Effect.gen(function*() {
        const { lists, polls, ...played } = yield* playTogether(row)
        assert.deepStrictEqual(played, { ends: ["SUCCESS", "SUCCESS"], posts: 2, bills: 2 })
        assert.isTrue(lists >= row.lists[0] && lists <= row.lists[1], `${lists} lists`)
        assert.isTrue(polls >= row.polls, `${polls} single reads`)
      }), 60_000)
  }
})

describe("FaultMatrix page", { concurrent: false }, () => {
  it("equals docs/faults.md, which `pnpm faults` writes", () => {
    const { known, written } = withPart("matrix", render(groups, results))
    assert.strictEqual(known, written)
  })
})
