import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import { complaint } from "../src/internal/nodeVersion.ts"

const { engines }: { readonly engines: { readonly node: string } } = JSON.parse(
  fs.readFileSync(path.join(import.meta.dirname, "../package.json"), "utf8")
)
const oldest = engines.node.replace(">=", "")

describe("nodeVersion", () => {
  it.each([
    ["18.20.8", "@video-tasks/node needs Node 22.19 or newer; this is Node 18.20.8."],
    ["20.20.2", "@video-tasks/node needs Node 22.19 or newer; this is Node 20.20.2."],
    ["22.18.0", "@video-tasks/node needs Node 22.19 or newer; this is Node 22.18.0."],
    [oldest, undefined],
    ["24.0.0", undefined],
    ["26.1.0-nightly", undefined]
  ])("says of Node %s: %s", (node, expected) => {
    assert.strictEqual(complaint({ node }), expected)
  })

  it("takes the oldest that package.json names and nothing below it", () => {
    const [major = 0, minor = 0] = oldest.split(".").map(Number)
    assert.isString(complaint({ node: `${major}.${minor - 1}.99` }))
    assert.isString(complaint({ node: `${major - 1}.99.0` }))
  })

  it("leaves Bun and Deno alone, which say the version that they play", () => {
    assert.isUndefined(complaint({ node: "20.11.1", deno: "2.1.0" }))
    assert.isUndefined(complaint({ node: "20.11.1", bun: "1.2.0" }))
  })
})
