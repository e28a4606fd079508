// What `.ci/run` runs once the tools are installed: every check, every test and every build from
// source, counted together. Ends with a line `N passed, N failed`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.ts';

const work = mkdtempSync(join(tmpdir(), 'lightcone-ci-'));
const modules = join(work, 'modules');
let passed = 0;
let failed = 0;

await step('formatter, linter, types', () => run('npm', ['run', '--silent', 'check']));
await tests('packages', ['run']);
await step('modules from source', () => node('tools/build-module.ts', '--all', '--out-dir', modules));
await step('clients with the official Rust SDKs', () => node('tools/build-rust-clients.ts'));
await tests('smoketests, with the modules just built', ['run', '--config', 'smoketests/vitest.config.ts'], {
  LIGHTCONE_MODULES_DIR: modules,
});
await step('a short benchmark', () => node('bench/src/main.ts', '--short', '--modules-dir', modules));
await step('a short benchmark of subscriptions', () => node('bench/src/subscriptions.ts', '--short'));

rmSync(work, { recursive: true });
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** One thing that passes or fails as a whole. */
async function step(name: string, deed: () => Promise<number>): Promise<void> {
  console.log(`\n== ${name}`);
  if ((await deed()) === 0) passed++;
  else {
    failed++;
    console.log(`FAILED: ${name}`);
  }
}

/** A suite of vitest, whose tests are counted one by one. A skipped test counts as failed: CI has every tool. */
async function tests(name: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  console.log(`\n== ${name}`);
  const report = join(work, 'report.json');
  const code = await run('vitest', [...args, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], {
    ...env,
    LIGHTCONE_REQUIRE_TOOLS: '1',
  });
  const result = JSON.parse(readFileSync(report, 'utf8')) as {
    numPassedTests: number;
    numTotalTests: number;
    testResults: { name: string; status: string; assertionResults: { status: string; fullName: string }[] }[];
  };
  passed += result.numPassedTests;
  const notPassed = result.numTotalTests - result.numPassedTests;
  // A file that fails before its first test has none to count.
  failed += Math.max(notPassed, code === 0 ? 0 : 1);
  for (const file of result.testResults) {
    for (const test of file.assertionResults) {
      if (test.status !== 'passed') console.log(`${test.status.toUpperCase()}: ${file.name}: ${test.fullName}`);
    }
  }
}

function node(script: string, ...args: string[]): Promise<number> {
  return run(process.execPath, ['--conditions=lightcone-source', script, ...args]);
}
