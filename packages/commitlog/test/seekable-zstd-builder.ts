import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { ZstdDecompressor } from '../src/index.ts';

/**
 * Compresses bytes in zstd's seekable format, as SpacetimeDB does with sealed segments. Made from the description of
 * the format (zstd, `contrib/seekable_format`), not with its library.
 */
export function seekableZstd(content: Uint8Array, frameBytes = 4096, hasChecksums = false): Buffer {
  const frames: Buffer[] = [];
  const entries: Buffer[] = [];
  for (let at = 0; at < content.length; at += frameBytes) {
    const part = content.subarray(at, at + frameBytes);
    const frame = zstdCompressSync(part);
    frames.push(frame);
    const entry = Buffer.alloc(hasChecksums ? 12 : 8);
    entry.writeUInt32LE(frame.length, 0);
    entry.writeUInt32LE(part.length, 4);
    entries.push(entry);
  }
  const footer = Buffer.alloc(9);
  footer.writeUInt32LE(frames.length, 0);
  footer.writeUInt8(hasChecksums ? 0x80 : 0, 4);
  footer.writeUInt32LE(0x8f92eab1, 5);
  const table = Buffer.concat([...entries, footer]);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184d2a5e, 0);
  head.writeUInt32LE(table.length, 4);
  return Buffer.concat([...frames, head, table]);
}

export const decompressZstd: ZstdDecompressor = (frame, contentBytes) =>
  zstdDecompressSync(frame, { maxOutputLength: Math.max(1, contentBytes) });
