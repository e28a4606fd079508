import type { BlobStore } from '@lightcone/blobs';
import { isDamage } from './backup-list.ts';
import { readManifest } from './backup-manifest.ts';
import type { BackupManifest } from './backup-manifest.ts';
import { DatabaseCopy, listCopies } from './database-copy.ts';
import type { CopyName, DatabaseDescription } from './database-copy.ts';
import { verifyArchive } from './verify-archive.ts';
import { verifyBackup } from './verify-backup.ts';

/** What a copy has, and what is wrong with it. */
export interface CopyCheck {
  /** For people: how many of what was read, and the last transaction; undefined if it is too damaged to say. */
  readonly content: string | undefined;
  /** In sentences; nothing if it is what it was. */
  readonly problems: readonly string[];
}

export interface VerifiedCopy extends CopyName, CopyCheck {
  /** What the database is called. */
  readonly name: string;
}

/**
 * Reads the archives and backups in a store, every blob of them, one copy after the other.
 * @param database the name or identity of one; of a copy that is damaged nobody may be able to say which it is of
 * @throws BlobError
 */
export async function* verifyCopies(store: BlobStore, database?: string): AsyncGenerator<VerifiedCopy> {
  const identity = database !== undefined && /^[0-9a-f]{64}$/.test(database) ? database : undefined;
  for await (const name of listCopies(store, identity)) {
    const verified = await verifyCopy(new DatabaseCopy(store, name), identity === undefined ? database : undefined);
    if (verified !== undefined) yield verified;
  }
}

/** @returns undefined if the database is called otherwise, and for what is no copy yet: its server was ended before that */
async function verifyCopy(copy: DatabaseCopy, database: string | undefined): Promise<VerifiedCopy | undefined> {
  let manifest: BackupManifest | undefined;
  let description: DatabaseDescription | undefined;
  let damage: string | undefined;
  try {
    manifest = copy.kind === 'backup' ? await readManifest(copy) : undefined;
    if (copy.kind === 'backup' && manifest === undefined) return undefined;
    description = await copy.readDescription();
    if (description === undefined) damage = 'database.json is missing';
  } catch (error) {
    if (!isDamage(error)) throw error;
    damage = error.message;
  }
  if (database !== undefined && description?.names.includes(database) === false) return undefined;
  const check = copy.kind === 'backup' ? await checkBackup(copy, manifest) : await verifyArchive(copy);
  if (check === undefined) return undefined;
  // The description is one of the blobs of a backup's manifest.
  const isToldOf = manifest !== undefined && check.problems.length > 0;
  const problems = damage === undefined || isToldOf ? check.problems : [damage, ...check.problems];
  return { ...copy.name, name: description?.names[0] ?? copy.name.identity, content: check.content, problems };
}

/** @param manifest undefined if it is damaged @returns undefined if retention has removed the backup meanwhile */
async function checkBackup(copy: DatabaseCopy, manifest: BackupManifest | undefined): Promise<CopyCheck | undefined> {
  if (manifest === undefined) return { content: undefined, problems: [] };
  const check = await verifyBackup(copy, manifest);
  // The manifest goes first.
  return check.problems.length > 0 && (await readManifest(copy)) === undefined ? undefined : check;
}
