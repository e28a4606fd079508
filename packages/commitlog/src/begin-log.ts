import type { FileSystem } from './file-system.ts';
import { PendingCommit } from './pending-commit.ts';
import { SegmentFile } from './segment-file.ts';

/**
 * Makes a log that begins with one record at a transaction of its own, in a folder without one: for a snapshot that has
 * all before it. It is on disk when this resolves.
 */
export async function beginLog(fs: FileSystem, logFolder: string, txOffset: number, record: Uint8Array): Promise<void> {
  await fs.makeFolder(logFolder);
  const commit = new PendingCommit(txOffset);
  commit.append(record, 0, record.length);
  await (await SegmentFile.begin(fs, logFolder, txOffset, commit.seal(0n))).close();
}
