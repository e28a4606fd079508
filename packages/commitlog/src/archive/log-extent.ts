import type { FileSystem } from '../file-system.ts';
import { findTail } from '../log-tail.ts';
import { segmentOffsets } from '../segment-header.ts';

/**
 * The first tx offsets of the segments of a log, ascending; the first is 0 unless old segments were removed.
 *
 * @param folder of the segments
 */
export async function logSegments(fs: FileSystem, folder: string): Promise<number[]> {
  return segmentOffsets(await fs.list(folder));
}

/**
 * The tx offset after the last of a log that nobody writes; 0 if there is none.
 *
 * @param folder of the segments
 * @throws CommitLogError as `CommitLog.open` does for a damaged end
 */
export async function logEnd(fs: FileSystem, folder: string): Promise<number> {
  return (await findTail(fs, folder)).nextTxOffset;
}
