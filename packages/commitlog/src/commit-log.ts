import { CommitLogError } from './errors.ts';
import type { FileLock, FileSystem } from './file-system.ts';
import { findTail } from './log-tail.ts';
import { isNoSpace } from './no-space.ts';
import { PendingCommit } from './pending-commit.ts';
import { replayCommits } from './replay.ts';
import type { CommitVisitor } from './replay.ts';
import { reading } from './reading.ts';
import { removeSegmentsBefore } from './remove-segments.ts';
import { MIN_ROOM_BYTES, SegmentFile, UNFINISHED } from './segment-file.ts';
import { segmentOffsets } from './segment-header.ts';

/** The largest record: what the u32 length of a commit can say, less room for the rest of it. */
const MAX_RECORD_BYTES = 0xffff_0000;
/** The most that is appended before the disk is asked again how much it has. */
const MAX_ALLOWANCE_BYTES = 1024 * 1024;

export interface CommitLogOptions {
  /** A segment that has this many bytes or more after a commit is followed by a new one. 1 GiB unless told. */
  readonly maxSegmentBytes?: number;
}

interface SyncWaiter {
  readonly txOffset: number;
  resolve(): void;
  reject(error: CommitLogError): void;
}

/**
 * An append-only log of opaque records, one per transaction, numbered from 0 (tx offsets).
 *
 * `append` only copies. A flush seals what was appended so far into one commit and brings it to the disk with one
 * write; what is appended meanwhile gathers in the next commit, which is written as soon as the first is on disk.
 *
 * ```
 * append append append │ append append          time ─▶
 *        flush ────────┴▶ commit 0..2 on disk ──▶ commit 3..4 on disk
 *                                          durableOffset = 2        = 4
 * ```
 * A commit is never begun before the one before it is on disk. So whatever stands before a good commit was on disk
 * once: if it is unreadable, the file was damaged, and not torn by a crash. The README has the rules (LOG-1 …).
 */
export class CommitLog implements AsyncDisposable {
  readonly #fs: FileSystem;
  readonly #logFolder: string;
  readonly #maxSegmentBytes: number;
  readonly #lock: FileLock;
  /** The newest segment; undefined if the next commit begins one. */
  #segment: SegmentFile | undefined;
  /** The commits that begin at these offsets begin a segment, too. */
  readonly #segmentBeginnings = new Set<number>();
  #epoch: bigint;
  #firstTxOffset: number;

  #nextTxOffset: number;
  #durableOffset: number;
  /** What those have been told of who wait for it. */
  #toldOffset: number;
  #pendingBytes = 0;
  /** So much more there was room for when the disk was asked; below 0 it has to be asked again. */
  #allowance = 0;
  /** The room there was when a commit began that makes a file grow: how much of it the disk counts already, nobody knows. */
  #roomBeforeGrowth: number | undefined;
  /** Commits that took no more records, oldest first. */
  readonly #full: PendingCommit[] = [];
  /** The commit that takes records. */
  #gathering: PendingCommit;
  /** A written commit, to be used again. */
  #spare: PendingCommit | undefined;

  #writing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #failure: CommitLogError | undefined;
  #fullDisk: CommitLogError | undefined;
  readonly #waiters: SyncWaiter[] = [];
  readonly #durableListeners: ((durableOffset: number) => void)[] = [];
  readonly #failureListeners: ((error: CommitLogError) => void)[] = [];

  private constructor(
    fs: FileSystem,
    logFolder: string,
    options: CommitLogOptions,
    lock: FileLock,
    segment: SegmentFile | undefined,
    firstTxOffset: number,
    nextTxOffset: number,
    epoch: bigint,
  ) {
    this.#fs = fs;
    this.#logFolder = logFolder;
    this.#maxSegmentBytes = options.maxSegmentBytes ?? 1024 * 1024 * 1024;
    this.#lock = lock;
    this.#segment = segment;
    this.#epoch = epoch;
    this.#firstTxOffset = firstTxOffset;
    this.#nextTxOffset = nextTxOffset;
    this.#durableOffset = nextTxOffset - 1;
    this.#toldOffset = this.#durableOffset;
    this.#gathering = new PendingCommit(nextTxOffset);
  }

