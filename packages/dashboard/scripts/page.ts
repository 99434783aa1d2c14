/**
 * Builds the page: `dist/page`.
 */
import * as path from "node:path"
import { build } from "vite"

await build({ configFile: path.resolve(import.meta.dirname, "../page/vite.config.ts"), logLevel: "warn" })
