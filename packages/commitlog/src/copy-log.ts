import type { FileSystem } from './file-system.ts';
import { type LogStretch, eachCommit } from './log-stretch.ts';
import { currentFormatCommit, sealed } from './current-format-commit.ts';
import { SegmentCopy } from './segment-copy.ts';
import { segmentPath } from './segment-header.ts';
import type { SegmentReader } from './segment-reader.ts';

/** Where a copy of a log ends. */
export interface LogCut {
  /** The first transaction that is left out. */
  readonly endTxOffset: number;
  /**
   * If it is in the middle of a commit: the bytes of that commit's records before it. Only who knows the records can
   * say. 0 if it begins a commit.
   */
  readonly recordBytes: number;
}

/**
 * Writes the transactions of stretches that follow on one another, up to a cut, as a log into a folder without one. The
 * commits are the same byte for byte (but for one that is cut, and those of version 0, which get the format of now);
 * each stretch becomes a segment. All of it is on disk when this resolves.
 *
 * @param fromTxOffset commits before the one that has it are left out
 */
export async function copyLog(
  fs: FileSystem,
  folder: string,
  stretches: readonly LogStretch[],
  target: string,
  fromTxOffset: number,
  cut: LogCut,
): Promise<void> {
  await fs.makeFolder(target);
  let segment: LogStretch | undefined;
  let copy: SegmentCopy | undefined;
  try {
    await eachCommit(fs, folder, stretches, fromTxOffset, cut.endTxOffset, async (reader, stretch) => {
      if (stretch !== segment) {
        await copy?.finish();
        copy = await SegmentCopy.begin(fs, segmentPath(target, reader.minTxOffset));
        segment = stretch;
      }
      await copy?.add(commitUpTo(reader, cut));
    });
    await copy?.finish();
  } finally {
    await copy?.close();
  }
  await fs.syncFolder(target);
}

/** The bytes of a commit, without its records from the cut on. */
function commitUpTo(reader: SegmentReader, { endTxOffset, recordBytes }: LogCut): Uint8Array {
  if (reader.minTxOffset + reader.count <= endTxOffset) return currentFormatCommit(reader);
  return sealed(reader, reader.recordsStart + recordBytes, endTxOffset - reader.minTxOffset);
}
