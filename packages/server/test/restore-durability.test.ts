// A loss of power after a restore must not leave a database that is registered and not there: the system is watched being
// told to bring everything to the disk before names point to it.
import type * as FsPromises from 'node:fs/promises';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderBlobStore } from '@lightcone/blobs/node';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ControlDatabase } from '../src/control/control-database.ts';
import { restore } from '../src/copies/index.ts';
import { startServer } from '../src/index.ts';
import { newUser, programs, publish } from './fixtures.ts';

/** Paths that were synced, and for each rename of a folder what lay in it that was not. */
const system = vi.hoisted(() => ({
  synced: new Set<string>(),
  renames: [] as { readonly to: string; readonly unsynced: string[] }[],
}));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof FsPromises>();
  const open: typeof real.open = async (path, ...rest) => {
    const handle = await real.open(path, ...rest);
    const sync = handle.sync.bind(handle);
    handle.sync = async () => {
      await sync();
      system.synced.add(String(path));
    };
    return handle;
  };
  const rename: typeof real.rename = async (from, to) => {
    if ((await real.stat(from)).isDirectory()) {
      const inside = await real.readdir(from, { recursive: true });
      const paths = [String(from), ...inside.map((name) => `${String(from)}/${name}`)];
      system.renames.push({ to: String(to), unsynced: paths.filter((path) => !system.synced.has(path)) });
    }
    await real.rename(from, to);
    // What a folder's names are is another thing from here on.
    system.synced.delete(String(to).slice(0, String(to).lastIndexOf('/')));
  };
  return { ...real, open, rename };
});

let work: string;
let store: FolderBlobStore;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'lightcone-restore-durability-'));
  const archive = join(work, 'archive');
  const dataDir = join(work, 'data');
  await using server = await startServer({ listenAddress: '127.0.0.1:0', dataDir, archive, keyDir: work });
  await publish(server.url, 'people', await newUser(server.url), programs.person);
  store = new FolderBlobStore(archive);
});
afterAll(() => rm(work, { recursive: true }));

test('what is restored is on the disk before it is put in place, and is in place on the disk before it is registered', async () => {
  const dataDir = join(work, 'restored');
  const options = { store, database: 'people', target: { kind: 'latest' }, dataDir } as const;
  await restore(options);
  expect(system.renames.filter(({ to }) => to === dataDir)).toEqual([{ to: dataDir, unsynced: [] }]);
  expect(system.synced).toContain(work);

  system.synced.clear();
  // oxlint-disable-next-line typescript/unbound-method -- it is called with its object below
  const { putDatabase } = ControlDatabase.prototype;
  const register = vi.spyOn(ControlDatabase.prototype, 'putDatabase').mockImplementation(function (
    this: ControlDatabase,
    record,
  ) {
    expect(system.synced).toContain(join(dataDir, 'replicas'));
    putDatabase.call(this, record);
  });
  await restore({ ...options, replace: true });
  expect(register).toHaveBeenCalledOnce();
  const [replica] = (await readdir(join(dataDir, 'replicas'))).filter((name) => name !== '1');
  const to = join(dataDir, 'replicas', replica!); // the second one
  expect(system.renames.filter((rename) => rename.to === to)).toEqual([{ to, unsynced: [] }]);
});
