import { rm } from 'node:fs/promises';
import type { BlobStore } from '@lightcone/blobs';
import { ServerError } from '../errors.ts';
import { readManifest } from './backup-manifest.ts';
import { DatabaseCopy, listCopies } from './database-copy.ts';
import type { DatabaseDescription } from './database-copy.ts';
import { restoreCopy } from './restore-copy.ts';
import type { RestoredLog, RestoreTarget } from './restore-copy.ts';
import { RestoreDestination } from './restore-destination.ts';
import type { StagedDatabase } from './restore-destination.ts';

export interface RestoreOptions {
  readonly store: BlobStore;
  /** The name or identity of one database; all that are in the store if absent. */
  readonly database?: string;
  /** The id of one copy; that with the latest state which can be restored to the target if absent. */
  readonly copyId?: string;
  readonly target: RestoreTarget;
  /** Is made if it is not there or is empty; otherwise the data directory of a server that does not run. */
  readonly dataDir: string;
  /** Whether a database may be put in the place of the same one as it is in the data directory now. */
  readonly replace?: boolean;
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
  /** The folder of the same database as it was in the data directory, if it was there. Nothing refers to it any more. */
  readonly formerFolder: string | undefined;
}

/**
 * Makes a data directory with databases brought back from their copies, or adds them to one: whole, or not at all.
 *
 * @throws ServerError `SERVER_DATA_DIR_UNUSABLE`, `SERVER_DATA_DIR_LOCKED`, `SERVER_DATA_DIR_INCOMPATIBLE`,
 *   `SERVER_COPY_MISSING`, `SERVER_COPY_DAMAGED`, `SERVER_RESTORE_FAILED`, `SERVER_NOT_THERE_YET`; CommitLogError
 *   `ARCHIVE_…`, `SNAPSHOT_…`; BlobError
 */
export async function restore(options: RestoreOptions): Promise<RestoredDatabase[]> {
  const { target, dataDir, replace } = options;
  await using destination = await RestoreDestination.open(dataDir);
  const chosen = await choose(options);
  if (target.kind === 'offset' && chosen.length > 1) {
    const message = `there are ${chosen.length} databases; say with --database which one is to be brought back to transaction ${target.txOffset}`;
    throw new ServerError('SERVER_RESTORE_FAILED', message);
  }
  for (const { description } of chosen) checkPlace(destination, description, dataDir, replace ?? false);
  const fetched: FetchedDatabase[] = [];
  let notThereYet: ServerError | undefined;
  for (const copies of chosen) {
    try {
      fetched.push(await fetchDatabase(copies, options, destination));
    } catch (error) {
      // Of all databases at a moment, those are meant that there were.
      if (target.kind !== 'time' || options.database !== undefined || !isNotThereYet(error)) throw error;
      notThereYet = error;
      options.onLeftOut?.(copies.description);
    }
  }
  if (fetched.length === 0 && notThereYet !== undefined) throw notThereYet;
  const former = fetched.map(({ description }) => destination.find(description.identity));
  const lostNames = await destination.finish(fetched);
  return fetched.map(({ description, copyId, log }, index) => {
    const record = former[index];
    const formerFolder = record && destination.formerFolderOf(record);
    return { ...log, description, copyId, lostNames: lostNames[index] ?? [], formerFolder };
  });
}

/** @throws ServerError `SERVER_RESTORE_FAILED` if a database is there that must stay as it is */
function checkPlace(
  destination: RestoreDestination,
  { identity, names }: DatabaseDescription,
  dataDir: string,
  replace: boolean,
): void {
  const there = destination.find(identity);
  if (there === undefined || (replace && !there.isLocked)) return;
  const wayOut = there.isLocked
    ? `, and locked, so that it is not replaced. Start a server there and unlock it (\`spacetime unlock ${identity}\`), stop ` +
      'the server, and restore with --replace'
    : '. To replace it, say so with --replace';
  throw new ServerError(
    'SERVER_RESTORE_FAILED',
    `${names[0] ?? identity} (${identity}) is in ${dataDir} already${wayOut}; or choose another data directory.`,
  );
}

