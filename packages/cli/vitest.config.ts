import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    name: "cli",
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/utils/bundle.ts"],
    // The fault matrix waits on sockets, not on the processor.
    maxConcurrency: 12
  }
})
