import type { FileSystem } from './file-system.ts';
import { readOffsetIndex } from './offset-index.ts';
import { SEGMENT_HEADER_BYTES } from './segment-header.ts';
import type { SegmentReader } from './segment-reader.ts';

/**
 * Moves a reader at the start of its segment forward to an indexed commit at or before `txOffset`, and returns the
 * first tx offset of the commit it now stands at. What the index says is believed only after reading that commit.
 */
export async function seekCommit(
  fs: FileSystem,
  folder: string,
  segment: number,
  reader: SegmentReader,
  txOffset: number,
): Promise<number> {
  const entries = await readOffsetIndex(fs, folder, segment);
  const usable = entries.filter((entry) => entry.txOffset <= txOffset && entry.position < reader.fileSize);
  for (const entry of usable.reverse()) {
    reader.position = entry.position;
    const step = await reader.next();
    reader.position = entry.position;
    if (step === 'commit' && reader.minTxOffset === entry.txOffset) return entry.txOffset;
  }
  reader.position = SEGMENT_HEADER_BYTES;
  return segment;
}
