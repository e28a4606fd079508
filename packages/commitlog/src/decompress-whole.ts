import { CommitLogError } from './errors.ts';
import type { ZstdDecompressor } from './file-system.ts';
import { SeekableZstd, type ReadableFile, isZstd } from './seekable-zstd.ts';

/** Much more than any file that is read whole should have. */
const MAX_BYTES = 1024 * 1024 * 1024;

/**
 * The content of a file that SpacetimeDB may have compressed: zstd of one frame, or in the seekable format. Bytes that do
 * not begin as zstd does are the content themselves.
 *
 * @param path for messages
 * @throws CommitLogError `LOG_DAMAGED` when it does not decompress, `LOG_UNSUPPORTED` for more than a GiB
 */
export async function decompressWhole(
  path: string,
  bytes: Uint8Array,
  decompress: ZstdDecompressor,
): Promise<Uint8Array> {
  if (!isZstd(bytes)) return bytes;
  const file: ReadableFile = {
    size: () => Promise.resolve(bytes.length),
    read(target, position) {
      const part = bytes.subarray(position, position + target.length);
      target.set(part);
      return Promise.resolve(part.length);
    },
    close: () => Promise.resolve(),
  };
  if (SeekableZstd.hasTable(bytes)) {
    const content = await SeekableZstd.over(path, file, decompress);
    const size = await content.size();
    if (size > MAX_BYTES) throw new CommitLogError('LOG_UNSUPPORTED', `${path}: ${size} bytes are more than is read`);
    const whole = new Uint8Array(size);
    await content.read(whole, 0);
    return whole;
  }
  try {
    return decompress(bytes, MAX_BYTES);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommitLogError('LOG_DAMAGED', `${path}: it does not decompress: ${reason}`, { cause });
  }
}
