import { defineConfig } from "vitest/config"

// Vitest no longer looks for this file by itself: the scripts pass it with `--config`.
export default defineConfig({
  test: {
    projects: ["packages/*", "examples"],
    // Many tests wait for processes and sockets: with one worker, which is the default of two cores, they take twice as long.
    maxWorkers: 2
  }
})
