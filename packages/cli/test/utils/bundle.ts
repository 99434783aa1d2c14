/**
 * Bundles the command as it is published, once for all tests that run it.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import type { TestProject } from "vitest/node"

declare module "vitest" {
  interface ProvidedContext {
    /** The file of the bundled command. */
    readonly command: string
  }
}

const cli = path.resolve(import.meta.dirname, "../..")

/** Called by Vitest; what it returns is called at the end. */
export const setup = (project: TestProject): () => void => {
  fs.mkdirSync(path.join(cli, "dist"), { recursive: true })
  // Inside the package, as the published file is: it reads its version from the package's manifest.
  const folder = fs.mkdtempSync(path.join(cli, "dist/test-"))
  // Another user may run it, too.
  fs.chmodSync(folder, 0o755)
  const made = spawnSync(process.execPath, [path.join(cli, "scripts/bundle.ts"), folder], { encoding: "utf8" })
  if (made.status !== 0) throw new Error(`the command cannot be bundled: ${made.stderr}`)
  project.provide("command", path.join(folder, "video-tasks.cjs"))
  return () => fs.rmSync(folder, { recursive: true, force: true })
}
