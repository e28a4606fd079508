import { sha256Of } from './backup-manifest.ts';
import type { BackupManifest } from './backup-manifest.ts';
import type { DatabaseCopy } from './database-copy.ts';
import type { CopyCheck } from './verify-copies.ts';

/** Reads every blob of a backup, and compares it with what its manifest says. @throws BlobError */
export async function verifyBackup({ blobs }: DatabaseCopy, manifest: BackupManifest): Promise<CopyCheck> {
  const problems: string[] = [];
  for (const { key, size, sha256 } of manifest.blobs) {
    const bytes = await blobs.get(key);
    if (bytes === undefined) problems.push(`${key} is missing`);
    else if (bytes.length !== size) problems.push(`${key} has ${bytes.length} bytes instead of ${size}`);
    else if (sha256Of(bytes) !== sha256) problems.push(`${key} does not have its checksum`);
  }
  return { content: `${manifest.blobs.length} blobs up to transaction ${manifest.lastTxOffset}`, problems };
}
