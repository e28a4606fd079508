import { CommitLogError } from './errors.ts';
import type { OpenFile, ZstdDecompressor } from './file-system.ts';

/** What reading needs of a file. */
export type ReadableFile = Pick<OpenFile, 'size' | 'read' | 'close'>;

const ZSTD_MAGIC: readonly number[] = [0x28, 0xb5, 0x2f, 0xfd];
const SKIPPABLE_MAGIC = 0x184d_2a5e;
const SEEK_TABLE_MAGIC = 0x8f92_eab1;
const SKIPPABLE_HEADER_BYTES = 8;
const FOOTER_BYTES = 9;
const HAS_CHECKSUMS = 0x80;
const RESERVED_BITS = 0x7c;

/** The reference makes frames of 4 KiB. More than this at once would be too much for reading a few bytes. */
const MAX_FRAME_BYTES = 8 * 1024 * 1024;

/** Whether a file begins as zstd does. */
export function isZstd(start: Uint8Array): boolean {
  return ZSTD_MAGIC.every((byte, i) => start[i] === byte);
}

/**
 * The content of a file of zstd's *seekable format*: frames, each compressed for itself, and behind them a table of
 * their sizes, so that reading at a position decompresses only the frames around it.
 *
 * ```
 * frame … frame | 0x184D2A5E u32 | table bytes u32 | n × (compressed u32, content u32 [, checksum u32])
 *               | n u32 | descriptor u8 (0x80 = with checksums) | 0x8F92EAB1 u32
 * ```
 * The format is that of zstd's `contrib/seekable_format`. The checksums (XXH64) are not looked at: commits have theirs.
 */
export class SeekableZstd implements ReadableFile {
  readonly #path: string;
  readonly #file: ReadableFile;
  readonly #decompress: ZstdDecompressor;
  /** Where frames begin in the file and in the content, and last where the last one ends. */
  readonly #compressedAt: Float64Array;
  readonly #contentAt: Float64Array;
  /** The frame decompressed last: the next read usually begins in it. */
  #lastFrame = -1;
  #lastContent: Uint8Array = new Uint8Array(0);

  private constructor(
    path: string,
    file: ReadableFile,
    decompress: ZstdDecompressor,
    compressedAt: Float64Array,
    contentAt: Float64Array,
  ) {
    this.#path = path;
    this.#file = file;
    this.#decompress = decompress;
    this.#compressedAt = compressedAt;
    this.#contentAt = contentAt;
  }

  /**
   * Reads the table of a file that begins as zstd does.
   * @throws CommitLogError `LOG_UNSUPPORTED` without a table of frames, `LOG_DAMAGED` for one that does not fit the file
   */
  static async over(path: string, file: ReadableFile, decompress: ZstdDecompressor): Promise<SeekableZstd> {
    const fileBytes = await file.size();
    const footer = await readExactly(file, Math.max(0, fileBytes - FOOTER_BYTES), Math.min(fileBytes, FOOTER_BYTES));
    if (footer.byteLength < FOOTER_BYTES || footer.getUint32(5, true) !== SEEK_TABLE_MAGIC) {
      throw new CommitLogError(
        'LOG_UNSUPPORTED',
        `${path}: the segment is compressed with zstd, but not in its seekable format: there is no table of frames ` +
          'at its end. Decompress it with `zstd -d` under the same name.',
      );
    }
    const frames = footer.getUint32(0, true);
    const descriptor = footer.getUint8(4);
    const entryBytes = descriptor & HAS_CHECKSUMS ? 12 : 8;
    const tableBytes = frames * entryBytes + FOOTER_BYTES;
    const tableAt = fileBytes - tableBytes;
    const wrong = (position: number, problem: string): CommitLogError =>
      new CommitLogError('LOG_DAMAGED', `${path}, byte ${position} of the compressed file: ${problem}`);
    if (descriptor & RESERVED_BITS) throw wrong(fileBytes - 5, 'unknown kind of a table of frames');
    if (tableAt < SKIPPABLE_HEADER_BYTES)
      throw wrong(fileBytes - FOOTER_BYTES, `a table of ${frames} frames cannot be`);
    const table = await readExactly(file, tableAt - SKIPPABLE_HEADER_BYTES, SKIPPABLE_HEADER_BYTES + tableBytes);
    if (table.getUint32(0, true) !== SKIPPABLE_MAGIC || table.getUint32(4, true) !== tableBytes) {
      throw wrong(tableAt - SKIPPABLE_HEADER_BYTES, `expected a table of ${frames} frames`);
    }

    const compressedAt = new Float64Array(frames + 1);
    const contentAt = new Float64Array(frames + 1);
    for (let i = 0; i < frames; i++) {
      const entryAt = SKIPPABLE_HEADER_BYTES + i * entryBytes;
      const contentBytes = table.getUint32(entryAt + 4, true);
      if (contentBytes > MAX_FRAME_BYTES) {
        const message = `${path}: frame ${i} has ${contentBytes} bytes, more than the ${MAX_FRAME_BYTES} that are read`;
        throw new CommitLogError('LOG_UNSUPPORTED', `${message}. Decompress it with \`zstd -d\` under the same name.`);
      }
      compressedAt[i + 1] = compressedAt[i]! + table.getUint32(entryAt, true);
      contentAt[i + 1] = contentAt[i]! + contentBytes;
    }
    if (compressedAt[frames] !== tableAt - SKIPPABLE_HEADER_BYTES) {
      const found = tableAt - SKIPPABLE_HEADER_BYTES;
      throw wrong(tableAt, `the table tells of frames of ${compressedAt[frames]} bytes, there are ${found}`);
    }
    return new SeekableZstd(path, file, decompress, compressedAt, contentAt);
  }

