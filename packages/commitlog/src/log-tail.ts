import { damaged, damagedFirstCommit, outOfOrder } from './damage.ts';
import type { FileSystem } from './file-system.ts';
import { reading } from './reading.ts';
import { seekCommit } from './seek-commit.ts';
import { SEGMENT_HEADER_BYTES, segmentOffsets } from './segment-header.ts';
import { SegmentReader } from './segment-reader.ts';

/** Where writing goes on. */
export interface LogTail {
  /** The newest segment, by its first tx offset. */
  readonly segment: number;
  /** Whether writing goes on in that segment; otherwise a new one begins with `nextTxOffset`. */
  readonly isUsable: boolean;
  /** The bytes of the segment that are good; what follows them is a torn tail. */
  readonly goodBytes: number;
  /** Where the last good commit begins. */
  readonly lastCommitPosition: number;
  readonly nextTxOffset: number;
  readonly epoch: bigint;
}

/**
 * Reads the end of the log, changing nothing. Only the newest segment is looked at, from the last commit that its
 * index knows; `replay` checks the rest.
 *
 * @throws CommitLogError `LOG_DAMAGED`, `LOG_OUT_OF_ORDER`, `LOG_FORKED`, `LOG_UNSUPPORTED`, `LOG_READ_FAILED`
 */
export async function findTail(fs: FileSystem, folder: string): Promise<LogTail> {
  const newest = segmentOffsets(await reading(folder, () => fs.list(folder))).at(-1);
  const segment = newest ?? 0;
  const empty: LogTail = {
    isUsable: false,
    segment,
    goodBytes: SEGMENT_HEADER_BYTES,
    lastCommitPosition: SEGMENT_HEADER_BYTES,
    nextTxOffset: segment,
    epoch: 0n,
  };
  if (newest === undefined) return empty;
  await using reader = await SegmentReader.open(fs, folder, segment);
  // Without a whole header it never had a commit.
  if (reader === undefined) return empty;

  let nextTxOffset = await seekCommit(fs, folder, segment, reader, Number.MAX_SAFE_INTEGER);
  let step = await reader.next();
  const hasCommit = step === 'commit';
  while (step === 'commit') {
    if (reader.minTxOffset !== nextTxOffset) {
      throw outOfOrder(reader.path, reader.commitPosition, nextTxOffset, reader.minTxOffset);
    }
    nextTxOffset += reader.count;
    step = await reader.next();
  }
  if (step === 'bad') {
    // A segment begins its life with a whole first commit, so no crash made it wrong.
    if (!hasCommit) throw damagedFirstCommit(reader.path, reader.position, nextTxOffset, reader.problem);
    if (await reader.hasLaterCommit(nextTxOffset)) {
      throw damaged(reader.path, reader.position, nextTxOffset, reader.problem);
    }
  }
  return {
    segment,
    isUsable: hasCommit && reader.isWritable,
    goodBytes: reader.position,
    lastCommitPosition: reader.commitPosition,
    nextTxOffset,
    epoch: reader.epoch,
  };
}
