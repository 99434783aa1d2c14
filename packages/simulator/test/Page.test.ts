import { assert, describe, it } from "@effect/vitest"
import { Fault, Script } from "@video-tasks/simulator"
import * as fs from "node:fs"
import * as path from "node:path"

const page = fs.readFileSync(path.resolve(import.meta.dirname, "../../../docs/simulator.md"), "utf8")

describe("docs/simulator.md", () => {
  it("lists every fault with what it does", () => {
    const listed = [...page.matchAll(/^\| `([^`]+)` +\| (.+?) +\| (yes|no) +\|/gm)].map((
      [, name, summary, accepts]
    ) => [
      name,
      summary,
      accepts === "yes"
    ])
    assert.deepStrictEqual(
      listed,
      Object.entries(Fault.faults).map(([name, { accepts, summary }]) => [name, summary, accepts])
    )
  })

  it("names every field of a line, every operation and every API", () => {
    const names = [...Object.keys(Script.Line.fields), ...Script.Operation.literals, ...Script.Api.literals]
    assert.deepStrictEqual(names.filter((name) => !page.includes(`\`${name}\``)), ["fault"])
  })

  it("shows a script that can be read", () => {
    const [, script = ""] = /```jsonl\n([\s\S]*?)```/.exec(page) ?? []
    assert.strictEqual(Script.parseResult(script)._tag, "Success")
  })
})
