import { PrefixedBlobStore } from '@lightcone/blobs';
import type { BlobStore } from '@lightcone/blobs';
import { CommitLogError, SnapshotStore, logSegments, readCommits, readCommitTimes } from '@lightcone/commitlog';
import type { FileSystem, LogPiece, LogPosition } from '@lightcone/commitlog';
import { ArchiveWindow } from './archive-window.ts';
import type { DatabaseFiles } from './create-backup.ts';
import { DatabaseCopy, PIECE_BYTES } from './database-copy.ts';
import type { CopyClock, DatabaseDescription } from './database-copy.ts';
import { thinSnapshots } from './thin-snapshots.ts';
import { USELESS_SNAPSHOT } from './useless-snapshot.ts';

const STATE = 'archive.json';

/**
 * Keeps the archive of one database up to date, a round at a time: what became durable since the last one, and the
 * newest snapshot. A round that fails changes nothing but the archive; the next one goes on where it ended. A snapshot
 * that cannot be copied because of what it is holds up no log.
 *
 * Which copy of the archive is this database's is remembered in its folder. If that copy has another history (the
 * folder is an older state, brought back), or a gap would come about, a new copy is begun, and the old one stays.
 */
export class DatabaseArchiver {
  readonly #fs: FileSystem;
  readonly #path: string;
  readonly #logFolder: string;
  readonly #folder: BlobStore;
  readonly #snapshots: SnapshotStore;
  readonly #store: BlobStore;
  readonly #clock: CopyClock;
  readonly #keepDays: number | undefined;
  #copy: DatabaseCopy | undefined;
  /** Of the copy; undefined if all of it is kept. */
  #window: ArchiveWindow | undefined;
  #next: LogPosition = { txOffset: 0 };
  /** A piece that may be in the archive or not: it must go there as it is. */
  #unsure: { readonly piece: LogPiece; readonly next: LogPosition } | undefined;
  /** The last one that was copied, or was found to be of no use. */
  #lastSnapshot: number | undefined;
  #snapshotProblem: string | undefined;
  #newBase: number | undefined;
  /** When the last piece was cut. */
  #newestMicros = 0;

  /**
   * @param store where the archive is
   * @param keepDays of how many days moments can be restored; undefined for all
   */
  constructor({ fs, path, folder }: DatabaseFiles, store: BlobStore, clock: CopyClock, keepDays?: number) {
    this.#fs = fs;
    this.#path = path;
    this.#logFolder = `${path}/clog`;
    this.#folder = folder;
    this.#snapshots = new SnapshotStore(new PrefixedBlobStore(folder, 'snapshots'));
    this.#store = store;
    this.#clock = clock;
    this.#keepDays = keepDays;
  }

  /**
   * @param durableTxOffset the last durable transaction
   * @returns why a new copy was begun, if one was
   * @throws BlobError, CommitLogError, ServerError: what was archived stays, and the next round tries again
   */
  async round(durableTxOffset: number, description: DatabaseDescription): Promise<string | undefined> {
    const end = durableTxOffset + 1;
    this.#snapshotProblem = undefined;
    this.#newBase = undefined;
    if (end === 0) return undefined; // there is no database yet
    try {
      const reason = await this.#open(end, description);
      await this.#archive(end, description);
      return reason;
    } catch (error) {
      const beginsCopy = error instanceof CommitLogError && BEGINS_COPY.has(error.code);
      if (!beginsCopy) throw error;
      await this.#begin(description);
      await this.#archive(end, description);
      return error.message;
    }
  }

  /** The first transaction that is not in the archive, as far as is known. */
  get endTxOffset(): number {
    return this.#next.txOffset;
  }

  /**
   * Why the last round left out a snapshot that is damaged, or of a later version, or kept snapshots in the archive that
   * are dispensable; each is told once.
   */
  get snapshotProblem(): string | undefined {
    return this.#snapshotProblem;
  }

  /** The transaction before which log and snapshots go since the last round, if that is another one than before it. */
  get newBase(): number | undefined {
    return this.#newBase;
  }

