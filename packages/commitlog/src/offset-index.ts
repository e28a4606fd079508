import type { FileSystem, OpenFile } from './file-system.ts';
import { offsetIndexPath } from './segment-header.ts';

const ENTRY_BYTES = 16;
const INTERVAL_BYTES = 4096;
/** So many go to the file at once: each by itself was one more trip to another thread for most commits under load. */
const GATHERED_ENTRIES = 64;

/** Where in its segment a commit begins. */
export interface OffsetIndexEntry {
  readonly txOffset: number;
  readonly position: number;
}

/**
 * The offset index of the segment being written: tx offset u64, byte position u64, about one entry per 4 KiB. The last
 * few are in the file only when it is closed.
 *
 * Only a short cut for readers, who check what they find. So it is never synced, losing it loses time only, and a
 * failed write ends it without a word.
 */
export class OffsetIndex {
  #file: OpenFile | undefined;
  /** In the file. */
  #entryCount: number;
  #lastPosition: number;
  #writing: Promise<void> | undefined;
  /** Those that are not in the file yet, and how many they are. */
  readonly #gathered = new DataView(new ArrayBuffer(GATHERED_ENTRIES * ENTRY_BYTES));
  #gatheredCount = 0;

  private constructor(file: OpenFile | undefined, entries: readonly OffsetIndexEntry[]) {
    this.#file = file;
    this.#entryCount = entries.length;
    this.#lastPosition = entries.at(-1)?.position ?? 0;
  }

  /** Goes on with the index of a segment, without its entries from `nextTxOffset` on. */
  static async resume(fs: FileSystem, folder: string, segment: number, nextTxOffset: number): Promise<OffsetIndex> {
    try {
      const entries = await readOffsetIndex(fs, folder, segment);
      const tooNew = entries.findIndex((entry) => entry.txOffset >= nextTxOffset);
      const kept = tooNew === -1 ? entries : entries.slice(0, tooNew);
      const file = await fs.open(offsetIndexPath(folder, segment), 'write');
      try {
        await file.truncate(kept.length * ENTRY_BYTES);
      } catch (error) {
        await file.close();
        throw error;
      }
      return new OffsetIndex(file, kept);
    } catch {
      return new OffsetIndex(undefined, []);
    }
  }

  /** Tells the index of a durable commit. It is entered if it lies far enough behind the last entry. */
  add(txOffset: number, position: number): void {
    // Key 0 means unused in this format.
    if (txOffset === 0 || position - this.#lastPosition < INTERVAL_BYTES) return;
    if (this.#file === undefined || this.#gatheredCount === GATHERED_ENTRIES) return;
    this.#lastPosition = position;
    const at = this.#gatheredCount++ * ENTRY_BYTES;
    this.#gathered.setBigUint64(at, BigInt(txOffset), true);
    this.#gathered.setBigUint64(at + 8, BigInt(position), true);
    if (this.#gatheredCount === GATHERED_ENTRIES) this.#writing = this.#writeGathered(this.#file);
  }

  async close(): Promise<void> {
    await this.#writing;
    if (this.#file !== undefined && this.#gatheredCount > 0) await this.#writeGathered(this.#file);
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(ignore);
  }

  /** What is added meanwhile is lost. */
  async #writeGathered(file: OpenFile): Promise<void> {
    const count = this.#gatheredCount;
    try {
      await file.write(new Uint8Array(this.#gathered.buffer, 0, count * ENTRY_BYTES), this.#entryCount * ENTRY_BYTES);
      this.#entryCount += count;
      this.#gatheredCount = 0;
    } catch {
      this.#file = undefined;
      await file.close().catch(ignore);
    }
  }
}

/** The entries of a segment's index up to the first unused or descending one; none if it cannot be read. */
export async function readOffsetIndex(fs: FileSystem, folder: string, segment: number): Promise<OffsetIndexEntry[]> {
  const entries: OffsetIndexEntry[] = [];
  let bytes: Uint8Array;
  try {
    const file = await fs.open(offsetIndexPath(folder, segment), 'read');
    try {
      bytes = new Uint8Array(await file.size());
      await file.read(bytes, 0);
    } finally {
      await file.close();
    }
  } catch {
    return entries;
  }
  const view = new DataView(bytes.buffer);
  let last = 0;
  for (let at = 0; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES) {
    const txOffset = Number(view.getBigUint64(at, true));
    if (txOffset <= last) break;
    entries.push({ txOffset, position: Number(view.getBigUint64(at + 8, true)) });
    last = txOffset;
  }
  return entries;
}

function ignore(): void {}
