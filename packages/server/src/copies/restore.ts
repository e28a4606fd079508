import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobStore } from '@lightcone/blobs';
import { ControlDatabase } from '../control/control-database.ts';
import { ServerError } from '../errors.ts';
import { NewDataDirectory } from '../verification/new-data-directory.ts';
import { DatabaseCopy, listCopies } from './database-copy.ts';
import type { DatabaseDescription } from './database-copy.ts';
import { restoreCopy } from './restore-copy.ts';
import type { RestoredLog, RestoreTarget } from './restore-copy.ts';

export interface RestoreOptions {
  readonly store: BlobStore;
  /** The name or identity of one database; all that are in the store if absent. */
  readonly database?: string;
  /** The id of one copy; the newest that can be restored to the target if absent. */
  readonly copyId?: string;
  readonly target: RestoreTarget;
  /** Is made, and must not be there or be empty. */
  readonly dataDir: string;
  /** Called before each database is fetched, which may take long. */
  readonly onDatabase?: (description: DatabaseDescription, copyId: string) => void;
}

export interface RestoredDatabase extends RestoredLog {
  readonly description: DatabaseDescription;
  readonly copyId: string;
}

/**
 * Makes a data directory with databases brought back from their copies: whole, or not at all.
 *
 * @throws ServerError `SERVER_DATA_DIR_UNUSABLE`, `SERVER_COPY_MISSING`, `SERVER_COPY_DAMAGED`, `SERVER_RESTORE_FAILED`;
 *   CommitLogError `ARCHIVE_…`, `SNAPSHOT_…`; BlobError
 */
export async function restore(options: RestoreOptions): Promise<RestoredDatabase[]> {
  const { target, dataDir } = options;
  await using directory = await NewDataDirectory.begin(dataDir);
  const chosen = await choose(options);
  if (target.kind === 'offset' && chosen.length > 1) {
    const message = `there are ${chosen.length} databases; say which one is to be brought back to transaction ${target.txOffset}`;
    throw new ServerError('SERVER_RESTORE_FAILED', message);
  }
  const restored: RestoredDatabase[] = [];
  const control = new ControlDatabase(join(directory.path, 'control.sqlite'));
  try {
    for (const copies of chosen) restored.push(await restoreDatabase(copies, options, directory.path, control));
  } finally {
    control.close();
  }
  await directory.finish();
  return restored;
}

/** The copies of one database, the newest first. */
interface Copies {
  readonly description: DatabaseDescription;
  readonly copies: readonly DatabaseCopy[];
}

/** The databases that are meant, each with the copies that may be used. */
async function choose({ store, database, copyId }: RestoreOptions): Promise<Copies[]> {
  const byIdentity = new Map<string, DatabaseCopy[]>();
  const only = database !== undefined && /^[0-9a-f]{64}$/.test(database) ? database : undefined;
  for await (const name of listCopies(store, only)) {
    if (copyId !== undefined && name.id !== copyId) continue;
    const copies = byIdentity.get(name.identity) ?? [];
    copies.push(new DatabaseCopy(store, name));
    byIdentity.set(name.identity, copies);
  }
  const chosen: Copies[] = [];
  for (const found of byIdentity.values()) {
    const copies = found.toSorted((a, b) => (begunAt(a) < begunAt(b) ? 1 : -1));
    const description = await copies[0]?.readDescription(); // a list that is made with its first element
    if (description === undefined) continue;
    if (database !== undefined && only === undefined && !description.names.includes(database)) continue;
    chosen.push({ description, copies });
  }
  if (chosen.length > 0) return chosen;
  const what = database === undefined ? 'a database' : `the database ${database}`;
  const which = copyId === undefined ? '' : ` with the id ${copyId}`;
  throw new ServerError('SERVER_COPY_MISSING', `there is no copy of ${what}${which}`);
}

function begunAt({ name }: DatabaseCopy): string {
  return name.id.slice(name.id.indexOf('-'));
}

async function restoreDatabase(
  { copies }: Copies,
  { target, onDatabase }: RestoreOptions,
  dataDir: string,
  control: ControlDatabase,
): Promise<RestoredDatabase> {
  let firstError: unknown;
  for (const copy of copies) {
    const description = await copy.readDescription();
    if (description === undefined) continue;
    onDatabase?.(description, copy.name.id);
    const replica = control.newReplica();
    const folder = join(dataDir, 'replicas', String(replica));
    try {
      const log = await restoreCopy(copy, target, folder);
      register(control, description, replica);
      return { ...log, description, copyId: copy.name.id };
    } catch (error) {
      // An older copy may reach back further; damage is told and not passed over.
      const isOutOfReach = error instanceof ServerError && error.code === 'SERVER_RESTORE_FAILED';
      if (!isOutOfReach) throw error;
      firstError ??= error;
      await rm(folder, { recursive: true, force: true });
    }
  }
  throw firstError;
}

function register(control: ControlDatabase, description: DatabaseDescription, replica: number): void {
  const { identity, owner, names, initialProgram, isLocked } = description;
  control.putDatabase({ identity, owner, initialProgram, replica, isLocked });
  for (const name of names) control.addName(name, identity, owner);
}
