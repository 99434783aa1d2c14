import { assert, describe, it } from "@effect/vitest"
import { fitTable } from "../src/internal/fitTable.ts"

const columns = [
  { title: "MODEL", cells: ["a-model-of-some-length", "b"], isWhole: true },
  { title: "FAMILY", cells: ["", ""] },
  { title: "SIZES", cells: ["16:9 9:16 4:3 3:4 1:1", ""], dispensable: 1 },
  { title: "PRICE", cells: ["0.1 USD a second", "unknown"] },
  { title: "ROUTE", cells: ["POST /v1/videos", "POST /v1/a-very-long-route/of-some-api"], dispensable: 2 }
]

describe("fitTable", () => {
  it("is as wide as it needs where there is no terminal, without empty columns", () => {
    assert.deepStrictEqual(fitTable(columns, undefined), {
      head: "MODEL                   SIZES                  PRICE             ROUTE",
      lines: [
        "a-model-of-some-length  16:9 9:16 4:3 3:4 1:1  0.1 USD a second  POST /v1/videos",
        "b                                              unknown           POST /v1/a-very-long-route/of-some-api"
      ],
      leftOut: []
    })
  })

  it("breaks cells between words, and shortens a word that is too long", () => {
    assert.deepStrictEqual(fitTable(columns, 75), {
      head: "MODEL                   SIZES            PRICE             ROUTE",
      lines: [
        "a-model-of-some-length  16:9 9:16 4:3    0.1 USD a second  POST /v1/videos",
        "                        3:4 1:1",
        "b                                        unknown           POST",
        "                                                           /v1/a-ve…ome-api"
      ],
      leftOut: []
    })
  })

  it.each([200, 120, 100, 80, 75, 68, 60, 54, 40, 38])("is never wider than %d columns", (room) => {
    const { head, lines } = fitTable(columns, room)
    assert.isAtMost(Math.max(...[head, ...lines].map((line) => line.length)), room)
  })

  it("leaves out whole columns, the least needed first, and says so", () => {
    assert.deepStrictEqual(fitTable(columns, 60).leftOut, ["ROUTE"])
    assert.deepStrictEqual(fitTable(columns, 40).leftOut, ["SIZES", "ROUTE"])
  })

  it("is its head alone without rows", () => {
    assert.deepStrictEqual(fitTable([{ title: "MODEL", cells: [] }], 80), { head: "", lines: [], leftOut: [] })
  })
})
