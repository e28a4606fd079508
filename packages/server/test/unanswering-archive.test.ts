import type * as FileSystem from 'node:fs/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { startServer } from '../src/index.ts';

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof FileSystem>();
  const access: typeof real.access = (path, mode) =>
    String(path).endsWith('unanswering') ? new Promise(() => {}) : real.access(path, mode);
  return { ...real, access };
});

test('a server starts though the file system of its archive gives no answer', async () => {
  const work = await mkdtemp(join(tmpdir(), 'lightcone-unanswering-'));
  const archive = join(work, 'unanswering');
  await using server = await startServer({ listenAddress: '127.0.0.1:0', dataDir: join(work, 'data'), archive });
  expect((await fetch(`${server.url}/v1/ping`)).status).toBe(200);
  await server.close();
  await rm(work, { recursive: true });
});