/** A database that was fetched, and the copy that it is from. */
interface FetchedDatabase extends StagedDatabase {
  readonly copyId: string;
  readonly log: RestoredLog;
}

/** The copies of one database, that with the latest state first. */
interface Copies {
  readonly description: DatabaseDescription;
  readonly copies: readonly DatabaseCopy[];
  /** When it had that state, in ms since 1970. */
  readonly latest: number;
}

/** Of databases, when another one was asked for. */
const MAX_NAMED = 10;

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
  const others: string[] = [];
  let damage: unknown;
  for (const found of byIdentity.values()) {
    try {
      const copies = await described(found);
      if (copies === undefined) continue;
      const { identity, names } = copies.description;
      if (database === undefined || only !== undefined || names.includes(database)) chosen.push(copies);
      else others.push(names[0] ?? identity);
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
  const some = others.length > MAX_NAMED ? [...others.slice(0, MAX_NAMED), '…'] : others;
  const instead = some.length === 0 ? '' : `; there are copies of ${some.join(', ')}`;
  throw new ServerError('SERVER_COPY_MISSING', `there is no copy of ${what}${which}${instead}`);
}

/** The copies that there are something of, the one with the latest state first. @returns undefined if there is none */
async function described(found: readonly DatabaseCopy[]): Promise<Copies | undefined> {
  const states: CopyState[] = [];
  for (const copy of found) {
    const state = await latestStateOf(copy);
    if (state !== undefined) states.push(state);
  }
  const dated = latestFirst(states);
  for (const { copy, at } of dated) {
    // An archive that was just begun, when its server was ended, has none.
    const description = await copy.readDescription();
    if (description !== undefined) return { description, copies: dated.map((one) => one.copy), latest: at };
  }
  return undefined;
}

/** The latest state that a copy has. */
interface CopyState {
  readonly copy: DatabaseCopy;
  /** When the database had it, in ms since 1970. */
  readonly at: number;
  /** Of a backup. */
  readonly ordinal: number | undefined;
}

/** A backup is taken for no later than those that were made after it, whatever the clock said at the time. */
function latestFirst(states: readonly CopyState[]): CopyState[] {
  let madeBefore = Infinity;
  const ordered = states
    .toSorted((a, b) => (b.ordinal ?? 0) - (a.ordinal ?? 0) || b.at - a.at)
    .map((state) => {
      if (state.ordinal === undefined) return state;
      madeBefore = Math.min(madeBefore, state.at);
      return { ...state, at: madeBefore };
    });
  // Those of the same time stay in the order of their making.
  return ordered.toSorted((a, b) => b.at - a.at);
}

/**
 * The latest state that a copy has. An archive that was begun before a backup goes on after it, so that the one that was
 * begun last may have less.
 * @returns undefined for what is no copy: a backup that was not finished, an archive whose server was ended before
 *   anything was in it
 */
async function latestStateOf(copy: DatabaseCopy): Promise<CopyState | undefined> {
  if (copy.kind === 'backup') {
    const manifest = await readManifest(copy);
    return manifest && { copy, at: Date.parse(manifest.finishedAt), ordinal: manifest.ordinal };
  }
  const last = await copy.log.findLast();
  if (last === undefined) return undefined;
  return { copy, at: (await copy.log.readHeader(last)).cutAtMicros / 1000, ordinal: undefined };
}

async function fetchDatabase(
  { copies }: Copies,
  { target, onDatabase }: RestoreOptions,
  destination: RestoreDestination,
): Promise<FetchedDatabase> {
  let firstError: unknown;
  for (const copy of copies) {
    const description = await copy.readDescription();
    if (description === undefined) continue;
    onDatabase?.(description, copy.name.id);
    const replica = destination.newReplica();
    const folder = destination.folderOf(replica);
    try {
      return { description, replica, copyId: copy.name.id, log: await restoreCopy(copy, target, folder) };
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

function isNotThereYet(error: unknown): error is ServerError {
  return error instanceof ServerError && error.code === 'SERVER_NOT_THERE_YET';
}
