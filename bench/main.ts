/**
 * Runs every measurement of this folder, one after the other, and prints them as tables: `node bench/main.ts [name…]`.
 */
import * as fs from "node:fs"
import * as path from "node:path"

interface Row {
  readonly metric: string
  readonly value: number | string
  readonly baseline: number | string
  readonly ratio?: number | undefined
  readonly budget?: number | string | undefined
}

interface Bench {
  readonly name: string
  readonly run: () => Promise<ReadonlyArray<Row>>
}

const isBench = (module: object): module is Bench =>
  "name" in module && typeof module.name === "string" && "run" in module && typeof module.run === "function"

const columns = ["metric", "value", "baseline", "ratio", "budget"] as const

const table = (rows: ReadonlyArray<Row>): string => {
  const cells = [
    [...columns],
    columns.map(() => ""),
    ...rows.map((row) => columns.map((column) => String(row[column] ?? "")))
  ]
  const widths = columns.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)))
  const line = (parts: ReadonlyArray<string>, filler: string) =>
    `| ${parts.map((part, column) => part.padEnd(widths[column] ?? 0, filler)).join(" | ")} |`
  return cells.map((parts, n) => line(parts, n === 1 ? "-" : " ")).join("\n")
}

const asked = process.argv.slice(2)
const folder = import.meta.dirname
const files = fs.readdirSync(folder).filter((file) => file.endsWith(".ts") && file !== "main.ts").sort()
let failed = 0

for (const file of files) {
  const key = path.basename(file, ".ts")
  if (asked.length > 0 && !asked.includes(key)) continue
  const module: object = await import(path.join(folder, file))
  if (!isBench(module)) continue
  process.stdout.write(`\n## ${module.name} (${key})\n\n`)
  try {
    process.stdout.write(`${table(await module.run())}\n`)
  } catch (error) {
    failed++
    process.stdout.write(`could not be measured: ${error instanceof Error ? error.message : String(error)}\n`)
  }
}

process.exitCode = failed === 0 ? 0 : 1