  async #archive(end: number, description: DatabaseDescription): Promise<void> {
    const copy = this.#copy!; // opened before
    await copy.describe(description);
    await this.#addUnsure(copy);
    for (;;) {
      const run = await readCommits(this.#fs, this.#logFolder, this.#next, end, PIECE_BYTES);
      if (run === undefined) break;
      const { firstTxOffset, endTxOffset, commits, next } = run;
      const times = await readCommitTimes(this.#fs, this.#path, firstTxOffset, endTxOffset);
      const piece = { firstTxOffset, endTxOffset, commits, cutAtMicros: this.#clock.nowMicros(), times };
      this.#unsure = { piece, next };
      await this.#addUnsure(copy);
    }
    await this.#archiveSnapshot(copy, end);
    await this.#window?.removeLog();
  }

  async #addUnsure(copy: DatabaseCopy): Promise<void> {
    if (this.#unsure === undefined) return;
    const { piece, next } = this.#unsure;
    await copy.log.add(piece);
    this.#unsure = undefined;
    this.#next = next;
    this.#newestMicros = piece.cutAtMicros;
  }

  /** The newest snapshot whose transactions are all archived. */
  async #archiveSnapshot(copy: DatabaseCopy, end: number): Promise<void> {
    const newest = (await this.#snapshots.list()).findLast((txOffset) => txOffset < end);
    if (newest === undefined || newest === this.#lastSnapshot) return;
    if (!(await this.#copySnapshot(copy, newest))) return;
    if (this.#window !== undefined) {
      const before = this.#window.base;
      this.#snapshotProblem = await this.#window.advance(this.#newestMicros);
      if (this.#window.base !== before) this.#newBase = this.#window.base;
    }
    await this.#thinSnapshots(copy);
  }

  /** What stays too long takes room and nothing else. */
  async #thinSnapshots({ log, snapshots }: DatabaseCopy): Promise<void> {
    const { value: firstPiece = 0 } = await log.list().next();
    const base = this.#window?.base;
    const firstTxOffset = base === undefined ? firstPiece : Math.max(firstPiece, base + 1);
    const thinned = thinSnapshots(await snapshots.list(), firstTxOffset);
    if (thinned.length === 0) return;
    // The oldest last: with it the log that begins there leads everywhere.
    for (const txOffset of thinned.toReversed()) await snapshots.remove(txOffset);
    try {
      await snapshots.collect();
    } catch (error) {
      if (!(error instanceof CommitLogError)) throw error;
      this.#snapshotProblem = `old snapshots cannot be removed from the archive: ${error.message}`;
    }
  }

  /** @returns false if it is of no use, or was removed meanwhile */
  async #copySnapshot(copy: DatabaseCopy, txOffset: number): Promise<boolean> {
    try {
      await this.#snapshots.copyTo(copy.snapshots, txOffset);
    } catch (error) {
      if (!(error instanceof CommitLogError)) throw error;
      if (error.code === 'SNAPSHOT_MISSING') return false; // the next round finds the one that took its place
      if (!USELESS_SNAPSHOT.has(error.code)) throw error;
      this.#snapshotProblem = error.message;
      this.#lastSnapshot = txOffset; // not to be read whole again each round
      return false;
    }
    this.#lastSnapshot = txOffset;
    return true;
  }

  /** Finds out where to go on. @returns why a new copy was begun, if one was */
  async #open(end: number, description: DatabaseDescription): Promise<string | undefined> {
    if (this.#copy !== undefined) return undefined;
    const id = readState(await this.#folder.get(STATE));
    if (id !== undefined) {
      const copy = new DatabaseCopy(this.#store, { identity: description.identity, id });
      const goesOn = await this.#findEnd(copy, end);
      if (goesOn !== undefined) {
        this.#use(copy);
        this.#next = goesOn;
        return undefined;
      }
    }
    await this.#begin(description);
    return id === undefined ? 'the database was not archived before' : `the archive no longer has ${id} as it was`;
  }

  /** Where a copy goes on with the log of this database; undefined if it does not. */
  async #findEnd(copy: DatabaseCopy, end: number): Promise<LogPosition | undefined> {
    const lastFirst = await copy.log.findLast(end);
    if (lastFirst === undefined) return undefined;
    const last = await copy.log.read(lastFirst);
    if (last.endTxOffset > end) return undefined;
    this.#newestMicros = last.cutAtMicros;
    const first = (await logSegments(this.#fs, this.#logFolder))[0] ?? 0;
    // What was archived may have been removed here.
    if (lastFirst < first) return last.endTxOffset < first ? undefined : { txOffset: last.endTxOffset };
    let next: LogPosition = { txOffset: lastFirst };
    let compared = 0;
    while (next.txOffset < last.endTxOffset) {
      const left = last.commits.length - compared;
      const run = await readCommits(this.#fs, this.#logFolder, next, last.endTxOffset, left);
      if (run === undefined) return undefined;
      const { commits } = run;
      if (commits.length > left || commits.some((byte, i) => byte !== last.commits[compared + i])) return undefined;
      compared += commits.length;
      next = run.next;
    }
    return compared === last.commits.length ? next : undefined;
  }

  async #begin({ identity }: DatabaseDescription): Promise<void> {
    const now = new Date(this.#clock.nowMicros() / 1000);
    const copy = DatabaseCopy.begin(this.#store, identity, 'archive', now, this.#clock.randomBytes(4));
    const first = (await logSegments(this.#fs, this.#logFolder))[0] ?? 0;
    this.#lastSnapshot = undefined;
    if (first > 0) {
      const usable = (await this.#snapshots.list()).filter((txOffset) => txOffset >= first - 1);
      let isCopied = false;
      for (const txOffset of usable.toReversed()) {
        isCopied = await this.#copySnapshot(copy, txOffset);
        if (isCopied) break;
      }
      if (!isCopied) {
        const reason = this.#snapshotProblem === undefined ? '' : `: ${this.#snapshotProblem}`;
        const message = `${this.#logFolder} begins at transaction ${first}, and there is no good snapshot of what was before`;
        throw new CommitLogError('LOG_MISSING', message + reason);
      }
    }
    await this.#folder.put(STATE, new TextEncoder().encode(JSON.stringify({ copy: copy.name.id })));
    this.#use(copy);
    this.#next = { txOffset: first };
    this.#unsure = undefined;
  }

  #use(copy: DatabaseCopy): void {
    this.#copy = copy;
    this.#window = this.#keepDays === undefined ? undefined : new ArchiveWindow(copy, this.#keepDays);
  }
}

/** What says that a copy cannot be gone on with: another history, damage, or a log that no longer has what comes next. */
const BEGINS_COPY: ReadonlySet<string> = new Set([
  'ARCHIVE_FORKED',
  'ARCHIVE_DAMAGED',
  'ARCHIVE_UNSUPPORTED',
  'LOG_FORKED',
  'LOG_MISSING',
]);

function readState(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  try {
    const { copy } = JSON.parse(new TextDecoder().decode(bytes)) as { copy?: unknown };
    return typeof copy === 'string' ? copy : undefined;
  } catch {
    return undefined;
  }
}
