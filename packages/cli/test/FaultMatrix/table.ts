import { all, column, type ColumnId } from "./columns.ts"
import type { Played } from "./play.ts"
import type { Group, Row } from "./rows.ts"

const head = `# Faults

What goes wrong on the wire, and how each task ends. Every row is a test: the simulator plays the fault over a real
socket, the real provider and the real transport meet it, and the simulator's ledger says how many creates arrived. This
page is written from the result of that test (\`pnpm faults\`); it fails when the page and the result differ.

A cell says how the task ended. \`then\` is what the same handle came to when it was waited for again. Where a create was
sent, exactly one reached the server unless the row says more: a 429 was answered, and the create was sent again after the
wait. SeeAny documents no create, so its tasks are attached. A number in brackets leads to the reason below the table.
`

const cell = (played: Played | undefined): string => {
  if (played === undefined) return "–"
  const afterwards = played.afterwards === undefined ? "" : `, then ${played.afterwards}`
  return `${played.ends}${afterwards}`
}

const money = ({ bills, posts }: Played): string => `${posts} sent, ${bills} billed`

type Results = ReadonlyMap<Row, ReadonlyMap<ColumnId, Played>>

const section = (group: Group, results: Results): string => {
  const notes: Array<string> = []
  const note = (row: Row, id: ColumnId): string => {
    const because = row.except?.[id]?.because
    if (because === undefined) return ""
    if (!notes.includes(because)) notes.push(because)
    return ` (${notes.indexOf(because) + 1})`
  }
  const rows = group.rows.map((row) => {
    const found = results.get(row)
    const usual = [...found ?? []].find(([id]) => column(id).request !== undefined && row.except?.[id] === undefined)
      ?.[1]
    return `| ${
      [
        row.fault,
        ...all.map((id) => cell(found?.get(id)) + note(row, id)),
        usual === undefined ? "–" : money(usual)
      ].join(" | ")
    } |`
  })
  return [
    `## ${group.title}`,
    "",
    `| fault | ${all.map((id) => column(id).title).join(" | ")} | creates |`,
    `|---|${all.map(() => "---|").join("")}---|`,
    ...rows,
    ...(notes.length === 0 ? [] : ["", ...notes.map((because, index) => `${index + 1}. ${because}`)])
  ].join("\n")
}

/** Writes the page. */
export const render = (groups: ReadonlyArray<Group>, results: Results): string =>
  `${head}\n${groups.map((group) => section(group, results)).join("\n\n")}\n`
