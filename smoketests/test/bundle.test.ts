// The server as it is installed: bundled, and started from few files.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, newPerson, publish, rows } from '../src/http.ts';
import { ServerProcess } from '../src/server-process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Until what a start and a request leave to do is done: closing the connection of the request is the last of it. */
const SETTLED_MS = 7000;
/** Long enough for a timer of 1 Hz to show. */
const WATCHED_MS = 3000;

let folder: string;
beforeAll(() => {
  // Where the command's own dependencies are found.
  folder = mkdtempSync(join(root, 'packages', 'cli', 'bundle-'));
  execFileSync(process.execPath, ['tools/bundle.ts', folder], { cwd: root, stdio: 'inherit' });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('it publishes, calls, answers queries and metrics, and has everything again after a restart', async () => {
  await using server = await ServerProcess.start({ script: join(folder, 'main.js') });
  const { token } = await newPerson(server);
  await publish(server, 'transfers', 'transfers', token);
  expect((await call(server, 'transfers', 'seed', [10, 500], token)).status).toBe(200);
  expect((await call(server, 'transfers', 'transfer', [1, 2, 50], token)).status).toBe(200);
  const balances = async (): Promise<unknown> =>
    rows(server, 'transfers', 'SELECT id, balance FROM accounts WHERE id = 2', token);
  expect(await balances()).toEqual([[2, 550]]);
  const metrics = await (await fetch(`${server.url}/v1/metrics`)).text();
  expect(metrics).toMatch(/^lightcone_http_request_seconds_count\{.*route="\/v1\/identity".*\} 1$/mu);
  expect(metrics).toMatch(/^process_resident_memory_bytes \d+$/mu);
  await server.kill();
  await server.restart();
  expect(await balances()).toEqual([[2, 550]]);
});

test('it finds what lies beside it: its version and the templates', () => {
  const project = join(folder, 'project');
  const run = (...args: string[]): string =>
    execFileSync(process.execPath, [join(folder, 'main.js'), ...args], { encoding: 'utf8' });
  expect(run('--version')).toMatch(/^Lightcone \d/u);
  run('init', '--lang', 'rust', project);
  expect(readdirSync(join(project, 'spacetimedb'))).toContain('Cargo.toml');
});

describe.skipIf(process.platform !== 'linux')('while nobody asks for anything', () => {
  test('no thread of it wakes up as often as once a second, and it is not large', async () => {
    await using server = await ServerProcess.start({ script: join(folder, 'main.js') });
    const { token } = await newPerson(server);
    await wait(SETTLED_MS);
    expect(residentMegabytes(server.processId)).toBeLessThan(85);
    await publish(server, 'transfers', 'transfers', token);
    await wait(SETTLED_MS);
    const before = wakeUps(server.processId);
    await wait(WATCHED_MS);
    const since = wakeUps(server.processId);
    const often = Array.from(since, ([thread, count]) => [thread, count - (before.get(thread) ?? 0)] as const).filter(
      ([, count]) => count >= WATCHED_MS / 1000,
    );
    expect(often).toEqual([]);
    expect(residentMegabytes(server.processId)).toBeLessThan(110);
  });
});

/** How often each thread of a process has gone to sleep. */
function wakeUps(pid: number): Map<string, number> {
  const tasks = `/proc/${pid}/task`;
  return new Map(
    readdirSync(tasks).map((id) => {
      const status = readFileSync(join(tasks, id, 'status'), 'utf8');
      const name = /^Name:\s+(.*)$/mu.exec(status)?.[1] ?? '';
      return [`${name} ${id}`, Number(/^voluntary_ctxt_switches:\s+(\d+)$/mu.exec(status)?.[1])];
    }),
  );
}

function residentMegabytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return (Number(/^VmRSS:\s+(\d+) kB$/mu.exec(status)?.[1]) * 1024) / 1e6;
}
