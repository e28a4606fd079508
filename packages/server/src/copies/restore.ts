import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobStore } from '@lightcone/blobs';
import { ControlDatabase } from '../control/control-database.ts';
import { ServerError } from '../errors.ts';
import { NewDataDirectory } from '../new-data-directory.ts';
import { readManifest } from './backup-manifest.ts';
import { DatabaseCopy, listCopies } from './database-copy.ts';
import type { DatabaseDescription } from './database-copy.ts';
import { restoreCopy } from './restore-copy.ts';
import type { RestoredLog, RestoreTarget } from './restore-copy.ts';

export interface RestoreOptions {
  readonly store: BlobStore;
  /** The name or identity of one database; all that are in the store if absent. */
  readonly database?: string;
  /** The id of one copy; that with the latest state which can be restored to the target if absent. */
  readonly copyId?: string;
  readonly target: RestoreTarget;
  /** Is made, and must not be there or be empty. */
  readonly dataDir: string;
  /** Called before each database is fetched, which may take long. */
  readonly onDatabase?: (description: DatabaseDescription, copyId: string) => void;
  /** Called for each database that was made after the moment that is asked for, and is left out. */
  readonly onLeftOut?: (description: DatabaseDescription) => void;
}

export interface RestoredDatabase extends RestoredLog {
  readonly description: DatabaseDescription;
  readonly copyId: string;
  /** Names of it that another database has, whose copies are newer: it was given the name of this one later. */
  readonly lostNames: readonly string[];
}

/**
 * Makes a data directory with databases brought back from their copies: whole, or not at all.
 *
 * @throws ServerError `SERVER_DATA_DIR_UNUSABLE`, `SERVER_COPY_MISSING`, `SERVER_COPY_DAMAGED`, `SERVER_RESTORE_FAILED`,
 *   `SERVER_NOT_THERE_YET`; CommitLogError `ARCHIVE_…`, `SNAPSHOT_…`; BlobError
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
  let notThereYet: ServerError | undefined;
  const control = new ControlDatabase(join(directory.path, 'control.sqlite'));
  try {
    for (const copies of chosen) {
      try {
        restored.push(await restoreDatabase(copies, options, directory.path, control));
      } catch (error) {
        // Of all databases at a moment, those are meant that there were.
        if (target.kind !== 'time' || options.database !== undefined || !isNotThereYet(error)) throw error;
        notThereYet = error;
        options.onLeftOut?.(copies.description);
      }
    }
  } finally {
    control.close();
  }
  if (restored.length === 0 && notThereYet !== undefined) throw notThereYet;
  await directory.finish();
  return restored;
}

/** The copies of one database, that with the latest state first. */
interface Copies {
  readonly description: DatabaseDescription;
  readonly copies: readonly DatabaseCopy[];
  /** When it had that state, in ms since 1970. */
  readonly latest: number;
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
  let damage: unknown;
  for (const found of byIdentity.values()) {
    try {
      const copies = await described(found);
      if (copies === undefined) continue;
      if (database !== undefined && only === undefined && !copies.description.names.includes(database)) continue;
      chosen.push(copies);
    } catch (error) {
      // What it is called, nobody can say: another one may be meant.
      if (database === undefined || only !== undefined) throw error;
      damage ??= error;
    }
  }
  // A name that two had is that of the one that was there later.
  if (chosen.length > 0) return chosen.toSorted((a, b) => b.latest - a.latest);
  if (damage !== undefined) throw damage;
  const what = database === undefined ? 'a database' : `the database ${database}`;
  const which = copyId === undefined ? '' : ` with the id ${copyId}`;
  throw new ServerError('SERVER_COPY_MISSING', `there is no copy of ${what}${which}`);
}

/** The copies that there are something of, the one with the latest state first. @returns undefined if there is none */
async function described(found: readonly DatabaseCopy[]): Promise<Copies | undefined> {
  const dated: { readonly copy: DatabaseCopy; readonly at: number }[] = [];
  for (const copy of found) {
    const at = await latestStateOf(copy);
    if (at !== undefined) dated.push({ copy, at });
  }
  dated.sort((a, b) => b.at - a.at);
  for (const { copy, at } of dated) {
    // An archive that was just begun, when its server was ended, has none.
    const description = await copy.readDescription();
    if (description !== undefined) return { description, copies: dated.map((one) => one.copy), latest: at };
  }
  return undefined;
}

/**
 * The moment of the latest state that a copy has, in ms since 1970. An archive that was begun before a backup goes on after
 * it, so that the one that was begun last may have less.
 * @returns undefined for a backup that was not finished, which is none
 */
async function latestStateOf(copy: DatabaseCopy): Promise<number | undefined> {
  if (copy.kind === 'backup') {
    const manifest = await readManifest(copy);
    return manifest && Date.parse(manifest.finishedAt);
  }
  const last = await copy.log.findLast();
  return last === undefined ? copy.begunAt : (await copy.log.readHeader(last)).cutAtMicros / 1000;
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
      const lostNames = register(control, description, replica);
      return { ...log, description, copyId: copy.name.id, lostNames };
    } catch (error) {
      // An older copy may reach back further; damage is told and not passed over.
      const isOutOfReach = error instanceof ServerError && error.code === 'SERVER_RESTORE_FAILED';
      if (!isOutOfReach && !isNotThereYet(error)) throw error;
      // That it was not there yet is so only if every copy says it.
      if (firstError === undefined || isNotThereYet(firstError)) firstError = error;
      await rm(folder, { recursive: true, force: true });
    }
  }
  throw firstError;
}

/** @returns names that another database has already */
function register(control: ControlDatabase, description: DatabaseDescription, replica: number): string[] {
  const { identity, owner, names, initialProgram, isLocked } = description;
  control.putDatabase({ identity, owner, initialProgram, replica, isLocked });
  return names.filter((name) => control.addName(name, identity, owner) !== 'ok');
}

function isNotThereYet(error: unknown): error is ServerError {
  return error instanceof ServerError && error.code === 'SERVER_NOT_THERE_YET';
}
