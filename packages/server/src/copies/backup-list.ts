import type { BlobStore } from '@lightcone/blobs';
import { ServerError } from '../errors.ts';
import { compareAge, readManifest } from './backup-manifest.ts';
import type { BackupManifest } from './backup-manifest.ts';
import { DatabaseCopy, listCopies } from './database-copy.ts';
import type { DatabaseDescription } from './database-copy.ts';

/** A finished backup. */
export interface Backup {
  readonly id: string;
  readonly manifest: BackupManifest;
  readonly description: DatabaseDescription;
}

/** How long a backup that is not finished is taken for one that is being made. */
const MAX_UNFINISHED_MS = 24 * 60 * 60 * 1000;

/**
 * The finished backups in a store, by database and age; those whose manifest or description is damaged are left out.
 * @param identity of one database alone
 * @throws BlobError
 */
export async function listBackups(store: BlobStore, identity?: string): Promise<Backup[]> {
  const backups: Backup[] = [];
  for await (const name of listCopies(store, identity)) {
    const copy = new DatabaseCopy(store, name);
    if (copy.kind !== 'backup') continue;
    const state = await readBackup(copy);
    if (typeof state === 'object') backups.push(state);
  }
  return backups.sort(({ manifest: a }, { manifest: b }) =>
    a.identity === b.identity ? compareAge(a, b) : a.identity < b.identity ? -1 : 1,
  );
}

/**
 * Removes the backups of a database but for the newest `keep`, and what is left of some that were never finished. Those
 * that are damaged stay, for people to look at, and do not count.
 * @param keep 1 or more
 * @returns the ids of those that are gone
 * @throws BlobError
 */
export async function pruneBackups(
  store: BlobStore,
  identity: string,
  keep: number,
  now: Date,
): Promise<readonly string[]> {
  const finished: { readonly copy: DatabaseCopy; readonly backup: Backup }[] = [];
  const old: DatabaseCopy[] = [];
  for await (const name of listCopies(store, identity)) {
    const copy = new DatabaseCopy(store, name);
    if (copy.kind !== 'backup') continue;
    const state = await readBackup(copy);
    if (state === 'unfinished' && now.getTime() - copy.begunAt > MAX_UNFINISHED_MS) old.push(copy);
    if (typeof state === 'object') finished.push({ copy, backup: state });
  }
  finished.sort((a, b) => compareAge(a.backup.manifest, b.backup.manifest));
  old.push(...finished.slice(0, -keep).map(({ copy }) => copy));
  for (const copy of old) await removeCopy(copy);
  return old.map(({ name }) => name.id);
}

/** @returns 'damaged' if its manifest or description is not what it was @throws BlobError */
async function readBackup(copy: DatabaseCopy): Promise<Backup | 'unfinished' | 'damaged'> {
  try {
    const manifest = await readManifest(copy);
    if (manifest === undefined) return 'unfinished';
    const description = await copy.readDescription();
    return description === undefined ? 'damaged' : { id: copy.name.id, manifest, description };
  } catch (error) {
    if (isDamage(error)) return 'damaged';
    throw error;
  }
}

/** Whether it says that a copy is not what it was. */
export function isDamage(error: unknown): error is ServerError {
  return error instanceof ServerError && error.code === 'SERVER_COPY_DAMAGED';
}

/** Removes everything of a copy. @throws BlobError */
export async function removeCopy({ blobs }: DatabaseCopy): Promise<void> {
  const keys: string[] = [];
  for await (const { key } of blobs.list('')) keys.push(key);
  // Without its manifest it is no backup any more, whatever becomes of the rest.
  for (const key of keys.toSorted((a, b) => Number(b === 'backup.json') - Number(a === 'backup.json'))) {
    await blobs.delete(key);
  }
}
