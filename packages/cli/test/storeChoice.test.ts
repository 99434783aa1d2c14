import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import * as os from "node:os"
import * as StoreChoice from "../src/internal/storeChoice.ts"

describe("the choice of a store", () => {
  it.each([
    ["memory", { _tag: "memory" }],
    ["tasks.db", { _tag: "file", path: "tasks.db" }],
    ["~/my tasks.db", { _tag: "file", path: `${os.homedir()}/my tasks.db` }],
    ["~x/tasks.db", { _tag: "file", path: "~x/tasks.db" }],
    ["C:\\tasks.db", { _tag: "file", path: "C:\\tasks.db" }],
    ["mysql://host/db", undefined],
    ["postgres://:x:y", undefined],
    ["", undefined]
  ])("takes %j", (text, expected) => {
    assert.deepStrictEqual<unknown>(StoreChoice.parse(text), expected)
  })

  it.each([
    ["postgres://me@host/db", []],
    ["postgres://me:pass-word@host/db", ["pass-word"]],
    ["postgres://me:p%40ss%2Fw%22rd@host/db", ["p%40ss%2Fw%22rd", "p@ss/w\"rd", "p@ss/w\\\"rd"]],
    ["postgres://me:100%@host/db", ["100%"]],
    ["postgres://me@host/db?password=p%40ss", ["p@ss"]]
  ])("knows what must not be shown of %j", (url, passwords) => {
    const secrets = StoreChoice.secretsOf(Redacted.make(url))
    assert.deepStrictEqual(secrets.map(Redacted.value), [url, ...passwords])
  })

  it("keeps the address of a database to itself", () => {
    const choice = StoreChoice.parse("postgresql://me:secret@host/db")
    assert.notInclude(JSON.stringify(choice), "secret")
    assert.strictEqual(choice?._tag === "postgres" && Redacted.value(choice.url), "postgresql://me:secret@host/db")
  })
})
