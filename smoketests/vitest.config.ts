import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: import.meta.dirname,
  ssr: { resolve: { conditions: ['lightcone-source', 'module', 'node', 'development|production'] } },
  test: {
    include: ['test/**/*.test.ts'],
    // Real servers on a small machine: one file at a time, and time enough for a start and a publish.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Servers are killed on purpose, and the official clients say this at every attempt to come back, or come.
    onConsoleLog: (text) => !/onnecting to SpacetimeDB WS/.test(text),
  },
});
