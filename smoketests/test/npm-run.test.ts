import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const checkout = fileURLToPath(new URL('../..', import.meta.url));

test('npm that is told to end takes what it runs with it, though its shell passes no signal on', async () => {
  const npm = spawn('npm', ['run', '-s', 'spacetime', '--', 'start', '--in-memory', '--listen-addr', '127.0.0.1:0'], {
    cwd: checkout,
    stdio: ['ignore', 'pipe', 'ignore'],
    // In a process group of its own, of which nothing is left behind.
    detached: true,
  });
  onTestFinished(() => {
    try {
      process.kill(-npm.pid!, 'SIGKILL');
    } catch {
      // It has ended, as it should have.
    }
  });
  const lines = createInterface({ input: npm.stdout });
  await new Promise<void>((resolve) => lines.on('line', (line) => line.includes('listening on') && resolve()));
  npm.kill('SIGTERM');
  // The pipe is closed when the last one that holds it has ended, which is the server or the bootstrap.
  expect(await once(npm, 'close')).toEqual([null, 'SIGTERM']);
}, 30_000);

test('npm test fails where no file of tests has the filter in its path', () => {
  const { status, stderr } = spawnSync('npm', ['test', '-s', '--', 'no-such-file'], {
    cwd: checkout,
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr).toContain('no file with tests has this in its path: no-such-file');
}, 30_000);
