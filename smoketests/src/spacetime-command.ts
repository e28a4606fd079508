import { fileURLToPath } from 'node:url';

/** The `spacetime` command of this checkout: a program and its first arguments. */
export const spacetimeCommand: readonly [program: string, ...args: string[]] = [
  process.execPath,
  '--conditions=lightcone-source',
  '--disable-warning=ExperimentalWarning',
  fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url)),
];
