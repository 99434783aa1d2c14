import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    name: "cluster",
    include: ["test/**/*.test.ts"]
  }
})
