import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { gzipSync } from "node:zlib"
import { dashboardPages } from "./utils/pages.ts"

describe("page: size", () => {
  it.effect(
    "loads at most 25 kB of JavaScript, and nothing that the server would have to allow",
    () =>
      Effect.gen(function*() {
        const files = yield* dashboardPages
        const html = String(files.get("/index.html"))
        const scripts = [...html.matchAll(/(?:src|href)="\.(\/assets\/[^"]+\.js)"/g)].map(([, name]) => name!)
        assert.isAtLeast(scripts.length, 1)
        const bytes = scripts.map((name) => gzipSync(String(files.get(name)), { level: 9 }).length)
        assert.isAtMost(bytes.reduce((sum, one) => sum + one, 0), 25_000, `${bytes.join(" + ")} bytes`)
        assert.notMatch(html, /<style|<script(?![^>]* src=)| style=| on[a-z]+=|data:|https?:/)
        const code = scripts.map((name) => String(files.get(name))).join("\n")
        assert.isNull(/\bimport\(|\beval\(|new Function/.exec(code))
        const addresses = new Set(code.match(/https?:\/\/[\w.]+/g))
        addresses.delete("http://www.w3.org")
        assert.deepStrictEqual([...addresses], ["https://stately.ai"])
      }),
    60_000
  )
})
