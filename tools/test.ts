// `npm test`: every test that needs nothing but Node. The smoketests say themselves which of them
// they skip for want of a browser or a compiler; in CI, which has both, they skip none.
//
//   npm test -- [part of a path …] [options of vitest]
import { spawnSync } from 'node:child_process';
import { root, run } from './run.ts';

const given = process.argv.slice(2);
const suites = [[], ['--config', 'smoketests/vitest.config.ts']].map((config) => [...config, ...given]);
const meant = given.length === 0 ? suites : suites.filter(hasTests);
// Else a slip of the pen would be a success.
if (meant.length === 0) console.error(`no file with tests has this in its path: ${given.join(' ')}`);

let failed = meant.length === 0;
for (const suite of meant) failed = (await run('vitest', ['run', ...suite])) !== 0 || failed;
process.exit(failed ? 1 : 0);

/** Also of what vitest does not understand, so that it says so. */
function hasTests(suite: readonly string[]): boolean {
  const { status, stdout } = spawnSync('vitest', ['list', '--filesOnly', ...suite], { cwd: root, encoding: 'utf8' });
  return status !== 0 || stdout.trim() !== '';
}
