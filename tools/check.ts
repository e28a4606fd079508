// `npm run check`: formatter, linter and type checker, each run to its end so that one call shows
// everything that is wrong.
import { run } from './run.ts';

const checks: [program: string, ...args: string[]][] = [
  ['oxfmt', '--check'],
  ['oxlint', '--type-aware'],
  // What follows the root is no package of ours; most of it follows the looser types of the official clients.
  ['tsc', '-b', '.', 'modules/quickstart-chat', 'modules/histories', 'smoketests', 'smoketests/test/older-client'],
];

let failed = false;
for (const [program, ...args] of checks) failed = (await run(program, args)) !== 0 || failed;
process.exit(failed ? 1 : 0);
