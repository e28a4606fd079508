// The command as a process: what signals do to it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { TestUser } from './run.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

test.each(['SIGINT', 'SIGTERM'] as const)('%s that arrives twice for one Ctrl-C stops in order', async (signal) => {
  const { home } = new TestUser();
  const args = ['--root-dir', home, 'start', '--listen-addr', '127.0.0.1:0'];
  const server = spawn(process.execPath, ['--conditions=lightcone-source', main, ...args]);
  const ended = once(server, 'exit');
  for await (const line of createInterface({ input: server.stdout })) if (line.includes('listening on')) break;
  const dataFolder = join(home, 'data');
  expect(readdirSync(dataFolder)).toContain('spacetime.pid');
  server.kill(signal);
  for await (const line of createInterface({ input: server.stderr })) if (line === 'Stopping...') break;
  server.kill(signal);
  await ended;
  // An orderly stop gives the folder back; what happens to signals after that is Node's own.
  expect(readdirSync(dataFolder)).not.toContain('spacetime.pid');
});
