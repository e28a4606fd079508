// `npm run check`: formatter, linter and type checker, each run to its end so that one call shows
// everything that is wrong.
import { run } from './run.ts';

const checks: [program: string, ...args: string[]][] = [
  ['oxfmt', '--check'],
  ['oxlint', '--type-aware'],
  ['tsc', '-b'],
];

let failed = false;
for (const [program, ...args] of checks) failed = (await run(program, args)) !== 0 || failed;
process.exit(failed ? 1 : 0);
