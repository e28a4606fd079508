import type { CommitTime } from '../commit-times.ts';
import { CommitLogError } from '../errors.ts';
import { SHA256_BYTES, type Sha256 } from '../snapshots/sha256.ts';

/** What the beginning of a piece says. */
export interface LogPieceHeader {
  readonly firstTxOffset: number;
  /** The tx offset after the last. */
  readonly endTxOffset: number;
  /** When it was cut: all its transactions were durable. Microseconds since 1970. */
  readonly cutAtMicros: number;
}

/**
 * Some commits of a log that follow on one another, as an archive keeps them.
 *
 *     magic             8 bytes   4C 43 4C 4F 47 50 0D 0A  "LCLOGP\r\n"
 *     version           u32       1
 *     first tx offset   u64
 *     end tx offset     u64
 *     cut at            u64       µs since 1970
 *     times             u32 count, each: tx offset u64 · µs since 1970 u64
 *     commits           u32 length · bytes, as in a segment of version 1 behind its header
 *     SHA-256           32 bytes  of everything before
 *
 * Integers are little-endian.
 */
export interface LogPiece extends LogPieceHeader {
  /** Of transactions whose records do not say it, and of no others, ascending. */
  readonly times: readonly CommitTime[];
  readonly commits: Uint8Array;
}

const MAGIC = Uint8Array.of(0x4c, 0x43, 0x4c, 0x4f, 0x47, 0x50, 0x0d, 0x0a);
const VERSION = 1;
const TIME_BYTES = 16;

/** As much of a piece as its header needs. */
export const PIECE_HEADER_BYTES: number = MAGIC.length + 4 + 8 + 8 + 8;

export async function encodePiece(piece: LogPiece, sha256: Sha256): Promise<Uint8Array> {
  const { firstTxOffset, endTxOffset, cutAtMicros, times, commits } = piece;
  const length = PIECE_HEADER_BYTES + 4 + times.length * TIME_BYTES + 4 + commits.length;
  const bytes = new Uint8Array(length + SHA256_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(8, VERSION, true);
  view.setBigUint64(12, BigInt(firstTxOffset), true);
  view.setBigUint64(20, BigInt(endTxOffset), true);
  view.setBigUint64(28, BigInt(cutAtMicros), true);
  view.setUint32(PIECE_HEADER_BYTES, times.length, true);
  let at = PIECE_HEADER_BYTES + 4;
  for (const { txOffset, micros } of times) {
    view.setBigUint64(at, BigInt(txOffset), true);
    view.setBigUint64(at + 8, BigInt(micros), true);
    at += TIME_BYTES;
  }
  view.setUint32(at, commits.length, true);
  bytes.set(commits, at + 4);
  bytes.set(await sha256(bytes.slice(0, length)), length);
  return bytes;
}

/**
 * @param key for messages
 * @throws CommitLogError `ARCHIVE_DAMAGED`, `ARCHIVE_UNSUPPORTED`
 */
export function decodePieceHeader(key: string, bytes: Uint8Array): LogPieceHeader {
  if (bytes.length < PIECE_HEADER_BYTES) throw damagedPiece(key, `it is cut off: it has ${bytes.length} bytes`);
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) throw damagedPiece(key, 'it is no piece of a log');
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const version = view.getUint32(8, true);
  if (version !== VERSION) {
    const message = `${key}: the piece has format version ${version}; this program reads version ${VERSION}`;
    throw new CommitLogError('ARCHIVE_UNSUPPORTED', message);
  }
  return {
    firstTxOffset: Number(view.getBigUint64(12, true)),
    endTxOffset: Number(view.getBigUint64(20, true)),
    cutAtMicros: Number(view.getBigUint64(28, true)),
  };
}

/**
 * Checks a piece's checksum and takes it apart; its commits are part of `bytes`.
 * @param key for messages
 * @throws CommitLogError `ARCHIVE_DAMAGED`, `ARCHIVE_UNSUPPORTED`
 */
export async function decodePiece(key: string, bytes: Uint8Array, sha256: Sha256): Promise<LogPiece> {
  const header = decodePieceHeader(key, bytes);
  const end = bytes.length - SHA256_BYTES;
  const found = bytes.subarray(Math.max(end, 0));
  const expected = await sha256(bytes.slice(0, Math.max(end, 0)));
  if (found.length !== SHA256_BYTES || expected.some((byte, i) => byte !== found[i])) {
    throw damagedPiece(key, 'it does not have the checksum that it ends with');
  }
  // The checksum is right, so what follows is wrong only if a program wrote it so.
  const view = new DataView(bytes.buffer, bytes.byteOffset, end);
  let at = PIECE_HEADER_BYTES;
  const count = end - at < 4 ? 0 : view.getUint32(at, true);
  at += 4;
  if (count > (end - at) / TIME_BYTES) throw damagedPiece(key, `there is no room for ${count} times`);
  const times: CommitTime[] = [];
  for (let i = 0; i < count; i++, at += TIME_BYTES) {
    const micros = Number(view.getBigUint64(at + 8, true));
    times.push({ txOffset: Number(view.getBigUint64(at, true)), micros });
  }
  if (end - at < 4 || view.getUint32(at, true) !== end - at - 4) {
    throw damagedPiece(key, 'its commits do not end where it does');
  }
  return { ...header, times, commits: bytes.subarray(at + 4, end) };
}

export function damagedPiece(key: string, problem: string): CommitLogError {
  return new CommitLogError('ARCHIVE_DAMAGED', `${key}: ${problem}`);
}
