import { PrefixedBlobStore } from '@lightcone/blobs';
import type { BlobInfo, BlobStore, ByteRange } from '@lightcone/blobs';
import { SnapshotStore, logSegments, readCommits, readCommitTimes } from '@lightcone/commitlog';
import type { FileSystem, LogPosition } from '@lightcone/commitlog';
import { listBackups, removeCopy } from './backup-list.ts';
import { sha256Of, writeManifest } from './backup-manifest.ts';
import type { BackedUpBlob, BackupManifest } from './backup-manifest.ts';
import { DatabaseCopy, PIECE_BYTES } from './database-copy.ts';
import type { CopyClock, DatabaseDescription } from './database-copy.ts';

/** Where a database's files are. */
export interface DatabaseFiles {
  readonly fs: FileSystem;
  /** The database's folder, with its log and times. */
  readonly path: string;
  /** The same, with its snapshots. */
  readonly folder: BlobStore;
}

/**
 * Copies a database as it is after its last durable transaction, while it goes on: the newest snapshot, if there is one,
 * and the log behind it.
 *
 * @throws BlobError, CommitLogError: what was copied is removed then, as far as that can be done. `LOG_…` and
 *   `SNAPSHOT_…` may mean that the database let go of what was being copied: it took a newer snapshot
 */
export async function createBackup(
  files: DatabaseFiles,
  store: BlobStore,
  durableTxOffset: number,
  description: DatabaseDescription,
  clock: CopyClock,
): Promise<{ readonly id: string; readonly manifest: BackupManifest }> {
  const recorder = new RecordingBlobStore(store);
  const now = new Date(clock.nowMicros() / 1000);
  const copy = DatabaseCopy.begin(recorder, description.identity, 'backup', now, clock.randomBytes(4));
  try {
    return await finishBackup(files, copy, recorder, durableTxOffset, description, clock);
  } catch (error) {
    // Half a backup would keep the disk full that had no room for a whole one. What stays goes with a later backup.
    await removeCopy(copy).catch(() => undefined);
    throw error;
  }
}

async function finishBackup(
  files: DatabaseFiles,
  copy: DatabaseCopy,
  recorder: RecordingBlobStore,
  durableTxOffset: number,
  description: DatabaseDescription,
  clock: CopyClock,
): Promise<{ readonly id: string; readonly manifest: BackupManifest }> {
  const { firstTxOffset, snapshot } = await copyDatabase(files, copy, durableTxOffset, description, clock);
  const folder = `${copy.name.identity}/${copy.name.id}/`;
  const earlier = await listBackups(recorder, description.identity);
  const manifest: BackupManifest = {
    identity: description.identity,
    finishedAt: new Date(clock.nowMicros() / 1000).toISOString(),
    ordinal: Math.max(0, ...earlier.map((backup) => backup.manifest.ordinal)) + 1,
    firstTxOffset,
    lastTxOffset: durableTxOffset,
    snapshot: snapshot ?? null,
    blobs: recorder.blobs.map((blob) => ({ ...blob, key: blob.key.slice(folder.length) })),
  };
  await writeManifest(copy, manifest);
  return { id: copy.name.id, manifest };
}

async function copyDatabase(
  { fs, path, folder }: DatabaseFiles,
  copy: DatabaseCopy,
  durableTxOffset: number,
  description: DatabaseDescription,
  clock: CopyClock,
): Promise<{ readonly firstTxOffset: number; readonly snapshot: number | undefined }> {
  const snapshots = new SnapshotStore(new PrefixedBlobStore(folder, 'snapshots'));
  const snapshot = (await snapshots.list()).findLast((txOffset) => txOffset <= durableTxOffset);
  if (snapshot !== undefined) await snapshots.copyTo(copy.snapshots, snapshot);
  await copy.describe(description);

  // A log beside a snapshot has a transaction at least: the last one of the snapshot, if there are none behind it.
  const needed = snapshot === undefined ? 0 : Math.min(snapshot + 1, durableTxOffset);
  const segments = await logSegments(fs, `${path}/clog`);
  const firstTxOffset = segments.findLast((segment) => segment <= needed) ?? needed;
  for (let next: LogPosition = { txOffset: firstTxOffset }; ;) {
    const run = await readCommits(fs, `${path}/clog`, next, durableTxOffset + 1, PIECE_BYTES);
    if (run === undefined) break;
    const times = await readCommitTimes(fs, path, run.firstTxOffset, run.endTxOffset);
    await copy.log.add({ ...run, cutAtMicros: clock.nowMicros(), times });
    next = run.next;
  }
  return { firstTxOffset, snapshot };
}

/** Remembers what was put. */
class RecordingBlobStore implements BlobStore {
  readonly blobs: BackedUpBlob[] = [];
  readonly #store: BlobStore;

  constructor(store: BlobStore) {
    this.#store = store;
  }

  get(key: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    return this.#store.get(key, range);
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.#store.put(key, bytes);
    this.#record(key, bytes);
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    const isPut = await this.#store.putIfAbsent(key, bytes);
    this.#record(key, bytes);
    return isPut;
  }

  async putIfMatch(key: string, bytes: Uint8Array, etag: string): Promise<boolean> {
    const isPut = await this.#store.putIfMatch(key, bytes, etag);
    if (isPut) this.#record(key, bytes);
    return isPut;
  }

  list(prefix: string, after?: string): AsyncIterable<BlobInfo> {
    return this.#store.list(prefix, after);
  }

  delete(key: string): Promise<void> {
    return this.#store.delete(key);
  }

  #record(key: string, bytes: Uint8Array): void {
    this.blobs.push({ key, size: bytes.length, sha256: sha256Of(bytes) });
  }
}
