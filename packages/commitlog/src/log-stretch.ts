import { CommitLogError } from './errors.ts';
import type { FileSystem } from './file-system.ts';
import type { CommitVisitor } from './replay.ts';
import { segmentPath } from './segment-header.ts';
import { SegmentReader } from './segment-reader.ts';

/** Good commits of one segment that follow on one another without a gap. */
export interface LogStretch {
  /** The segment, by the tx offset in its name. */
  readonly segment: number;
  /** Where the first of them begins and the last one ends, in the content of the segment. */
  readonly position: number;
  readonly endPosition: number;
  readonly firstTxOffset: number;
  /** The tx offset after the last. */
  readonly endTxOffset: number;
}

/**
 * The stretches that lead from a transaction on as far as there is no gap; none if no stretch has it. Where two go on
 * at the same offset, that of the newer segment counts: a writer that passed over damage began it.
 */
export function stretchesFrom(stretches: readonly LogStretch[], txOffset: number): LogStretch[] {
  const chain: LogStretch[] = [];
  let next = stretches.findLast((stretch) => stretch.firstTxOffset <= txOffset && txOffset < stretch.endTxOffset);
  while (next !== undefined) {
    chain.push(next);
    const end = next.endTxOffset;
    next = stretches.findLast((stretch) => stretch.firstTxOffset === end);
  }
  return chain;
}

/**
 * Visits the commits of stretches that follow on one another, from the one that contains `fromTxOffset` to the one
 * before `endTxOffset`. Nothing else of their segments is looked at.
 * @throws CommitLogError `LOG_READ_FAILED`, and those of a log that changed meanwhile
 */
export async function replayStretches(
  fs: FileSystem,
  folder: string,
  stretches: readonly LogStretch[],
  fromTxOffset: number,
  endTxOffset: number,
  visit: CommitVisitor,
): Promise<void> {
  await eachCommit(fs, folder, stretches, fromTxOffset, endTxOffset, (reader) =>
    visit(reader.minTxOffset, reader.count, reader.bytes, reader.recordsStart, reader.recordsEnd),
  );
}

/** As `replayStretches`, with the reader at each commit. */
export async function eachCommit(
  fs: FileSystem,
  folder: string,
  stretches: readonly LogStretch[],
  fromTxOffset: number,
  endTxOffset: number,
  visit: (reader: SegmentReader, stretch: LogStretch) => void | Promise<void>,
): Promise<void> {
  for (const stretch of stretches) {
    if (stretch.endTxOffset <= fromTxOffset) continue;
    if (stretch.firstTxOffset >= endTxOffset) return;
    await using reader = await SegmentReader.open(fs, folder, stretch.segment);
    if (reader === undefined) throw changed(folder, stretch);
    reader.position = stretch.position;
    let next = stretch.firstTxOffset;
    while (next < stretch.endTxOffset && next < endTxOffset) {
      if ((await reader.next()) !== 'commit' || reader.minTxOffset !== next) throw changed(folder, stretch);
      next += reader.count;
      if (next <= fromTxOffset) continue;
      const visiting = visit(reader, stretch);
      if (visiting !== undefined) await visiting;
    }
  }
}

function changed(folder: string, { segment }: LogStretch): CommitLogError {
  return new CommitLogError('LOG_READ_FAILED', `${segmentPath(folder, segment)} changed while it was read`);
}
