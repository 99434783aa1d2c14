/**
 * Writes the picture of the task machine: `docs/machine.mmd`, and the block between the markers of `README.md`.
 *
 * Run with `--check` to fail instead of writing.
 */
import { Diagram, TaskMachine } from "@video-tasks/core"
import * as fs from "node:fs"
import * as path from "node:path"

const root = path.resolve(import.meta.dirname, "..")
const check = process.argv.includes("--check")
const [start, end] = ["<!-- machine:start -->", "<!-- machine:end -->"]

const picture = Diagram.toMermaid(Diagram.fromMachine(TaskMachine.machine))

const withPicture = (readme: string): string => {
  const [from, to] = [readme.indexOf(start), readme.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`README.md lacks the markers ${start} and ${end}`)
  return `${readme.slice(0, from)}${start}\n\n\`\`\`mermaid\n${picture}\`\`\`\n\n${readme.slice(to)}`
}

const read = (file: string): string => {
  const target = path.join(root, file)
  return fs.existsSync(target) ? fs.readFileSync(target, "utf8") : ""
}

const files = { "docs/machine.mmd": picture, "README.md": withPicture(read("README.md")) }

for (const [file, text] of Object.entries(files)) {
  if (read(file) === text) continue
  if (check) process.exitCode = 1
  else fs.writeFileSync(path.join(root, file), text)
  console.log(`${check ? "stale" : "wrote"} ${file}`)
}
