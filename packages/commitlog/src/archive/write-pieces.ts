import type { FileSystem } from '../file-system.ts';
import { SegmentCopy } from '../segment-copy.ts';
import { segmentPath } from '../segment-header.ts';
import { type LogPiece, damagedPiece } from './log-piece.ts';

const MAX_SEGMENT_BYTES = 1024 * 1024 * 1024;

/**
 * Writes pieces that follow on one another as the segments of a log into a folder without one. All of it is on disk
 * when this resolves.
 *
 * @param visit called with each piece when it is written
 * @throws CommitLogError `ARCHIVE_DAMAGED` where a piece does not go on where the one before it ends
 */
export async function writePieces(
  fs: FileSystem,
  folder: string,
  pieces: AsyncIterable<LogPiece>,
  visit: (piece: LogPiece) => void = () => {},
): Promise<void> {
  await fs.makeFolder(folder);
  let copy: SegmentCopy | undefined;
  let next: number | undefined;
  try {
    for await (const piece of pieces) {
      if (next !== undefined && piece.firstTxOffset !== next) {
        const problem = `it begins at transaction ${piece.firstTxOffset}, and the piece before it ends at ${next}`;
        throw damagedPiece(`the piece of transaction ${piece.firstTxOffset}`, problem);
      }
      if (copy !== undefined && copy.length >= MAX_SEGMENT_BYTES) {
        await copy.finish();
        copy = undefined;
      }
      copy ??= await SegmentCopy.begin(fs, segmentPath(folder, piece.firstTxOffset));
      await copy.add(piece.commits);
      next = piece.endTxOffset;
      visit(piece);
    }
    await copy?.finish();
  } finally {
    await copy?.close();
  }
  await fs.syncFolder(folder);
}
