import { PrefixedBlobStore } from '@lightcone/blobs';
import type { BlobInfo, BlobStore, ByteRange } from '@lightcone/blobs';
import { CommitLogError, SnapshotStore, logSegments, readCommits, readCommitTimes } from '@lightcone/commitlog';
import type { FileSystem, LogPosition } from '@lightcone/commitlog';
import { listBackups, removeCopy } from './backup-list.ts';
import { sha256Of, writeManifest } from './backup-manifest.ts';
import type { BackedUpBlob, BackupManifest } from './backup-manifest.ts';
import { DatabaseCopy, PIECE_BYTES } from './database-copy.ts';
import type { CopyClock, DatabaseDescription } from './database-copy.ts';
import { USELESS_SNAPSHOT } from './useless-snapshot.ts';

/** A backup that was just made. */
export interface MadeBackup {
  readonly id: string;
  readonly manifest: BackupManifest;
  readonly snapshotProblem: string | undefined;
}

/** Where a database's files are. */
export interface DatabaseFiles {
  readonly fs: FileSystem;
  /** The database's folder, with its log and times. */
  readonly path: string;
  /** The same, with its snapshots. */
  readonly folder: BlobStore;
}

/**
 * Copies a database as it is after its last durable transaction, while it goes on: the newest good snapshot, if there is
 * one, and the log behind it.
 *
 * @returns also why a newer snapshot was left out, if one was
 * @throws BlobError, CommitLogError: what was copied is removed then, as far as that can be done. `LOG_…` and
 *   `SNAPSHOT_…` may mean that the database let go of what was being copied: it took a newer snapshot
 */
export async function createBackup(
  files: DatabaseFiles,
  store: BlobStore,
  durableTxOffset: number,
  description: DatabaseDescription,
  clock: CopyClock,
): Promise<MadeBackup> {
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
): Promise<MadeBackup> {
  const { firstTxOffset, snapshot, snapshotProblem } = await copyDatabase(
    files,
    copy,
    durableTxOffset,
    description,
    clock,
  );
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
  return { id: copy.name.id, manifest, snapshotProblem };
}

async function copyDatabase(
  { fs, path, folder }: DatabaseFiles,
  copy: DatabaseCopy,
  durableTxOffset: number,
  description: DatabaseDescription,
  clock: CopyClock,
): Promise<{
  readonly firstTxOffset: number;
  readonly snapshot: number | undefined;
  readonly snapshotProblem: string | undefined;
}> {
  const segments = await logSegments(fs, `${path}/clog`);
  const snapshots = new SnapshotStore(new PrefixedBlobStore(folder, 'snapshots'));
  const offsets = (await snapshots.list()).filter((txOffset) => txOffset <= durableTxOffset);
  const { snapshot, problem } = await copyNewestGood(snapshots, offsets, segments[0] ?? 0, copy);
  await copy.describe(description);

  // A log beside a snapshot has a transaction at least: the last one of the snapshot, if there are none behind it.
  const needed = snapshot === undefined ? 0 : Math.min(snapshot + 1, durableTxOffset);
  const firstTxOffset = segments.findLast((segment) => segment <= needed) ?? needed;
  for (let next: LogPosition = { txOffset: firstTxOffset }; ;) {
    const run = await readCommits(fs, `${path}/clog`, next, durableTxOffset + 1, PIECE_BYTES);
    if (run === undefined) break;
    const times = await readCommitTimes(fs, path, run.firstTxOffset, run.endTxOffset);
    await copy.log.add({ ...run, cutAtMicros: clock.nowMicros(), times });
    next = run.next;
  }
  return { firstTxOffset, snapshot, snapshotProblem: problem?.message };
}

/**
 * @param beginning the first transaction of the log
 * @returns which one was copied, and what is wrong with the newest one that was left out
 * @throws CommitLogError that, if the log does not lead to now without it
 */
async function copyNewestGood(
  snapshots: SnapshotStore,
  offsets: readonly number[],
  beginning: number,
  copy: DatabaseCopy,
): Promise<{ readonly snapshot: number | undefined; readonly problem: CommitLogError | undefined }> {
  let problem: CommitLogError | undefined;
  for (const snapshot of offsets.toReversed()) {
    if (snapshot + 1 < beginning) break;
    try {
      await snapshots.copyTo(copy.snapshots, snapshot);
      // What of another one was copied before it was found out.
      if (problem !== undefined) await copy.snapshots.collect();
      return { snapshot, problem };
    } catch (error) {
      if (!(error instanceof CommitLogError) || !USELESS_SNAPSHOT.has(error.code)) throw error;
      problem ??= error;
    }
  }
  if (problem !== undefined && beginning > 0) throw problem;
  if (problem !== undefined) await copy.snapshots.collect();
  return { snapshot: undefined, problem };
}

/** Remembers what was put and is there. */
class RecordingBlobStore implements BlobStore {
  readonly #blobs = new Map<string, BackedUpBlob>();
  readonly #store: BlobStore;

  constructor(store: BlobStore) {
    this.#store = store;
  }

  get blobs(): readonly BackedUpBlob[] {
    return [...this.#blobs.values()];
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

  async delete(key: string): Promise<void> {
    await this.#store.delete(key);
    this.#blobs.delete(key);
  }

  #record(key: string, bytes: Uint8Array): void {
    this.#blobs.set(key, { key, size: bytes.length, sha256: sha256Of(bytes) });
  }
}
