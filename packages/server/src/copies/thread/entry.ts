import { randomBytes } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { FolderBlobStore, openBlobStore } from '@lightcone/blobs/node';
import { logBounds } from '@lightcone/commitlog';
import { NodeFileSystem } from '@lightcone/commitlog/node';
import { DatabaseArchiver } from '../database-archiver.ts';
import type { ArchiverClock } from '../database-archiver.ts';
import type {
  ArchiveAnswer,
  ArchiveInput,
  CopyRequestKind,
  CopyRequests,
  CopyThreadStart,
  FromCopyThread,
  ToCopyThread,
} from './messages.ts';

/*
 * The thread that copies databases to where their archives and backups are kept: it reads their files, computes
 * checksums and waits for the network, so that no database and no gateway has to.
 */

if (parentPort === null) throw new Error('this file runs as a worker of the server');
const port = parentPort;
const { archive, env } = workerData as CopyThreadStart;
const archiveStore = archive === undefined ? undefined : openBlobStore(archive, env);
const fs = new NodeFileSystem();
const clock: ArchiverClock = {
  nowMicros: () => Date.now() * 1000,
  randomBytes: (count) => randomBytes(count),
};
/** By folder. */
const archivers = new Map<string, DatabaseArchiver>();

type Handlers = {
  readonly [Kind in CopyRequestKind]: (input: CopyRequests[Kind]['input']) => Promise<CopyRequests[Kind]['answer']>;
};
const handlers: Handlers = { archive: archiveDatabase };

port.on('message', (message: ToCopyThread) => void answer(message));

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
    archiver = new DatabaseArchiver(fs, path, new FolderBlobStore(path), archiveStore, clock);
    archivers.set(path, archiver);
  }
  let beganCopy: string | undefined;
  let failure: ArchiveAnswer['failure'];
  try {
    const last = durableTxOffset ?? ((await logBounds(fs, `${path}/clog`))?.endTxOffset ?? 0) - 1;
    beganCopy = await archiver.round(last, description);
  } catch (error) {
    failure = toFailure(error);
  }
  return { endTxOffset: archiver.endTxOffset, beganCopy, failure };
}

function toFailure(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof Error)) return { code: 'UNKNOWN', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
  return { code, message: error.message };
}
