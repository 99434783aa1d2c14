import * as path from "node:path"
import { defineConfig } from "vite"

/** The page as static files: everything comes from the server that serves it. */
export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  // The same code wherever it is built: a test sets NODE_ENV to another value.
  oxc: { jsx: { runtime: "automatic", importSource: "preact", development: false } },
  build: {
    outDir: path.resolve(import.meta.dirname, "../dist/page"),
    emptyOutDir: true,
    target: "es2023",
    rolldownOptions: { input: ["index.html", "inspector.html"].map((file) => path.resolve(import.meta.dirname, file)) },
    // Every browser that can do `target` knows it.
    modulePreload: { polyfill: false },
    // No data: addresses, so that the page may be forbidden to use any.
    assetsInlineLimit: 0
  }
})
