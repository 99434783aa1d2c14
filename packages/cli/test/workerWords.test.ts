import { assert, describe, it } from "@effect/vitest"
import * as Words from "../src/internal/workerWords.ts"

describe("workerWords", () => {
  it("writes three and more buckets in a row as a range", () => {
    assert.strictEqual(Words.buckets([7]), "bucket 7")
    assert.strictEqual(Words.buckets([2, 1]), "buckets 1, 2")
    assert.strictEqual(Words.buckets([10, 0, 1, 2, 3, 5, 8, 9, 11, 12]), "buckets 0–3, 5, 8–12")
  })

  it("says what came, what was given up and what others took", () => {
    assert.strictEqual(Words.moves({ taken: [1], given: [], lost: [] }), "took bucket 1")
    assert.strictEqual(
      Words.moves({ taken: [0], given: [4, 5, 6], lost: [2, 3] }),
      "took bucket 0, gave buckets 4–6 up, others took buckets 2, 3"
    )
  })
})
