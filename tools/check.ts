// `npm run check`: formatter, linter and type checker, each run to its end so that one call shows
// everything that is wrong.
import { run } from './run.ts';

const checks: [program: string, ...args: string[]][] = [
  ['oxfmt', '--check'],
  // Tests and benchmarks of packages, which are no part of what is built.
  ['tsc', '-p', 'tsconfig.tests.json'],
  // What follows the root is no package of ours; most of it follows the looser types of the official clients.
  [
    'tsc',
    '-b',
    '.',
    'modules/quickstart-chat',
    'modules/histories',
    'examples/quick-start',
    'examples/to-do',
    'smoketests',
    'smoketests/test/older-client',
  ],
  // After the compiler: what a test imports from another package it knows by the declarations made just now.
  ['oxlint', '--type-aware'],
];

let failed = false;
for (const [program, ...args] of checks) failed = (await run(program, args)) !== 0 || failed;
process.exit(failed ? 1 : 0);
