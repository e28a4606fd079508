import { CHECKSUM_BYTES, type CommitLayout } from './commit-layout.ts';
import { crc32c } from './crc32c.ts';
import { endCrc32c, joinCrc32c } from './crc32c-join.ts';
import { endOfZeros } from './end-of-zeros.ts';
import type { FileWindow } from './file-window.ts';

/** Bytes that look like more headers than this are made to: no program or table has so many. */
const MAX_CANDIDATES = 1 << 20;

interface Candidate {
  readonly start: number;
  /** Where its checksum is. */
  readonly end: number;
}

/**
 * Where the first good commit of a later transaction begins behind a bad place, where `expectedTxOffset` should have
 * been; `unknown` if there are too many places to try.
 *
 * Records hold programs and whatever clients send, and many of their bytes look like headers of long commits. To read
 * each of those would take for ever, so the file is read twice, whatever is in it: once for what looks like a header,
 * and once for the checksum from the first of them up to every place where one begins or ends, from which follow those
 * in between.
 */
export async function findLaterCommit(
  window: FileWindow,
  layout: CommitLayout,
  badPosition: number,
  expectedTxOffset: number,
): Promise<number | 'unknown' | undefined> {
  const candidates = await findCandidates(window, layout, badPosition, expectedTxOffset);
  if (candidates.length > MAX_CANDIDATES) return 'unknown';
  const checksums = await checksumsUpTo(window, candidates);
  for (const { start, end } of candidates) {
    const [before, whole] = [checksums.upTo.get(start), checksums.upTo.get(end)];
    if (before === undefined || whole === undefined) continue; // all are there
    if (endCrc32c(whole, before, end - start) === checksums.stored.get(end)) return start;
  }
  return undefined;
}

async function findCandidates(
  window: FileWindow,
  { headerBytes, countAt, lengthAt }: CommitLayout,
  badPosition: number,
  expectedTxOffset: number,
): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  const lastStart = window.fileSize - headerBytes - CHECKSUM_BYTES;
  for (let start = badPosition + 1; start <= lastStart && candidates.length <= MAX_CANDIDATES; start++) {
    if (!window.has(start, headerBytes)) await window.load(start, headerBytes);
    const at = start - window.start;
    const high = window.view.getUint32(at + 4, true);
    if (high > 0x1f_ffff) continue;
    const txOffset = high * 0x1_0000_0000 + window.view.getUint32(at, true);
    if (txOffset === 0) {
      // A file system may leave gigabytes of zeros: none of the offsets in them is a later one.
      start = window.start + endOfZeros(window.bytes, at + 8) - 8;
      continue;
    }
    // No file has room for more records than 65535 per byte.
    if (txOffset <= expectedTxOffset || txOffset > expectedTxOffset + 0xffff * window.fileSize) continue;
    if (window.view.getUint16(at + countAt, true) === 0) continue;
    const end = start + headerBytes + window.view.getUint32(at + lengthAt, true);
    if (end + CHECKSUM_BYTES <= window.fileSize) candidates.push({ start, end });
  }
  return candidates;
}

interface Checksums {
  /** By position: of all bytes from the first candidate up to it. */
  readonly upTo: ReadonlyMap<number, number>;
  /** By position: what a commit that ends there would have for its checksum. */
  readonly stored: ReadonlyMap<number, number>;
}

async function checksumsUpTo(window: FileWindow, candidates: readonly Candidate[]): Promise<Checksums> {
  const upTo = new Map<number, number>();
  const stored = new Map<number, number>();
  const ends = new Set(candidates.map(({ end }) => end));
  const positions = [...new Set(candidates.flatMap(({ start, end }) => [start, end]))];
  let at = positions[0] ?? 0; // the first start is before all others
  let checksum = 0;
  for (const position of positions.toSorted((left, right) => left - right)) {
    while (at < position) {
      if (!window.has(at, 1)) await window.load(at, 1);
      const next = Math.min(position, window.start + window.bytes.length);
      const part = crc32c(window.view, at - window.start, next - window.start);
      checksum = joinCrc32c(checksum, part, next - at);
      at = next;
    }
    upTo.set(position, checksum);
    if (!ends.has(position)) continue;
    if (!window.has(position, CHECKSUM_BYTES)) await window.load(position, CHECKSUM_BYTES);
    stored.set(position, window.view.getUint32(position - window.start, true));
  }
  return { upTo, stored };
}