  /**
   * Opens the log of one database; a folder without one has an empty log. A torn tail is cut off.
   *
   * @param folder the database's folder: `db.lock` is in it, and the segments in its folder `clog`
   * @throws CommitLogError `LOG_LOCKED`, `LOG_DAMAGED`, `LOG_OUT_OF_ORDER`, `LOG_FORKED`, `LOG_UNSUPPORTED`,
   *   `LOG_MISSING`, `LOG_READ_FAILED` (nothing was changed), `LOG_WRITE_FAILED`, `LOG_DISK_FULL` if there is no
   *   room for a new folder. For a log that is there see `fullDisk`
   */
  static async open(fs: FileSystem, folder: string, options: CommitLogOptions = {}): Promise<CommitLog> {
    const logFolder = `${folder}/clog`;
    const lock = await writing(folder, async () => {
      await fs.makeFolder(logFolder);
      await fs.syncFolder(folder);
      return fs.lock(`${folder}/db.lock`);
    });
    if (lock === undefined) {
      throw new CommitLogError('LOG_LOCKED', `${folder}: another server or program has this database open`);
    }
    try {
      const tail = await findTail(fs, logFolder);
      if (tail.nextTxOffset === 0) await refuseBesideSnapshots(fs, folder);
      const names = await reading(logFolder, () => fs.list(logFolder));
      const firstTxOffset = segmentOffsets(names)[0] ?? tail.nextTxOffset;
      const segment = await writing(logFolder, async () => {
        for (const name of names) if (name.endsWith(UNFINISHED)) await fs.remove(`${logFolder}/${name}`);
        return tail.isUsable ? SegmentFile.resume(fs, logFolder, tail) : undefined;
      });
      const { nextTxOffset, epoch } = tail;
      const log = new CommitLog(fs, logFolder, options, lock, segment, firstTxOffset, nextTxOffset, epoch);
      try {
        if (!(await writing(logFolder, () => log.lookForRoom()))) log.#fullDisk = fullDisk();
      } catch (error) {
        await segment?.close();
        throw error;
      }
      return log;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** The tx offset that the log begins with: 0 unless segments were removed. */
  get firstTxOffset(): number {
    return this.#firstTxOffset;
  }

  /** The tx offset that the next `append` gives. */
  get nextTxOffset(): number {
    return this.#nextTxOffset;
  }

  /** The last tx offset that is on disk, with all before it; -1 if there is none. Never shrinks. */
  get durableOffset(): number {
    return this.#durableOffset;
  }

  /** Bytes of the records that are appended and not yet durable. The log sets no bound: its writer must. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Why the log takes nothing any more. */
  get failure(): CommitLogError | undefined {
    return this.#failure;
  }

  /** Why the log takes nothing: when it was opened, the disk had no room for it. [LOG-11] */
  get fullDisk(): CommitLogError | undefined {
    return this.#fullDisk;
  }

  /**
   * Looks whether there is room on a disk that was full when the log was opened. If there is, it takes records when it
   * is opened again. Not to be called while it takes records.
   */
  async lookForRoom(): Promise<boolean> {
    return this.#segment === undefined || this.#segment.findRoom();
  }

  /**
   * Whether the disk has room for a record of this length behind all that is pending, as far as it says; then 64 KiB are
   * left for records that have to be written whatever comes, so those are not to be asked about. [LOG-12]
   *
   * Costs a comparison or two, and a system call for each MiB of what gathers faster than it is written.
   */
  hasRoomFor(recordBytes: number): boolean {
    if (this.#pendingBytes + recordBytes <= MIN_ROOM_BYTES || recordBytes <= this.#allowance) return true;
    const left = this.#room() - MIN_ROOM_BYTES - this.#pendingBytes;
    this.#allowance = Math.min(left, Math.max(recordBytes, MAX_ALLOWANCE_BYTES));
    return recordBytes <= left;
  }

  /** Calls `listener` with each new durable offset. */
  onDurable(listener: (durableOffset: number) => void): void {
    this.#durableListeners.push(listener);
  }

  /** Calls `listener` once if the log fails. What was durable stays so; the rest is lost, unless a restart finds it. */
  onFailure(listener: (error: CommitLogError) => void): void {
    this.#failureListeners.push(listener);
  }

  /**
   * Visits all commits from `fromTxOffset` on. The first one visited may begin before it.
   *
   * The whole log is checked on the way: what this refuses must not be written on. An error of `visit` passes through.
   * @throws CommitLogError `LOG_DAMAGED`, `LOG_OUT_OF_ORDER`, `LOG_FORKED`, `LOG_MISSING`, `LOG_UNSUPPORTED`,
   *   `LOG_READ_FAILED`
   */
  replay(visit: CommitVisitor, fromTxOffset = 0): Promise<void> {
    return replayCommits(this.#fs, this.#logFolder, fromTxOffset, this.#durableOffset + 1, visit);
  }

  /**
   * Appends one transaction's record, `record[start..end]`, which is copied. It is on its way to the disk only after
   * a `flush` or `sync`, or if a write is under way.
   *
   * @returns the record's tx offset
   * @throws CommitLogError `LOG_CLOSED`, `LOG_RECORD_TOO_LARGE`, `LOG_WRITE_FAILED`, `LOG_DISK_FULL`
   */
  append(record: Uint8Array, start: number, end: number): number {
    this.#assertWritable();
    const recordBytes = end - start;
    if (recordBytes > MAX_RECORD_BYTES) {
      const message = `a record of ${recordBytes} bytes is over the limit of ${MAX_RECORD_BYTES}`;
      throw new CommitLogError('LOG_RECORD_TOO_LARGE', message);
    }
    if (!this.#gathering.hasRoomFor(recordBytes)) {
      this.#full.push(this.#gathering);
      this.#gathering = this.#emptyCommit();
    }
    this.#gathering.append(record, start, end);
    this.#pendingBytes += recordBytes;
    this.#allowance -= recordBytes;
    return this.#nextTxOffset++;
  }

  /**
   * Lets the next record begin a segment: what is before it can be removed without it.
   *
   * It costs nothing where it is asked for; the write of that record takes a few more operations of the disk.
   */
  beginSegment(): void {
    this.#segmentBeginnings.add(this.#nextTxOffset);
    if (this.#gathering.count === 0) return;
    this.#full.push(this.#gathering);
    this.#gathering = this.#emptyCommit();
  }

  /**
   * Removes the segments that have no transaction from `txOffset` on: [LOG-10]. The newest one stays in any case.
   * @returns the tx offset that the log begins with then
   * @throws CommitLogError `LOG_REMOVAL_FAILED`: the log goes on, some segments may be gone
   */
  async removeBefore(txOffset: number): Promise<number> {
    // A segment that is being begun is there already, but nothing in it is safe.
    const limit = Math.min(txOffset, this.#durableOffset);
    return (this.#firstTxOffset = await removeSegmentsBefore(this.#fs, this.#logFolder, limit, this.#firstTxOffset));
  }

  /** Sees to it that everything appended so far is written soon, without waiting. */
  flush(): void {
    if (this.#writing !== undefined || this.#failure !== undefined || !this.#hasPending()) return;
    this.#writing = this.#writeCommits();
  }

  /**
   * Resolves when everything appended so far is durable.
   *
   * @throws CommitLogError `LOG_WRITE_FAILED`, `LOG_DISK_FULL`
   */
  sync(): Promise<void> {
    const txOffset = this.#nextTxOffset - 1;
    if (txOffset <= this.#durableOffset) return Promise.resolve();
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiters.push({ txOffset, resolve, reject });
    this.flush();
    return promise;
  }

  /**
   * Brings everything appended to the disk, closes the files and lets go of the lock. May be called twice.
   *
   * @throws CommitLogError `LOG_WRITE_FAILED`, `LOG_DISK_FULL` if that write fails; the log is closed nevertheless
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#drainAndClose());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #drainAndClose(): Promise<void> {
    const alreadyFailed = this.#failure !== undefined;
    await using closing = new AsyncDisposableStack();
    closing.defer(() => this.#lock.release());
    closing.defer(() => this.#segment?.close());
    try {
      if (!alreadyFailed) await this.sync();
    } finally {
      await this.#writing;
    }
    // What a failed write did to the file is for the next start to find out.
    if (!alreadyFailed) await writing(this.#logFolder, async () => this.#segment?.trim());
  }

  /**
   * Writes commits one after another until none is left. The next one is on its way before those hear of it who waited for
   * the one before: everybody waits for the disk. Never rejects: an error ends the log.
   */
  async #writeCommits(): Promise<void> {
    try {
      while (this.#hasPending()) {
        const commit = this.#nextCommit();
        const written = this.#writeCommit(commit.minTxOffset, commit.seal(this.#epoch));
        try {
          this.#tellDurable();
        } finally {
          await written; // also when a listener throws: nobody closes files that are being written
        }
        this.#pendingBytes -= commit.recordBytes;
        this.#roomBeforeGrowth = undefined;
        this.#durableOffset = commit.minTxOffset + commit.count - 1;
        this.#spare = commit;
        if (!this.#hasPending()) this.#tellDurable();
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#writing = undefined;
  }

  async #writeCommit(txOffset: number, commit: Uint8Array): Promise<void> {
    const isFull = this.#segment !== undefined && this.#segment.length >= this.#maxSegmentBytes;
    const isWanted = this.#segmentBeginnings.delete(txOffset);
    const isGrowing = this.#segment === undefined || isFull || isWanted || commit.length > this.#segment.roomBytes;
    if (isGrowing) this.#roomBeforeGrowth = this.#room();
    if (this.#segment !== undefined && (isFull || isWanted)) {
      const ended = this.#segment;
      this.#segment = undefined;
      try {
        await ended.trim();
      } finally {
        await ended.close();
      }
    }
    if (this.#segment === undefined) {
      this.#segment = await SegmentFile.begin(this.#fs, this.#logFolder, txOffset, commit);
    } else {
      await this.#segment.append(commit, txOffset);
    }
  }

  /** For what is pending and what comes. */
  #room(): number {
    return this.#roomBeforeGrowth ?? this.#fs.freeBytes(this.#logFolder) + (this.#segment?.roomBytes ?? 0);
  }

  #hasPending(): boolean {
    return this.#full.length > 0 || this.#gathering.count > 0;
  }

  #nextCommit(): PendingCommit {
    const full = this.#full.shift();
    if (full !== undefined) return full;
    const commit = this.#gathering;
    this.#gathering = this.#emptyCommit();
    return commit;
  }

  #emptyCommit(): PendingCommit {
    const commit = this.#spare;
    this.#spare = undefined;
    if (commit === undefined) return new PendingCommit(this.#nextTxOffset);
    commit.reset(this.#nextTxOffset);
    return commit;
  }

  /** Lets those hear of it who wait for what is durable now, once. */
  #tellDurable(): void {
    const durableOffset = this.#durableOffset;
    if (durableOffset === this.#toldOffset) return;
    this.#toldOffset = durableOffset;
    while (this.#waiters[0] !== undefined && this.#waiters[0].txOffset <= durableOffset) {
      this.#waiters.shift()?.resolve();
    }
    for (const listener of this.#durableListeners) listener(durableOffset);
  }

  /** [LOG-7] The first failure is the last: what the disk holds of that write is unknown. */
  #fail(cause: unknown): void {
    const failure = isNoSpace(cause) ? filledDisk(cause) : this.#writeFailed(cause);
    this.#failure = failure;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(failure);
    for (const listener of this.#failureListeners) listener(failure);
  }

  #writeFailed(cause: unknown): CommitLogError {
    const place = this.#segment?.path ?? this.#logFolder;
    const what = `${place}: writing tx offset ${this.#durableOffset + 1} failed: ${reasonOf(cause)}`;
    const hint =
      'The log takes no more transactions; those before this one are safe. Open the database again to go on.';
    return new CommitLogError('LOG_WRITE_FAILED', `${what}. ${hint}`, { cause });
  }

  #assertWritable(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#fullDisk !== undefined) throw this.#fullDisk;
    if (this.#closing !== undefined) throw new CommitLogError('LOG_CLOSED', `${this.#logFolder}: the log is closed`);
  }
}

/** For everybody who wants to write: it does not say where on the machine the log lies. */
function fullDisk(cause?: unknown): CommitLogError {
  const message = "the database's disk is full, so nothing can be written; what is there can be read";
  return new CommitLogError('LOG_DISK_FULL', `${message}. Make room on the disk, and writing goes on`, { cause });
}

/** For everybody who waits for what could not be written. */
function filledDisk(cause: unknown): CommitLogError {
  const message = "the database's disk is full, so what was being written may be lost; what was confirmed is safe";
  return new CommitLogError('LOG_DISK_FULL', `${message}. Make room on the disk, and writing goes on`, { cause });
}

/** [LOG-9] Without its log a database with snapshots would look new, and be made anew. */
async function refuseBesideSnapshots(fs: FileSystem, folder: string): Promise<void> {
  const names = await reading(folder, () => fs.list(`${folder}/snapshots`));
  const snapshot = names.find((name) => name.includes('.snapshot'));
  if (snapshot === undefined) return;
  const message = `${folder}/clog has no transactions, though there is a snapshot (${snapshot})`;
  throw new CommitLogError('LOG_MISSING', `${message}. Restore the log, or move the snapshots away to begin anew.`);
}

async function writing<T>(path: string, deed: () => Promise<T>): Promise<T> {
  try {
    return await deed();
  } catch (error) {
    if (error instanceof CommitLogError) throw error;
    if (isNoSpace(error)) throw fullDisk(error);
    throw new CommitLogError('LOG_WRITE_FAILED', `${path}: ${reasonOf(error)}`, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
