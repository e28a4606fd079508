import { CommitLogError } from './errors.ts';
import type { FileSystem } from './file-system.ts';
import { offsetIndexPath, segmentOffsets, segmentPath } from './segment-header.ts';

/**
 * [LOG-10] Removes the segments that end before `txOffset`, the oldest first, each durably before the next: whatever
 * happens on the way, what is left has no gap. The newest segment stays.
 *
 * @param firstTxOffset what the log begins with now
 * @returns what it begins with then
 * @throws CommitLogError `LOG_REMOVAL_FAILED`
 */
export async function removeSegmentsBefore(
  fs: FileSystem,
  folder: string,
  txOffset: number,
  firstTxOffset: number,
): Promise<number> {
  let first = firstTxOffset;
  let path = folder;
  try {
    const offsets = segmentOffsets(await fs.list(folder));
    first = offsets[0] ?? first; // a removal that failed on its way may have got that far
    for (const [i, segment] of offsets.entries()) {
      const next = offsets[i + 1];
      if (next === undefined || next > txOffset) break;
      path = segmentPath(folder, segment);
      await fs.remove(offsetIndexPath(folder, segment));
      await fs.remove(path);
      await fs.syncFolder(folder);
      first = next;
    }
    return first;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommitLogError('LOG_REMOVAL_FAILED', `${path}: removing an old segment failed: ${reason}`, {
      cause: error,
    });
  }
}
