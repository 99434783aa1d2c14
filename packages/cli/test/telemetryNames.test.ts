import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"

const root = path.resolve(import.meta.dirname, "../../..")

const page = fs.readFileSync(path.join(root, "docs/telemetry.md"), "utf8")

/** What the first column of a table of the page names. */
const documented = (heading: string): ReadonlyArray<string> => {
  const [, section = ""] = page.split(`\n## ${heading}\n`)
  const [table = ""] = section.split("\n## ")
  return [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, name = ""]) => name).sort()
}

/** What the sources of the packages say, by a pattern whose first group is the name. */
const said = (pattern: RegExp): ReadonlyArray<string> => {
  const names = new Set<string>()
  for (const name of ["runtime", "providers", "node", "cluster", "cli"]) {
    const folder = path.join(root, "packages", name, "src")
    for (const file of fs.readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(".ts") || /suite/i.test(file) || file.startsWith("commands/")) continue
      const source = fs.readFileSync(path.join(folder, file), "utf8")
      for (const [, found = ""] of source.matchAll(pattern)) names.add(found)
    }
  }
  return [...names].sort()
}

describe("docs/telemetry.md", () => {
  it("names every span, and no other", () => {
    const literal = said(/(?:Effect\.fn\(|withSpan\((?:\w+, )?)\s*["`]((?:\$\{api\.name\}|\w+)\.\w+)["`]/g)
    const inCode = [...new Set([...literal, ...said(/"(VideoTasks\.poll\w*)",/g)])]
      // oxlint-disable-next-line no-template-curly-in-string -- as it stands in the sources
      .map((name) => name.replace("${api.name}", "<Module>"))
    assert.deepStrictEqual(inCode.sort(), documented("Spans"))
  })

  it("names every attribute of ours, and no other", () => {
    assert.deepStrictEqual(said(/"((?:video_task|gen_ai)\.[a-z_.]+)"/g), documented("Attributes"))
  })

  it("names every metric, and no other", () => {
    assert.deepStrictEqual(
      said(/Metric\.(?:counter|histogram|gauge|frequency|summary|timer)\(\s*"(\w+)"/g),
      documented("Metrics")
    )
  })

  it("names every variable that switches it on", () => {
    const names = fs.readFileSync(path.join(root, "packages/cli/src/internal/otlp.ts"), "utf8")
      .match(/OTEL_[A-Z]+(?:_[A-Z]+)+/g) ?? []
    for (const name of names) assert.include(page, name)
  })
})
