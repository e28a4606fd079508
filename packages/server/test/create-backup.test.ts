import { MemoryBlobStore } from '@lightcone/blobs';
import { expect, test } from 'vitest';
import { createBackup } from '../src/copies/create-backup.ts';
import { DatabaseCopy } from '../src/copies/database-copy.ts';
import { Folder, addSnapshot, clock, contentOf, description, identity } from './database-folder.ts';

test.each([
  {
    what: 'ends with its snapshot though the log goes on in a segment of its own',
    durable: 9,
    content: '7'.repeat(10),
  },
  { what: 'has what is behind its snapshot', durable: 11, content: '88' },
  { what: 'ends before what has become durable since', durable: 10, content: '8' },
])('a backup $what', async ({ durable, content }) => {
  const folder = await Folder.open(100_000);
  await folder.append(10);
  await addSnapshot(folder, 9);
  folder.log.beginSegment();
  await folder.append(1, 8);
  await folder.append(1, 8);
  const store = new MemoryBlobStore();
  const files = { fs: folder.disk, path: 'db', folder: folder.folder };
  const { id, manifest } = await createBackup(files, store, durable, description, clock);
  const copy = new DatabaseCopy(store, { identity, id });
  expect(manifest).toMatchObject({ snapshot: 9, lastTxOffset: durable });
  expect(await contentOf(copy)).toBe(content);
  expect(await copy.snapshots.verify(9)).toEqual([]);
});
