import { type BlobStore, MemoryBlobStore } from '@lightcone/blobs';
import { SnapshotStore } from '@lightcone/commitlog';
import { anyModule } from './any-module.ts';
import { LoggedDatabase } from './logged-database.ts';
import { AUTO_KEYED, PERSON, people } from './tables.ts';

export const PEOPLE = people(AUTO_KEYED);

/** A database with three people in it and a snapshot of them. */
export async function withSnapshot(blobs: BlobStore = new MemoryBlobStore()): Promise<LoggedDatabase> {
  const logged = await LoggedDatabase.create(anyModule(PEOPLE), undefined, blobs);
  await insertPeople(logged, 'Ann', 'Bob', 'Cid');
  await logged.database.takeSnapshot();
  return logged;
}

export function insertPeople(logged: LoggedDatabase, ...names: readonly string[]): Promise<void> {
  return logged.insert('person', PERSON, ...names.map((name) => ({ id: 0n, name })));
}

/** Those of a database that has some. */
export function snapshotsOf({ blobs }: LoggedDatabase): SnapshotStore {
  return new SnapshotStore(blobs!); // it has a place for them
}

/** Opens the database again. @returns the last transaction of the snapshot that it starts from; -1 if from none */
export async function restartedFrom(logged: LoggedDatabase): Promise<number> {
  await logged.restart();
  return logged.database.metrics().snapshots!.lastTxOffset;
}

/** What the log begins with. */
export async function firstTxOffset(logged: LoggedDatabase): Promise<number> {
  const names = await logged.disk.list('log/clog');
  return Math.min(...names.filter((name) => name.endsWith('.stdb.log')).map((name) => Number(name.slice(0, 20))));
}

/** The blob of a snapshot's manifest. */
export function manifestKey(offset: number): string {
  return `${String(offset).padStart(20, '0')}.snapshot`;
}

/** Makes one bit of a blob another one. */
export async function flip(blobs: BlobStore, blob: string, at: number): Promise<void> {
  const bytes = (await blobs.get(blob))!;
  bytes[at]! ^= 1;
  await blobs.put(blob, bytes);
}

export async function keysOf(blobs: BlobStore, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const blob of blobs.list(prefix)) found.push(blob.key);
  return found;
}
