import type { FileSystem, OpenFile } from './file-system.ts';
import { type LogStretch, eachCommit } from './log-stretch.ts';
import { PendingCommit } from './pending-commit.ts';
import { segmentHeader, segmentPath } from './segment-header.ts';
import type { SegmentReader } from './segment-reader.ts';

const BUFFER_BYTES = 1024 * 1024;

/** Where a copy of a log ends. */
export interface LogCut {
  /** The first transaction that is left out. */
  readonly endTxOffset: number;
  /**
   * If it is in the middle of a commit: the bytes of that commit's records before it. Only who knows the records can
   * say. 0 if it begins a commit.
   */
  readonly recordBytes: number;
}

/**
 * Writes the transactions of stretches that follow on one another, up to a cut, as a log into a folder without one. The
 * commits are the same byte for byte (but for one that is cut, and those of version 0, which get the format of now);
 * each stretch becomes a segment. All of it is on disk when this resolves.
 *
 * @param fromTxOffset commits before the one that has it are left out
 */
export async function copyLog(
  fs: FileSystem,
  folder: string,
  stretches: readonly LogStretch[],
  target: string,
  fromTxOffset: number,
  cut: LogCut,
): Promise<void> {
  await fs.makeFolder(target);
  let segment: LogStretch | undefined;
  let copy: SegmentCopy | undefined;
  try {
    await eachCommit(fs, folder, stretches, fromTxOffset, cut.endTxOffset, async (reader, stretch) => {
      if (stretch !== segment) {
        await copy?.finish();
        copy = await SegmentCopy.begin(fs, segmentPath(target, reader.minTxOffset));
        segment = stretch;
      }
      await copy?.add(commitUpTo(reader, cut));
    });
    await copy?.finish();
  } finally {
    await copy?.close();
  }
  await fs.syncFolder(target);
}

/** The bytes of a commit, without its records from the cut on. */
function commitUpTo(reader: SegmentReader, { endTxOffset, recordBytes }: LogCut): Uint8Array {
  const isWhole = reader.minTxOffset + reader.count <= endTxOffset;
  if (isWhole && reader.version !== 0) return reader.commitBytes;
  const commit = new PendingCommit(reader.minTxOffset);
  const end = isWhole ? reader.recordsEnd : reader.recordsStart + recordBytes;
  commit.append(reader.bytes, reader.recordsStart, end);
  commit.count = (isWhole ? reader.minTxOffset + reader.count : endTxOffset) - reader.minTxOffset;
  return commit.seal(reader.epoch);
}

/** A segment that is written in large pieces. */
class SegmentCopy {
  readonly #file: OpenFile;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #buffered = 0;
  #written = 0;
  #closing: Promise<void> | undefined;

  private constructor(file: OpenFile) {
    this.#file = file;
  }

  static async begin(fs: FileSystem, path: string): Promise<SegmentCopy> {
    const copy = new SegmentCopy(await fs.open(path, 'write'));
    await copy.add(segmentHeader());
    return copy;
  }

  async add(bytes: Uint8Array): Promise<void> {
    if (this.#buffered + bytes.length > BUFFER_BYTES) await this.#flush();
    if (bytes.length > BUFFER_BYTES) {
      await this.#file.write(bytes, this.#written);
      this.#written += bytes.length;
      return;
    }
    this.#buffer.set(bytes, this.#buffered);
    this.#buffered += bytes.length;
  }

  /** Brings everything to the disk. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#file.datasync();
    await this.close();
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#file.close());
  }

  async #flush(): Promise<void> {
    await this.#file.write(this.#buffer.subarray(0, this.#buffered), this.#written);
    this.#written += this.#buffered;
    this.#buffered = 0;
  }
}