  /** Whether a file ends as a table of frames does. */
  static hasTable(bytes: Uint8Array): boolean {
    if (bytes.length < FOOTER_BYTES) return false;
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 4, true) === SEEK_TABLE_MAGIC;
  }

  size(): Promise<number> {
    return Promise.resolve(this.#contentAt.at(-1)!); // it has one entry more than there are frames
  }

  /** @throws CommitLogError `LOG_DAMAGED` for a frame that does not give what the table says */
  async read(target: Uint8Array, position: number): Promise<number> {
    const end = Math.min(position + target.length, this.#contentAt.at(-1)!);
    if (position >= end) return 0;
    const first = this.#frameAt(position);
    const last = this.#frameAt(end - 1);
    const from = this.#compressedAt[first]!;
    let compressed = new Uint8Array(0);
    if (first !== last || first !== this.#lastFrame) {
      const view = await readExactly(this.#file, from, this.#compressedAt[last + 1]! - from);
      compressed = new Uint8Array(view.buffer, 0, view.byteLength);
    }
    for (let frame = first; frame <= last; frame++) {
      const content = this.#contentOf(frame, compressed, from);
      const contentAt = this.#contentAt[frame]!;
      const start = Math.max(position, contentAt);
      const part = content.subarray(start - contentAt, Math.min(end, contentAt + content.length) - contentAt);
      target.set(part, start - position);
    }
    return end - position;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** The last frame that begins at or before a position of the content; empty ones are passed over. */
  #frameAt(position: number): number {
    let low = 0;
    let high = this.#contentAt.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#contentAt[middle]! <= position) low = middle;
      else high = middle;
    }
    return low;
  }

  /** @param compressed the bytes of the file from `from` on */
  #contentOf(frame: number, compressed: Uint8Array, from: number): Uint8Array {
    if (frame === this.#lastFrame) return this.#lastContent;
    const start = this.#compressedAt[frame]!;
    const end = this.#compressedAt[frame + 1]!;
    const contentBytes = this.#contentAt[frame + 1]! - this.#contentAt[frame]!;
    let content: Uint8Array;
    try {
      content = this.#decompress(compressed.subarray(start - from, end - from), contentBytes);
    } catch (cause) {
      throw this.#damagedFrame(start, `it does not decompress: ${cause instanceof Error ? cause.message : ''}`, cause);
    }
    if (content.length !== contentBytes) {
      throw this.#damagedFrame(start, `expected ${contentBytes} bytes in it, found ${content.length}`);
    }
    this.#lastFrame = frame;
    this.#lastContent = content;
    return content;
  }

  #damagedFrame(position: number, problem: string, cause?: unknown): CommitLogError {
    return new CommitLogError(
      'LOG_DAMAGED',
      `${this.#path}, byte ${position} of the compressed file: the frame is damaged: ${problem}. ` +
        'Restore the file from a backup.',
      { cause },
    );
  }
}

async function readExactly(file: ReadableFile, position: number, count: number): Promise<DataView<ArrayBuffer>> {
  const bytes = new Uint8Array(count);
  const found = await file.read(bytes, position);
  if (found < count) throw new Error(`expected ${count} bytes at ${position}, the file became shorter meanwhile`);
  return new DataView(bytes.buffer);
}
