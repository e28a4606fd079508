import { CommitLogError } from './errors.ts';

/** The ten bytes before the first commit: magic `(ds)^2`, format version, checksum algorithm, two zeros. */
export const SEGMENT_HEADER_BYTES = 10;

/** The version we write. Version 0, whose commits have no epoch, is read. */
export const FORMAT_VERSION = 1;

const MAGIC: readonly number[] = [0x28, 0x64, 0x73, 0x29, 0x5e, 0x32];
const CRC_32C = 0;

export function segmentHeader(): Uint8Array {
  return Uint8Array.of(...MAGIC, FORMAT_VERSION, CRC_32C, 0, 0);
}

/**
 * Checks a segment's header and returns its format version.
 *
 * @throws CommitLogError `LOG_UNSUPPORTED` for a version or checksum we do not know, `LOG_DAMAGED` for
 *   anything else that is no header. The two last bytes are not looked at, as in the reference.
 */
export function readSegmentHeader(header: Uint8Array, path: string, txOffset: number): number {
  if (!MAGIC.every((byte, i) => header[i] === byte)) {
    const found = Array.from(header.subarray(0, MAGIC.length), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    throw new CommitLogError(
      'LOG_DAMAGED',
      `${path}, byte 0, tx offset ${txOffset}: segment header does not start with magic: found ${found}`,
    );
  }
  const version = header[6]!; // the header has ten bytes
  if (version > FORMAT_VERSION) {
    throw new CommitLogError('LOG_UNSUPPORTED', `${path}, byte 6: unsupported log format version: ${version}`);
  }
  if (header[7] !== CRC_32C) {
    throw new CommitLogError('LOG_UNSUPPORTED', `${path}, byte 7: unsupported checksum algorithm: ${header[7]}`);
  }
  return version;
}

/** The path of the segment whose first transaction is `txOffset`. */
export function segmentPath(folder: string, txOffset: number): string {
  return `${folder}/${offsetName(txOffset)}.stdb.log`;
}

/** The path of that segment's offset index. */
export function offsetIndexPath(folder: string, txOffset: number): string {
  return `${folder}/${offsetName(txOffset)}.stdb.ofs`;
}

/** The first tx offsets of the segments among `names`, ascending. */
export function segmentOffsets(names: readonly string[]): number[] {
  const offsets: number[] = [];
  for (const name of names) {
    const digits = /^(\d{20})\.stdb\.log$/.exec(name)?.[1];
    if (digits !== undefined) offsets.push(Number(digits));
  }
  return offsets.sort((a, b) => a - b);
}

function offsetName(txOffset: number): string {
  return txOffset.toString().padStart(20, '0');
}
