import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['lightcone-source', 'module', 'node', 'development|production'] } },
  test: {
    include: [
      'packages/*/{src,test}/**/*.test.ts',
      'modules/*/test/**/*.test.ts',
      'bench/{src,test}/**/*.test.ts',
      'test/**/*.test.ts',
    ],
    // For tests of how much memory something holds.
    execArgv: ['--expose-gc'],
    testTimeout: 60_000,
    // Hooks start servers and publish modules, as tests do.
    hookTimeout: 60_000,
  },
});
