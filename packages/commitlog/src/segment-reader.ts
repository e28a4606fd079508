import { CHECKSUM_BYTES, COMMIT_LAYOUT, COMMIT_LAYOUT_V0, EPOCH_AT } from './commit-layout.ts';
import type { CommitLayout } from './commit-layout.ts';
import { crc32c } from './crc32c.ts';
import { endOfZeros } from './end-of-zeros.ts';
import { CommitLogError } from './errors.ts';
import type { FileSystem } from './file-system.ts';
import { FileWindow } from './file-window.ts';
import { findLaterCommit } from './later-commit.ts';
import { reading } from './reading.ts';
import { type ReadableFile, SeekableZstd, isZstd } from './seekable-zstd.ts';
import { FORMAT_VERSION, SEGMENT_HEADER_BYTES, readSegmentHeader, segmentPath } from './segment-header.ts';

/**
 * What stands at the reader's position: a good commit, the end of the file, or something else (`problem` says what).
 */
export type Step = 'commit' | 'end' | 'bad';

/**
 * Reads the commits of one segment one after another. After a step `commit`, the fields below describe it;
 * `bytes` and the positions in it are valid until the next step.
 */
export class SegmentReader implements AsyncDisposable {
  readonly path: string;
  readonly version: number;
  /** The file is a sealed segment, compressed. Positions are those in its content. */
  readonly isCompressed: boolean;

  /** Where in the file the next step looks; after `bad` and `end` that is where the good commits end. */
  position: number = SEGMENT_HEADER_BYTES;
  problem = '';

  /** The last commit read: its place in the file, its fields, and its records in `bytes`. */
  commitPosition = 0;
  minTxOffset = 0;
  epoch = 0n;
  count = 0;
  checksum = 0;
  bytes: Uint8Array = new Uint8Array(0);
  recordsStart = 0;
  recordsEnd = 0;

  readonly #window: FileWindow;
  readonly #layout: CommitLayout;

  private constructor(window: FileWindow, version: number, isCompressed: boolean) {
    this.path = window.path;
    this.version = version;
    this.isCompressed = isCompressed;
    this.#window = window;
    this.#layout = version === 0 ? COMMIT_LAYOUT_V0 : COMMIT_LAYOUT;
  }

  /**
   * Opens the segment that is named after `txOffset`; undefined if it is too short to have a header.
   *
   * @throws CommitLogError `LOG_UNSUPPORTED` or `LOG_DAMAGED` for its header or its compression, `LOG_READ_FAILED`
   */
  static open(fs: FileSystem, folder: string, txOffset: number): Promise<SegmentReader | undefined> {
    const path = segmentPath(folder, txOffset);
    return reading(path, () => SegmentReader.#open(fs, path, txOffset));
  }

  static async #open(fs: FileSystem, path: string, txOffset: number): Promise<SegmentReader | undefined> {
    const file = await fs.open(path, 'read');
    try {
      const content = await contentOf(fs, path, file);
      const window = await FileWindow.over(path, content);
      if (window.fileSize >= SEGMENT_HEADER_BYTES) {
        await window.load(0, SEGMENT_HEADER_BYTES);
        return new SegmentReader(window, readSegmentHeader(window.bytes, path, txOffset), content !== file);
      }
    } catch (error) {
      await file.close();
      throw error;
    }
    await file.close();
    return undefined;
  }

  /** The length of its content. */
  get fileSize(): number {
    return this.#window.fileSize;
  }

  /** Whether the file may be written on: its version is the one we write, and it is not compressed. */
  get isWritable(): boolean {
    return this.version === FORMAT_VERSION && !this.isCompressed;
  }

  /** The whole last commit, as it is in the file. */
  get commitBytes(): Uint8Array {
    return this.bytes.subarray(this.recordsStart - this.#layout.headerBytes, this.recordsEnd + CHECKSUM_BYTES);
  }

  /** Reads the commit at `position` and moves behind it. */
  async next(): Promise<Step> {
    const { headerBytes, countAt, lengthAt } = this.#layout;
    const window = this.#window;
    const left = window.fileSize - this.position;
    if (left === 0) return 'end';
    // Version 0 files were preallocated with zeros.
    if (this.version === 0 && (await this.isZeroFrom(this.position))) return 'end';
    if (left < headerBytes)
      return this.#bad(`expected a commit header of ${headerBytes} bytes, ${left} left in the file`);
    if (!window.has(this.position, headerBytes)) await window.load(this.position, headerBytes);

    let at = this.position - window.start;
    const count = window.view.getUint16(at + countAt, true);
    const recordBytes = window.view.getUint32(at + lengthAt, true);
    const commitBytes = headerBytes + recordBytes + CHECKSUM_BYTES;
    if (commitBytes > left) return this.#bad(`expected a commit of ${commitBytes} bytes, ${left} left in the file`);
    if (count === 0) return this.#bad('expected a commit of one record or more, found none');

    if (!window.has(this.position, commitBytes)) {
      await window.load(this.position, commitBytes);
      at = 0;
    }
    this.checksum = window.view.getUint32(at + headerBytes + recordBytes, true);
    const computed = crc32c(window.view, at, at + headerBytes + recordBytes);
    if (this.checksum !== computed)
      return this.#bad(`checksum mismatch: expected ${hex(computed)}, found ${hex(this.checksum)}`);

    this.commitPosition = this.position;
    this.minTxOffset = Number(window.view.getBigUint64(at, true));
    this.epoch = this.version === 0 ? 0n : window.view.getBigUint64(at + EPOCH_AT, true);
    this.count = count;
    this.bytes = window.bytes;
    this.recordsStart = at + headerBytes;
    this.recordsEnd = at + headerBytes + recordBytes;
    this.position += commitBytes;
    return 'commit';
  }

  /** Whether there is a later commit behind a bad place. Tells damage from a torn tail. */
  async hasLaterCommit(expectedTxOffset: number): Promise<boolean> {
    return (await this.findLaterCommit(expectedTxOffset)) !== undefined;
  }

  /**
   * Where the next good commit of a later transaction begins behind the bad place the reader stands at, where
   * `expectedTxOffset` should have been; `unknown` if that cannot be told.
   */
  findLaterCommit(expectedTxOffset: number): Promise<number | 'unknown' | undefined> {
    return findLaterCommit(this.#window, this.#layout, this.position, expectedTxOffset);
  }

  /** Whether the file holds only zeros from `start` on. */
  async isZeroFrom(start: number): Promise<boolean> {
    const window = this.#window;
    let isZero = true;
    for (let position = start; isZero && position < window.fileSize;) {
      if (!window.has(position, 1)) await window.load(position, 1);
      isZero = endOfZeros(window.bytes, position - window.start) === window.bytes.length;
      position = window.start + window.bytes.length;
    }
    return isZero;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#window.close();
  }

  #bad(problem: string): Step {
    this.problem = problem;
    return 'bad';
  }
}

/** The file itself, or what is in it if it is compressed. */
async function contentOf(fs: FileSystem, path: string, file: ReadableFile): Promise<ReadableFile> {
  const start = new Uint8Array(4);
  await file.read(start, 0);
  if (!isZstd(start)) return file;
  if (fs.decompressZstd !== undefined) return SeekableZstd.over(path, file, fs.decompressZstd);
  const advice = 'Decompress it with `zstd -d` under the same name';
  throw new CommitLogError(
    'LOG_UNSUPPORTED',
    `${path}: the segment is compressed, and nothing here decompresses. ${advice}.`,
  );
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
