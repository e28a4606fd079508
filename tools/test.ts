// `npm test`: every test that needs nothing but Node. The smoketests say themselves which of them
// they skip for want of a browser or a compiler; in CI, which has both, they skip none.
import { run } from './run.ts';

const filters = process.argv.slice(2);
const suites = [
  ['run', ...filters],
  ['run', '--config', 'smoketests/vitest.config.ts', ...filters],
];

let failed = false;
for (const suite of suites) failed = (await run('vitest', [...suite, '--passWithNoTests'])) !== 0 || failed;
process.exit(failed ? 1 : 0);
