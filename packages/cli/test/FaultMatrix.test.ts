import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { play, type Played } from "./FaultMatrix/play.ts"
import { groups, type Row } from "./FaultMatrix/rows.ts"
import { render } from "./FaultMatrix/table.ts"

const page = path.resolve(import.meta.dirname, "../../../docs/faults.md")
const results = new Map<Row, Map<string, Played>>()

describe("FaultMatrix", { concurrent: true }, () => {
  for (const group of groups) {
    for (const row of group.rows) {
      for (const api of row.apis) {
        it.live(`${group.title}: ${row.fault} (${api})`, () =>
          Effect.gen(function*() {
            const played = yield* play(group, row, api)
            const creates = api === "seeany" ? 0 : 1
            assert.deepStrictEqual(played, {
              ends: row.ends,
              afterwards: row.afterwards,
              posts: api === "seeany" ? 0 : row.posts ?? creates,
              bills: api === "seeany" ? 0 : row.bills ?? creates,
              hasHandle: true
            })
            const known = results.get(row) ?? new Map<string, Played>()
            results.set(row, known.set(api, played))
          }), 60_000)
      }
    }
  }
})

describe("FaultMatrix page", { concurrent: false }, () => {
  it("equals docs/faults.md, which `pnpm faults` writes", () => {
    const table = render(groups, results)
    if (process.env["WRITE_FAULTS"] === "1") fs.writeFileSync(page, table)
    assert.strictEqual(fs.readFileSync(page, "utf8"), table)
  })
})
