import { defineConfig } from "vitest/config"

// Vitest no longer looks for this file by itself: the scripts pass it with `--config`.
// A project takes over nothing from here but flags: left alone it uses one core less than there are, on two cores one, and
// runs file after file. So `pnpm test` passes the number of workers, and a patience for tests that share a core.
export default defineConfig({
  test: { projects: ["packages/*", "examples"] }
})
