import { defineConfig } from "vitest/config"

// Vitest no longer looks for this file by itself: the scripts pass it with `--config`.
export default defineConfig({
  test: { projects: ["packages/*", "examples"] }
})
