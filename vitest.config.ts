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
    reporters: ["default", new TotalsReporter()],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true
  }
})
