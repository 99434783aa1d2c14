/**
 * Makes the published command: one file, `dist/video-tasks.js`, with everything that it needs.
 *
 * From its sources the command takes most of a second to start; bundled it takes a fraction of that.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { build } from "vite"

const root = path.resolve(import.meta.dirname, "..")

/** Bundles `src/bin.ts` into a folder, and returns the file. */
export const bundle = async (outDir: string): Promise<string> => {
  await build({
    configFile: false,
    root,
    logLevel: "warn",
    ssr: { noExternal: true },
    build: {
      ssr: "src/bin.ts",
      outDir,
      emptyOutDir: false,
      target: "node22",
      minify: true,
      sourcemap: false,
      rolldownOptions: {
        output: { entryFileNames: "video-tasks.js", codeSplitting: false, comments: false }
      }
    }
  })
  const file = path.join(outDir, "video-tasks.js")
  fs.chmodSync(file, 0o755)
  return file
}

if (import.meta.main) await bundle(path.resolve(process.argv[2] ?? path.join(root, "dist")))
