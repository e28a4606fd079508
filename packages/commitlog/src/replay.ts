import { damaged, outOfOrder } from './damage.ts';
import { CommitLogError } from './errors.ts';
import type { FileSystem } from './file-system.ts';
import { reading } from './reading.ts';
import { seekCommit } from './seek-commit.ts';
import { SEGMENT_HEADER_BYTES, segmentOffsets, segmentPath } from './segment-header.ts';
import { SegmentReader } from './segment-reader.ts';

/**
 * Takes one commit: `count` records from tx offset `minTxOffset` on, one behind the other in `bytes[start..end]`.
 * They are not framed: whoever wrote them knows where one ends. The bytes are valid until this returns.
 */
export type CommitVisitor = (minTxOffset: number, count: number, bytes: Uint8Array, start: number, end: number) => void;

/**
 * Visits the commits of all segments from the one that contains `fromTxOffset` up to `endTxOffset`, in order.
 *
 * @throws CommitLogError `LOG_DAMAGED`, `LOG_OUT_OF_ORDER`, `LOG_FORKED`, `LOG_MISSING`, `LOG_UNSUPPORTED`,
 *   `LOG_READ_FAILED`
 */
export async function replayCommits(
  fs: FileSystem,
  folder: string,
  fromTxOffset: number,
  endTxOffset: number,
  visit: CommitVisitor,
): Promise<void> {
  if (fromTxOffset >= endTxOffset) return;
  const offsets = segmentOffsets(await reading(folder, () => fs.list(folder)));
  const first = offsets.findLastIndex((offset) => offset <= fromTxOffset);
  if (first === -1) throw missing(folder, fromTxOffset, `the log begins at ${offsets[0] ?? endTxOffset}`);

  let expected = offsets[first] ?? 0; // `first` is an index
  /** The end of a segment that is no commit, to be blamed if the next segment does not go on where it begins. */
  let brokenEnd: CommitLogError | undefined;
  for (const segment of offsets.slice(first)) {
    const path = segmentPath(folder, segment);
    if (segment !== expected) throw brokenEnd ?? outOfOrder(path, 0, expected, segment);
    await using reader = await SegmentReader.open(fs, folder, segment);
    if (reader === undefined) {
      brokenEnd = damaged(path, 0, expected, `expected a header of ${SEGMENT_HEADER_BYTES} bytes`);
      continue;
    }
    if (fromTxOffset > segment) expected = await seekCommit(fs, folder, segment, reader, fromTxOffset);
    let step = await reader.next();
    while (step === 'commit') {
      if (reader.minTxOffset !== expected) {
        throw outOfOrder(path, reader.commitPosition, expected, reader.minTxOffset);
      }
      expected += reader.count;
      if (expected > fromTxOffset) {
        visit(reader.minTxOffset, reader.count, reader.bytes, reader.recordsStart, reader.recordsEnd);
      }
      if (expected >= endTxOffset) return;
      step = await reader.next();
    }
    brokenEnd = undefined;
    if (step === 'bad') {
      brokenEnd = damaged(path, reader.position, expected, reader.problem);
      if (await reader.hasLaterCommit(expected)) throw brokenEnd;
    }
  }
  if (expected < endTxOffset) throw brokenEnd ?? missing(folder, expected, `the log ends there`);
}

function missing(folder: string, txOffset: number, found: string): CommitLogError {
  return new CommitLogError('LOG_MISSING', `${folder}: tx offset ${txOffset} is missing: ${found}`);
}
