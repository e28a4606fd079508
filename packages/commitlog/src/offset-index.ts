import type { FileSystem, OpenFile } from './file-system.ts';
import { offsetIndexPath } from './segment-header.ts';

const ENTRY_BYTES = 16;
const INTERVAL_BYTES = 4096;

/** Where in its segment a commit begins. */
export interface OffsetIndexEntry {
  readonly txOffset: number;
  readonly position: number;
}

/**
 * The offset index of the segment being written: tx offset u64, byte position u64, about one entry per 4 KiB.
 *
 * Only a short cut for readers, who check what they find. So it is never synced, losing it loses time only, and a
 * failed write ends it without a word.
 */
export class OffsetIndex {
  #file: OpenFile | undefined;
  #entryCount: number;
  #lastPosition: number;
  #writing: Promise<void> | undefined;
  readonly #entry = new Uint8Array(ENTRY_BYTES);
  readonly #view = new DataView(this.#entry.buffer);

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
      await file.truncate(kept.length * ENTRY_BYTES);
      return new OffsetIndex(file, kept);
    } catch {
      return new OffsetIndex(undefined, []);
    }
  }

  /** Tells the index of a durable commit. It is entered if it lies far enough behind the last entry. */
  add(txOffset: number, position: number): void {
    // Key 0 means unused in this format.
    if (txOffset === 0 || position - this.#lastPosition < INTERVAL_BYTES) return;
    if (this.#file === undefined || this.#writing !== undefined) return;
    this.#lastPosition = position;
    this.#view.setBigUint64(0, BigInt(txOffset), true);
    this.#view.setBigUint64(8, BigInt(position), true);
    this.#writing = this.#writeEntry(this.#file);
  }

  async close(): Promise<void> {
    await this.#writing;
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(ignore);
  }

  async #writeEntry(file: OpenFile): Promise<void> {
    try {
      await file.write(this.#entry, this.#entryCount * ENTRY_BYTES);
      this.#entryCount++;
    } catch {
      this.#file = undefined;
      await file.close().catch(ignore);
    }
    this.#writing = undefined;
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
