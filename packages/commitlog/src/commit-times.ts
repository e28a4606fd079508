import type { FileSystem, OpenFile } from './file-system.ts';

const ENTRY_BYTES = 16;
const FILE = 'commit-times';
/** Times are known this exactly: a transaction sooner behind one with an entry has none. */
const RESOLUTION_MICROS = 100_000;
/** So much may be there of transactions that the log does not have any more. */
const MAX_OLD_BYTES = 64 * 1024;

/** When a transaction was committed, for one whose record does not say. */
export interface CommitTime {
  readonly txOffset: number;
  /** Microseconds since 1970. */
  readonly micros: number;
}

/**
 * When transactions were committed whose records do not say it, as those of SQL and procedures: what a restore to a
 * moment needs. A file of entries, ascending: tx offset u64, µs since 1970 u64, little-endian.
 *
 * It is no part of the log, and never synced: what a crash takes of it makes the end of a restore to a moment less exact,
 * and nothing else. For the same reason a failed write ends it without a word.
 */
export class CommitTimes {
  #file: OpenFile | undefined;
  #length: number;
  #lastMicros = 0;
  #pending: CommitTime[] = [];
  #writing: Promise<void> | undefined;

  private constructor(file: OpenFile | undefined, length: number) {
    this.#file = file;
    this.#length = length;
  }

  /**
   * Opens the times of the log in a database's folder, without those of transactions that the log has no more: that were
   * lost, or removed long ago.
   * @param firstTxOffset what the log begins with
   * @param nextTxOffset what it goes on with
   */
  static async open(fs: FileSystem, folder: string, firstTxOffset: number, nextTxOffset: number): Promise<CommitTimes> {
    try {
      const file = await fs.open(pathIn(folder), 'write');
      try {
        const first = await findEntry(file, firstTxOffset);
        const end = await findEntry(file, nextTxOffset);
        // To write it anew pays when most of it is old.
        const isMostlyOld = first > end - first && first * ENTRY_BYTES > MAX_OLD_BYTES;
        const length = ENTRY_BYTES * (isMostlyOld ? await moveToFront(file, first, end) : end);
        await file.truncate(length);
        return new CommitTimes(file, length);
      } catch (error) {
        await file.close();
        throw error;
      }
    } catch {
      return new CommitTimes(undefined, 0);
    }
  }

  /** Notes when a transaction was committed that is behind all others noted. Returns at once. */
  note(txOffset: number, micros: number): void {
    // A clock that was set back makes no entry of a later transaction useless.
    const sinceLast = Math.abs(micros - this.#lastMicros);
    if (this.#file === undefined || sinceLast < RESOLUTION_MICROS) return;
    this.#lastMicros = micros;
    this.#pending.push({ txOffset, micros });
    this.#writing ??= this.#write(this.#file);
  }

  /** Writes what was noted and closes the file. May be called twice. */
  async close(): Promise<void> {
    await this.#writing;
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(ignore);
  }

  async #write(file: OpenFile): Promise<void> {
    try {
      while (this.#pending.length > 0) {
        const entries = this.#pending;
        this.#pending = [];
        const bytes = new Uint8Array(entries.length * ENTRY_BYTES);
        const view = new DataView(bytes.buffer);
        entries.forEach(({ txOffset, micros }, i) => {
          view.setBigUint64(i * ENTRY_BYTES, BigInt(txOffset), true);
          view.setBigUint64(i * ENTRY_BYTES + 8, BigInt(micros), true);
        });
        await file.write(bytes, this.#length);
        this.#length += bytes.length;
      }
    } catch {
      this.#file = undefined;
      await file.close().catch(ignore);
    }
    this.#writing = undefined;
  }
}

/** The times that are known of the transactions from `firstTxOffset` to before `endTxOffset`; none if none can be read. */
export async function readCommitTimes(
  fs: FileSystem,
  folder: string,
  firstTxOffset: number,
  endTxOffset: number,
): Promise<CommitTime[]> {
  let file: OpenFile;
  try {
    file = await fs.open(pathIn(folder), 'read');
  } catch {
    return [];
  }
  try {
    const first = await findEntry(file, firstTxOffset);
    const bytes = new Uint8Array(ENTRY_BYTES * ((await findEntry(file, endTxOffset)) - first));
    const read = await file.read(bytes, first * ENTRY_BYTES);
    const view = new DataView(bytes.buffer);
    const times: CommitTime[] = [];
    for (let at = 0; at + ENTRY_BYTES <= read; at += ENTRY_BYTES) {
      const txOffset = Number(view.getBigUint64(at, true));
      // After a loss of power there may be anything.
      if (txOffset < firstTxOffset || txOffset >= endTxOffset) continue;
      times.push({ txOffset, micros: Number(view.getBigUint64(at + 8, true)) });
    }
    return times;
  } catch {
    return [];
  } finally {
    await file.close().catch(ignore);
  }
}

/** Moves the entries from `first` to `end` to where the file begins; returns how many they are. */
async function moveToFront(file: OpenFile, first: number, end: number): Promise<number> {
  const bytes = new Uint8Array(ENTRY_BYTES * (end - first));
  await file.read(bytes, first * ENTRY_BYTES);
  await file.write(bytes, 0);
  return end - first;
}

/** How many entries lie before a transaction. */
async function findEntry(file: OpenFile, txOffset: number): Promise<number> {
  const entry = new Uint8Array(ENTRY_BYTES);
  const view = new DataView(entry.buffer);
  let low = 0;
  let high = Math.floor((await file.size()) / ENTRY_BYTES);
  while (low < high) {
    const middle = (low + high) >> 1;
    await file.read(entry, middle * ENTRY_BYTES);
    if (Number(view.getBigUint64(0, true)) < txOffset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function pathIn(folder: string): string {
  return `${folder}/${FILE}`;
}

function ignore(): void {}
