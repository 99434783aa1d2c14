import type { Played } from "./play.ts"
import type { Group, Row } from "./rows.ts"

const head = `# Faults

What goes wrong on the wire, and how each task ends. Every row is a test: the simulator plays the fault over a real
socket, the real provider and the real transport meet it, and the simulator's ledger says how many creates arrived. This
page is written from the result of that test (\`pnpm faults\`); it fails when the page and the result differ.

A cell says how the task ended. \`then\` is what the same handle came to when it was waited for again. Where a create was
sent, exactly one reached the server unless the row says more: a 429 was answered, and the create was sent again after the
wait. SeeAny documents no create, so its tasks are attached.
`

const columns = ["cometapi", "generic", "seeany"] as const

const cell = (played: Played | undefined): string => {
  if (played === undefined) return "–"
  const afterwards = played.afterwards === undefined ? "" : `, then ${played.afterwards}`
  return `${played.ends}${afterwards}`
}

const creates = (results: ReadonlyMap<string, Played> | undefined): string => {
  const one = results?.get("cometapi") ?? results?.get("generic")
  return one === undefined ? "–" : `${one.posts} sent, ${one.bills} billed`
}

/** Writes the page. */
export const render = (
  groups: ReadonlyArray<Group>,
  results: ReadonlyMap<Row, ReadonlyMap<string, Played>>
): string => {
  const sections = groups.map((group) => {
    const rows = group.rows.map((row) => {
      const found = results.get(row)
      return `| ${[row.fault, ...columns.map((api) => cell(found?.get(api))), creates(found)].join(" | ")} |`
    })
    return [
      `## ${group.title}`,
      "",
      "| fault | CometAPI | generic | SeeAny | creates |",
      "|---|---|---|---|---|",
      ...rows
    ].join("\n")
  })
  return `${head}\n${sections.join("\n\n")}\n`
}
