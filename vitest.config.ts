import { defineConfig } from "vitest/config"

/** Tests that start, kill and pack whole processes, many of them. They take longer than all others together. */
const processes = "test/**/*.process.test.ts"

export default defineConfig({
  test: {
    globalSetup: ["test/support/globalSetup.ts"],
    // Files share a worker's modules: loading Effect anew for each of them costs more than most of them take.
    isolate: false,
    // Most of a run is waiting for servers and processes, so there are more workers than cores.
    maxWorkers: 4,
    // What is logged in a test belongs to its failure.
    silent: "passed-only",
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { name: "tests", include: ["test/**/*.test.ts"], exclude: [processes] } },
      { extends: true, test: { name: "processes", include: [processes] } }
    ]
  }
})
