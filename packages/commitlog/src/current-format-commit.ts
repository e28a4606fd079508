import { PendingCommit } from './pending-commit.ts';
import { FORMAT_VERSION } from './segment-header.ts';
import type { SegmentReader } from './segment-reader.ts';

/**
 * The commit that a reader has just read, in the format that is written now: byte for byte, unless it is of version 0.
 * Valid until the reader's next step.
 */
export function currentFormatCommit(reader: SegmentReader): Uint8Array {
  if (reader.version === FORMAT_VERSION) return reader.commitBytes;
  return sealed(reader, reader.recordsEnd, reader.count);
}

/** A commit of the first `count` records of the one that a reader has just read, which end at `end` in its bytes. */
export function sealed(reader: SegmentReader, end: number, count: number): Uint8Array {
  const commit = new PendingCommit(reader.minTxOffset);
  commit.append(reader.bytes, reader.recordsStart, end);
  commit.count = count;
  return commit.seal(reader.epoch);
}
