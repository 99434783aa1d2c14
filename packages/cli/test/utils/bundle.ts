/**
 * Bundles the command as it is published, once for all tests that run it.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
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
  // A package of its own, as the published one is: with the manifest, without what the workspace has installed. Another
  // user may run it, too.
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "video-tasks-command-"))
  fs.chmodSync(folder, 0o755)
  fs.copyFileSync(path.join(cli, "package.json"), path.join(folder, "package.json"))
  const dist = path.join(folder, "dist")
  const made = spawnSync(process.execPath, [path.join(cli, "scripts/bundle.ts"), dist], { encoding: "utf8" })
  if (made.status !== 0) throw new Error(`the command cannot be bundled: ${made.stderr}`)
  project.provide("command", path.join(dist, "video-tasks.cjs"))
  return () => fs.rmSync(folder, { recursive: true, force: true })
}
