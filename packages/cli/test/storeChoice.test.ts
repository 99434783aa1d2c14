import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import * as StoreChoice from "../src/internal/storeChoice.ts"

describe("the choice of a store", () => {
  it.each([
    ["memory", { _tag: "memory" }],
    ["tasks.db", { _tag: "file", path: "tasks.db" }],
    ["C:\\tasks.db", { _tag: "file", path: "C:\\tasks.db" }],
    ["mysql://host/db", undefined],
    ["postgres://:x:y", undefined],
    ["", undefined]
  ])("takes %j", (text, expected) => {
    assert.deepStrictEqual<unknown>(StoreChoice.parse(text), expected)
  })

  it("keeps the address of a database to itself", () => {
    const choice = StoreChoice.parse("postgresql://me:secret@host/db")
    assert.notInclude(JSON.stringify(choice), "secret")
    assert.strictEqual(choice?._tag === "postgres" && Redacted.value(choice.url), "postgresql://me:secret@host/db")
  })
})
