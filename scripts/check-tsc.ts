/**
 * Proves that the `tsc` that runs is the patched one, with the Effect diagnostics: by its version, and by a fixture that
 * must break exactly the rules that its comments name. Without the patch the rules would vanish without a word.
 */
import * as childProcess from "node:child_process"
import * as path from "node:path"
import { compare } from "../tools/expectations.ts"

const root = path.resolve(import.meta.dirname, "..")
const run = (...args: ReadonlyArray<string>): string =>
  childProcess.spawnSync(path.join(root, "node_modules/.bin/tsc"), args, { cwd: root, encoding: "utf8" }).stdout

const version = run("-v").trim()
console.log(version)
if (!version.includes("effect-tsgo")) {
  console.log("This is not the patched compiler: run `pnpm prepare`.")
  process.exitCode = 1
}
const report = run("-p", "tools/tsc", "--pretty", "false")
const found = [...report.matchAll(/^tools\/tsc\/(.+?)\((\d+),\d+\): .* effect\((\w+)\)$/gm)]
compare(path.join(root, "tools/tsc"), ["fixture.ts"], found.map(([, file, line, rule]) => `${file}:${line} ${rule}`))
