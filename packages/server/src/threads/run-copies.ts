import { randomBytes } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { FolderBlobStore, openBlobStore } from '@lightcone/blobs/node';
import { logEnd } from '@lightcone/commitlog';
import { NodeFileSystem } from '@lightcone/commitlog/node';
import { listBackups, pruneBackups } from '../copies/backup-list.ts';
import type { BackupManifest } from '../copies/backup-manifest.ts';
import { createBackup } from '../copies/create-backup.ts';
import type { DatabaseFiles } from '../copies/create-backup.ts';
import { DatabaseArchiver } from '../copies/database-archiver.ts';
import type { CopyClock } from '../copies/database-copy.ts';
import type {
  ArchiveAnswer,
  ArchiveInput,
  BackUpAnswer,
  BackUpInput,
  BackupSummary,
  CopyRequestKind,
  CopyRequests,
  CopyThreadStart,
  FromCopyThread,
  ToCopyThread,
} from '../copies/thread/messages.ts';

/*
 * The thread that copies databases to where their archives and backups are kept: it reads their files, computes
 * checksums and waits for the network, so that no database and no gateway has to.
 */

if (parentPort === null) throw new Error('this file runs as a worker of the server');
const port = parentPort;
const { archive, archiveKeepDays, backups, env } = workerData as CopyThreadStart;
const archiveStore = archive === undefined ? undefined : openBlobStore(archive, env);
const backupStore = backups === undefined ? undefined : openBlobStore(backups, env);
const fs = new NodeFileSystem();
const clock: CopyClock = {
  nowMicros: () => Date.now() * 1000,
  randomBytes: (count) => randomBytes(count),
};
/** A blob is written in seconds: whoever has not done it in this time was killed. */
const LEFTOVER_MS = 60 * 60_000;
/** By folder. */
const archivers = new Map<string, DatabaseArchiver>();

type Handlers = {
  readonly [Kind in CopyRequestKind]: (input: CopyRequests[Kind]['input']) => Promise<CopyRequests[Kind]['answer']>;
};
const handlers: Handlers = { archive: archiveDatabase, forget, backUp, listBackups: listOf };

removeLeftovers();
// What was too young.
setTimeout(removeLeftovers, LEFTOVER_MS).unref();
port.on('message', (message: ToCopyThread) => void answer(message));

/** What killed servers left in folders. What cannot be removed takes room, and nothing else. */
function removeLeftovers(): void {
  for (const store of [archiveStore, backupStore]) {
    if (store instanceof FolderBlobStore) void store.removeLeftovers(LEFTOVER_MS).catch(() => undefined);
  }
}

async function answer({ id, kind, input }: ToCopyThread): Promise<void> {
  // The server sends with each kind its own input: `CopyThread.request` sees to it.
  const handle = handlers[kind] as (input: unknown) => Promise<unknown>;
  let message: FromCopyThread;
  try {
    message = { id, answer: await handle(input) };
  } catch (error) {
    message = { id, failure: toFailure(error) };
  }
  port.postMessage(message);
}

async function archiveDatabase({ path, durableTxOffset, description }: ArchiveInput): Promise<ArchiveAnswer> {
  if (archiveStore === undefined) throw new Error('there is no archive');
  let archiver = archivers.get(path);
  if (archiver === undefined) {
    archiver = new DatabaseArchiver(filesOf(path), archiveStore, clock, archiveKeepDays);
    archivers.set(path, archiver);
  }
  let beganCopy: string | undefined;
  let failure: ArchiveAnswer['failure'];
  try {
    const last = durableTxOffset ?? (await logEnd(fs, `${path}/clog`)) - 1;
    beganCopy = await archiver.round(last, description);
  } catch (error) {
    failure = toFailure(error);
  }
  const { endTxOffset, snapshotProblem, newBase } = archiver;
  return { endTxOffset, beganCopy, snapshotProblem, newBase, failure };
}

async function forget({ path }: { readonly path: string }): Promise<boolean> {
  return archivers.delete(path);
}

async function backUp({ path, durableTxOffset, description, keep }: BackUpInput): Promise<BackUpAnswer> {
  if (backupStore === undefined) throw new Error('there is nowhere to keep backups');
  const backup = await createBackup(filesOf(path), backupStore, durableTxOffset, description, clock);
  await pruneBackups(backupStore, description.identity, keep, new Date());
  return { backup: summaryOf(backup), snapshotProblem: backup.snapshotProblem };
}

async function listOf({ identity }: { readonly identity: string }): Promise<BackupSummary[]> {
  if (backupStore === undefined) throw new Error('there is nowhere to keep backups');
  return (await listBackups(backupStore, identity)).map(summaryOf);
}

function summaryOf({ id, manifest }: { readonly id: string; readonly manifest: BackupManifest }): BackupSummary {
  const { finishedAt, lastTxOffset, blobs } = manifest;
  return { id, finishedAt, lastTxOffset, bytes: blobs.reduce((sum, { size }) => sum + size, 0) };
}

function filesOf(path: string): DatabaseFiles {
  return { fs, path, folder: new FolderBlobStore(path) };
}

function toFailure(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof Error)) return { code: 'UNKNOWN', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
  return { code, message: error.message };
}
