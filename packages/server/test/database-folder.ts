import { MemoryBlobStore, PrefixedBlobStore } from '@lightcone/blobs';
import type { BlobStore } from '@lightcone/blobs';
import { CommitLog, SnapshotStore, inspectLog, writePieces } from '@lightcone/commitlog';
import { SimulatedDisk, seededRandom } from '@lightcone/commitlog/testing';
import { expect } from 'vitest';
import type { DatabaseCopy, DatabaseDescription } from '../src/copies/database-copy.ts';

export const identity = 'c2'.repeat(32);
export const description: DatabaseDescription = {
  identity,
  owner: 'ab'.repeat(32),
  names: ['chat'],
  initialProgram: '12'.repeat(32),
  isLocked: false,
};

/** A database's folder on a simulated disk: a log that is open, and what the archiver remembers. */
export class Folder {
  disk = new SimulatedDisk(seededRandom(1));
  folder: BlobStore = new MemoryBlobStore();
  log!: CommitLog; // from `open` on

  static async open(maxSegmentBytes = 400): Promise<Folder> {
    const folder = new Folder();
    folder.log = await CommitLog.open(folder.disk, 'db', { maxSegmentBytes });
    return folder;
  }

  /** @param value of every byte, by which histories are told apart */
  async append(count: number, value = 7): Promise<void> {
    for (let i = 0; i < count; i++) this.log.append(new Uint8Array(20).fill(value), 0, 20);
    await this.log.sync();
  }
}

/** @returns the key of its object in the folder */
export async function addSnapshot({ folder }: Folder, txOffset: number, takenAtMicros = 1): Promise<string> {
  const snapshots = new SnapshotStore(new PrefixedBlobStore(folder, 'snapshots'));
  const writer = await snapshots.write();
  const pieces = writer.add(new Uint8Array(100).fill(txOffset), 0, 100, false);
  await writer.storeAll();
  const objects = pieces.map(({ object }) => object);
  const database = new Uint8Array(32);
  await writer.finish({ database, txOffset, takenAtMicros, objects, contents: new Uint8Array(0) });
  const id = objects[0]!.id; // there is one
  return `snapshots/objects/${id.slice(0, 2)}/${id.slice(2)}`;
}

let seconds = 1_800_000_000;
export const clock = {
  nowMicros: () => seconds++ * 1_000_000,
  randomBytes: (count: number) => new Uint8Array(count).fill(seconds & 255),
};

/** The bytes of all transactions of a copy, one character each; it must be whole. */
export async function contentOf(copy: DatabaseCopy): Promise<string> {
  const disk = new SimulatedDisk(seededRandom(2));
  const pieces = (async function* () {
    for await (const first of copy.log.list()) yield await copy.log.read(first);
  })();
  await writePieces(disk, 'db/clog', pieces);
  expect((await inspectLog(disk, 'db/clog')).findings).toEqual([]);
  await using log = await CommitLog.open(disk, 'db');
  let content = '';
  await log.replay(
    (_min, count, bytes, start, end) => {
      expect(end - start).toBe(count * 20);
      for (let at = start; at < end; at += 20) content += String(bytes[at]);
    },
    (await copy.log.list().next()).value ?? 0,
  );
  return content;
}
