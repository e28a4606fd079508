import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { ControlDatabase } from '../src/control/control-database.ts';
import { DataDirectory } from '../src/data-directory.ts';
import { Databases } from '../src/databases.ts';
import { startServer } from '../src/index.ts';
import { authorization, newUser, programs } from './fixtures.ts';

test('nothing is left of a database that could not be registered, and the one that was reset stays', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lightcone-registration-'));
  const dataDirectory = await DataDirectory.open(folder);
  const databases = new Databases(dataDirectory, pino({ level: 'silent' }));
  const { control } = dataDirectory;
  const replicas = (): Promise<string[]> => readdir(join(folder, 'replicas'));
  try {
    const failing = vi.spyOn(control, 'putDatabase').mockImplementation(() => {
      throw new Error('database or disk is full');
    });
    const identity = Databases.newIdentity();
    await expect(databases.create(identity, identity, programs.person)).rejects.toThrow('disk is full');
    expect(await replicas()).toEqual([]);

    failing.mockRestore();
    await databases.create(identity, identity, programs.person);
    const before = await replicas();
    const running = await databases.open(control.findDatabase(identity)!);
    vi.spyOn(control, 'putDatabase').mockImplementation(() => {
      throw new Error('database or disk is full');
    });
    await expect(databases.reset(identity, programs.person)).rejects.toThrow('disk is full');
    expect(await replicas()).toEqual(before);
    expect(await databases.open(control.findDatabase(identity)!)).toBe(running);
  } finally {
    vi.restoreAllMocks();
    await databases.close();
    await dataDirectory.close();
    await rm(folder, { recursive: true });
  }
});

test.each([
  { what: 'SQLite', says: { code: 'ERR_SQLITE_ERROR', errcode: 13 } },
  { what: 'the system', says: { code: 'ENOSPC' } },
  { what: 'a quota', says: { code: 'EDQUOT' } },
])('whoever publishes is told to make room where $what says that there is none', async ({ says }) => {
  await using server = await startServer({ listenAddress: '127.0.0.1:0' });
  const headers = authorization(await newUser(server.url));
  vi.spyOn(ControlDatabase.prototype, 'putDatabase').mockImplementation(() => {
    throw Object.assign(new Error('full'), says);
  });
  try {
    const request = { method: 'PUT', headers, body: programs.person };
    const response = await fetch(`${server.url}/v1/database/people`, request);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await response.text()).toContain('make room on it');
  } finally {
    vi.restoreAllMocks();
  }
});
