/**
 * Proves that the lint rules fire: every file of `tools/lint/fixtures` is linted as if it stood in this repository, and
 * each line must break exactly the rules that its comment `// expect plugin(rule)` names, no more and no fewer.
 */
import * as childProcess from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { compare } from "../tools/expectations.ts"

const root = path.resolve(import.meta.dirname, "..")
const fixtures = path.join(root, "tools/lint/fixtures")

interface Diagnostic {
  readonly code: string
  readonly filename: string
  readonly labels: ReadonlyArray<{ readonly span: { readonly line: number } }>
}

const lint = (folder: string): ReadonlyArray<Diagnostic> => {
  const config = JSON.parse(fs.readFileSync(path.join(root, ".oxlintrc.json"), "utf8"))
  const plugin = path.join(root, "tools/lint/index.ts")
  fs.writeFileSync(path.join(folder, ".oxlintrc.json"), JSON.stringify({ ...config, jsPlugins: [plugin] }))
  const oxlint = path.join(root, "node_modules/.bin/oxlint")
  const { stderr, stdout } = childProcess.spawnSync(oxlint, ["--format", "json", "."], {
    cwd: folder,
    encoding: "utf8"
  })
  if (!stdout.startsWith("{")) throw new Error(`oxlint said: ${stdout}${stderr}`)
  return JSON.parse(stdout).diagnostics
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lint-fixtures-"))
fs.cpSync(fixtures, folder, { recursive: true })
const found = lint(folder).map((one) => `${one.filename}:${one.labels[0]?.span.line} ${one.code}`)
fs.rmSync(folder, { recursive: true })
compare(fixtures, fs.globSync("**/*.ts", { cwd: fixtures }), found)
