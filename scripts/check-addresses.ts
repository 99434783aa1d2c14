/**
 * Fails when a tracked file, the lock file included, names the host of a package registry or the address of a tarball:
 * the same commit must install from whichever registry its user has configured.
 */
import * as childProcess from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"

const root = path.resolve(import.meta.dirname, "..")

/** The host that is configured here, if it has a name of its own. */
const configured = (): ReadonlyArray<RegExp> => {
  const { stdout } = childProcess.spawnSync("npm", ["config", "get", "registry"], { cwd: root, encoding: "utf8" })
  const address = stdout.trim()
  const host = URL.canParse(address) ? new URL(address).hostname : ""
  const isLocal = host === "" || host === "localhost" || /^[\d.]+$/.test(host)
  return isLocal ? [] : [new RegExp(`(?<![\\w.-])${host.replaceAll(".", "\\.")}(?![\\w-])`, "i")]
}

const patterns = [
  /\bregistry\.[a-z0-9-]+\.[a-z]{2,6}\b/i,
  /\b(npmjs|npmmirror|yarnpkg|jsr)\.(com|org|io)\b/i,
  /\/-\/[\w.-]+\.tgz\b/,
  /https?:\/\/\S+\.(tgz|tar\.gz)\b/i,
  /^\s*tarball:/m,
  ...configured()
]

const files = childProcess.execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" })
  .split("\0")
  .filter((file) => file !== "" && fs.existsSync(path.join(root, file)))

let found = 0
for (const file of files) {
  const text = fs.readFileSync(path.join(root, file), "utf8")
  for (const match of patterns.map((pattern) => pattern.exec(text)).filter((match) => match !== null)) {
    found++
    console.log(`${file}:${text.slice(0, match.index).split("\n").length} names ${match[0].trim()}`)
  }
}
console.log(`${files.length} files, ${found} addresses`)
process.exitCode = found > 0 || files.length === 0 ? 1 : 0
