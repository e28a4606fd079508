import { createHash } from 'node:crypto';
import { ServerError } from '../errors.ts';
import type { DatabaseCopy } from './database-copy.ts';

/** A blob of a backup. */
export interface BackedUpBlob {
  /** Within the backup. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256, 64 hex digits. */
  readonly sha256: string;
}

/** What a backup consists of. It is written when everything else is there: a backup without it is none. */
export interface BackupManifest {
  readonly identity: string;
  /** When the backup was finished, RFC 3339. */
  readonly finishedAt: string;
  /** More than that of any backup of the database that was there already: a clock may be set back, and times lie. */
  readonly ordinal: number;
  /** The first transaction in its log. */
  readonly firstTxOffset: number;
  /** The last transaction that the database has in it. */
  readonly lastTxOffset: number;
  /** The last transaction of the snapshot in it; null if there is none. */
  readonly snapshot: number | null;
  readonly blobs: readonly BackedUpBlob[];
}

type ParsedManifest = Omit<BackupManifest, 'ordinal'> & { readonly ordinal?: number; readonly format: unknown };

const MANIFEST = 'backup.json';
const FORMAT = 1;

/** Writes the last blob of a backup. @throws BlobError */
export async function writeManifest(copy: DatabaseCopy, manifest: BackupManifest): Promise<void> {
  const text = JSON.stringify({ format: FORMAT, ...manifest });
  await copy.blobs.put(MANIFEST, Buffer.from(`${text}\n${sha256Of(Buffer.from(text))}\n`));
}

/**
 * @returns undefined if the copy is no finished backup
 * @throws ServerError `SERVER_COPY_DAMAGED`; BlobError
 */
export async function readManifest(copy: DatabaseCopy): Promise<BackupManifest | undefined> {
  const bytes = await copy.blobs.get(MANIFEST);
  if (bytes === undefined) return undefined;
  const [text = '', checksum] = Buffer.from(bytes).toString('utf8').split('\n');
  const where = `${copy.name.identity}/${copy.name.id}/${MANIFEST}`;
  if (checksum !== sha256Of(Buffer.from(text))) {
    throw new ServerError('SERVER_COPY_DAMAGED', `${where}: it does not have the checksum that it ends with`);
  }
  // The checksum is right, so it is as a program of ours wrote it.
  const { format, ...manifest } = JSON.parse(text) as ParsedManifest;
  if (format !== FORMAT || manifest.identity !== copy.name.identity) {
    const found = `format ${JSON.stringify(format)} of database ${manifest.identity}`;
    throw new ServerError('SERVER_COPY_DAMAGED', `${where}: expected format ${FORMAT}, found ${found}`);
  }
  // Those that were made first have none.
  return { ...manifest, ordinal: manifest.ordinal ?? 0 };
}

/** The order in which backups of a database were made. */
export function compareAge(a: BackupManifest, b: BackupManifest): number {
  return a.ordinal - b.ordinal || (a.finishedAt < b.finishedAt ? -1 : 1);
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
