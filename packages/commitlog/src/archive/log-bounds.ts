import type { FileSystem } from '../file-system.ts';
import { findTail } from '../log-tail.ts';
import { segmentOffsets } from '../segment-header.ts';

/** The transactions that a log has. */
export interface LogBounds {
  /** The first one; 0 unless old segments were removed. */
  readonly firstTxOffset: number;
  /** The tx offset after the last one that can be read: of a log that is being written, it may not be durable. */
  readonly endTxOffset: number;
}

/**
 * Looks at the names of the segments and the end of the newest, changing nothing; undefined if there is none.
 *
 * @param folder of the segments
 * @throws CommitLogError as `CommitLog.open` does for a damaged end
 */
export async function logBounds(fs: FileSystem, folder: string): Promise<LogBounds | undefined> {
  const firstTxOffset = segmentOffsets(await fs.list(folder))[0];
  if (firstTxOffset === undefined) return undefined;
  return { firstTxOffset, endTxOffset: (await findTail(fs, folder)).nextTxOffset };
}
