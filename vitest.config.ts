import { tmpdir } from "node:os"
import { join } from "node:path"
import { defineConfig } from "vitest/config"
import { TotalsReporter } from "./vitest.reporter.ts"

// With this condition a workspace answers an import with its sources, so that no test needs a build first.
// The others are Vite's own for code that runs on a server.
const conditions = ["@tillbridge/source", "module", "node", "development|production"]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["packages/*/test/**/*.test.ts", "apps/*/test/**/*.test.ts", "test/**/*.test.ts"],
    environment: "node",
    pool: "forks",
    // Files share a process: loading the same modules for each of them would take longer than most of their tests.
    // So what a test changes outside of itself it puts back, and it asks for no module that is fresh.
    isolate: false,
    maxWorkers: "100%",
    // Programs that tests start keep their compiled code for the next ones.
    env: { NODE_COMPILE_CACHE: join(tmpdir(), "tillbridge-compile-cache") },
    reporters: ["default", new TotalsReporter()],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 10_000,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true
  }
})
