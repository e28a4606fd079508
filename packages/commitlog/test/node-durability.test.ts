// [LOG-1] on the files of this machine: what the simulated disk believes of a sync, this watches the system being told.
import type * as Fs from 'node:fs';
import type * as FsPromises from 'node:fs/promises';
import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CommitLog } from '../src/index.ts';
import { NodeFileSystem } from '../src/node-file-system.ts';
import { appendRecords } from './log-content.ts';

/** What was written and not synced yet: files, and folders whose names have changed. */
const system = vi.hoisted(() => ({
  unsynced: new Set<string>(),
  syncs: 0,
  /** Past the cache. */
  directOpens: 0,
  directWrites: 0,
  opened: new Map<number, { readonly path: string; readonly isSynced: boolean }>(),
  hasDirect: true,
}));

vi.mock('node:fs', async (original) => {
  const real = await original<typeof Fs>();
  type Callback = (error: Error | null, value?: number) => void;
  const sync =
    (name: 'fsync' | 'fdatasync') =>
    (descriptor: number, done: Callback): void =>
      real[name](descriptor, (error) => {
        system.syncs++;
        if (error === null) system.unsynced.delete(system.opened.get(descriptor)?.path ?? '');
        done(error);
      });
  return {
    ...real,
    open: (path: string, flags: number, ...rest: unknown[]): void => {
      const done = rest.at(-1) as Callback;
      if (!system.hasDirect && (flags & real.constants.O_DIRECT) !== 0) {
        done(Object.assign(new Error('EINVAL: invalid argument, open'), { code: 'EINVAL' }));
        return;
      }
      real.open(path, flags, rest.length > 1 ? (rest[0] as number) : 0o666, (error, descriptor) => {
        const isSynced = (flags & real.constants.O_DSYNC) === real.constants.O_DSYNC;
        if (error === null) system.opened.set(descriptor, { path, isSynced });
        if (error === null && isSynced) system.directOpens++;
        done(error, descriptor);
      });
    },
    write: (descriptor: number, ...rest: [Uint8Array, number, number, number, Callback]): void => {
      const file = system.opened.get(descriptor);
      if (file?.isSynced === true) system.directWrites++;
      else if (file !== undefined) system.unsynced.add(file.path);
      real.write(descriptor, ...rest);
    },
    fsync: sync('fsync'),
    fdatasync: sync('fdatasync'),
  };
});

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof FsPromises>();
  const rename = async (from: string, to: string): Promise<void> => {
    await real.rename(from, to);
    system.unsynced.add(dirname(to));
  };
  return { ...real, rename };
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lightcone-durability-'));
  system.unsynced.clear();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test.each([
  { disk: 'past the cache, where the file system lets it', hasDirect: true },
  { disk: 'through the cache', hasDirect: false },
])('[LOG-1] written $disk, nothing is acknowledged before the system was told to sync it', async ({ hasDirect }) => {
  system.hasDirect = hasDirect;
  system.syncs = 0;
  system.directOpens = 0;
  system.directWrites = 0;
  const acknowledged: string[][] = [];
  for (let life = 0; life < 3; life++) {
    // Room, as a killed program leaves it.
    const newest = (await readdir(join(folder, 'clog')).catch(() => [])).findLast((name) => name.endsWith('.log'));
    if (newest !== undefined) await appendFile(join(folder, 'clog', newest), new Uint8Array(20_000));
    // Some blocks of a file system long: what is in the last one goes through the cache in any case.
    await using log = await CommitLog.open(new NodeFileSystem(), folder, { maxSegmentBytes: 12_000 });
    // [LOG-8] What was found is written and synced again before anything builds on it.
    expect(unsyncedOfLog()).toEqual([]);
    log.onDurable(() => acknowledged.push(unsyncedOfLog()));
    for (let commit = 0; commit < 100; commit++) {
      appendRecords(log, 1 + (commit % 3), 50);
      await log.sync();
    }
  }
  expect(acknowledged).toHaveLength(300);
  expect(new Set(acknowledged.flat())).toEqual(new Set());
  // What goes through the cache takes a sync for each commit.
  if (!hasDirect) expect(system.syncs).toBeGreaterThanOrEqual(300);
  // Where the file system can do it at all, most go past the cache, also in room that a killed program has left.
  if (system.directOpens > 0) expect(system.directWrites).toBeGreaterThan(100);
});

/** But for offset indexes, which are never synced. */
function unsyncedOfLog(): string[] {
  return [...system.unsynced].filter((path) => !path.endsWith('.ofs'));
}
