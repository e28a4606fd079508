import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const checkout = fileURLToPath(new URL('../..', import.meta.url));

/** Ends what is left of a process group. */
function endAfterwards({ pid }: ChildProcess): void {
  onTestFinished(() => {
    try {
      process.kill(-pid!, 'SIGKILL');
    } catch {
      // It has ended, as it should have.
    }
  });
}

test('npm that is told to end takes what it runs with it, though its shell passes no signal on', async () => {
  const npm = spawn('npm', ['run', '-s', 'spacetime', '--', 'start', '--in-memory', '--listen-addr', '127.0.0.1:0'], {
    cwd: checkout,
    stdio: ['ignore', 'pipe', 'ignore'],
    // In a process group of its own, of which nothing is left behind.
    detached: true,
  });
  endAfterwards(npm);
  const lines = createInterface({ input: npm.stdout });
  await new Promise<void>((resolve) => lines.on('line', (line) => line.includes('listening on') && resolve()));
  npm.kill('SIGTERM');
  // The pipe is closed when the last one that holds it has ended, which is the server or the bootstrap.
  expect(await once(npm, 'close')).toEqual([null, 'SIGTERM']);
}, 30_000);

test.skipIf(process.platform === 'win32')(
  'what npm runs ends also if npm has ended during the install',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lightcone-bootstrap-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const node = `node_modules/node-${process.platform}-${process.arch}/bin/node`;
    mkdirSync(join(folder, node, '..'), { recursive: true });
    mkdirSync(join(folder, 'tools'));
    cpSync(join(checkout, 'tools/bootstrap.mjs'), join(folder, 'tools/bootstrap.mjs'));
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ optionalDependencies: { [`node-${process.platform}-${process.arch}`]: '1' } }),
    );
    writeFileSync(join(folder, 'pnpm-lock.yaml'), '');
    // An install that lasts until it is read from, and whose Node is this one.
    const install = `#!/bin/sh\ncd ${folder} && mkfifo go && ln -sf ${process.execPath} ${node} && echo installs >&2 && cat go >&2\n`;
    writeFileSync(join(folder, 'npx'), install, { mode: 0o755 });
    writeFileSync(join(folder, 'runs.mjs'), 'console.log("runs"); setInterval(() => {}, 1000);');

    // A shell as npm starts one.
    const shell = spawn('sh', ['-c', `'${process.execPath}' tools/bootstrap.mjs runs.mjs; true`], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, npm_lifecycle_event: 'start', PATH: [folder, process.env['PATH']].join(delimiter) },
      detached: true,
    });
    endAfterwards(shell);
    const closed = once(shell, 'close');
    shell.stdout.resume();
    const lines = createInterface({ input: shell.stderr });
    await new Promise<void>((resolve) => lines.on('line', (line) => line === 'installs' && resolve()));
    shell.kill('SIGKILL');
    await once(shell, 'exit');
    writeFileSync(join(folder, 'go'), 'done\n');
    expect(await closed).toEqual([null, 'SIGKILL']);
  },
  20_000,
);

test('npm test fails where no file of tests has the filter in its path', () => {
  const { status, stderr } = spawnSync('npm', ['test', '-s', '--', 'no-such-file'], {
    cwd: checkout,
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr).toContain('no file with tests has this in its path: no-such-file');
}, 30_000);
