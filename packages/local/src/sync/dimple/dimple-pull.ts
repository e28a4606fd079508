import type { Change } from '../../change.ts';
import { appendChanges } from '../append-changes.ts';
import { databaseCall } from '../database-call.ts';
import { SyncError } from '../errors.ts';
import type { SyncOutcome } from '../layout.ts';
import { prefetch } from '../prefetch.ts';
import { readBatch } from './change-codec.ts';
import { batchKey, manifestKey } from './dimple-keys.ts';
import type { DimpleSession } from './dimple-session.ts';
import { decodeManifest } from './manifest-codec.ts';
import { readFile } from './read-file.ts';

/** Batches that are read before the ones before them are merged: each has up to 100 MiB. */
const AHEAD = 1;

/**
 * Reads the manifests that have changed, and the batches that they name for changes that the database lacks. What is
 * missing or damaged is told, and everything else is read.
 *
 * @throws SyncError, BlobError, the reason of the signal. What was merged stays.
 */
export async function pullManifests(session: DimpleSession): Promise<SyncOutcome> {
  const { context, state } = session;
  const { log } = context;
  const problems = new Map<string, SyncError>();
  const formerIds = await databaseCall(context, 'reading its former ids', () => log.formerAuthorIds);
  const own = new Set([log.authorId, ...formerIds].map(manifestKey));
  const doneBatches = new Set<string>();
  const progress = { objects: 0, changes: 0 };
  for (const [key, { etag }] of session.manifests) {
    const knownEtag = state.etagByManifest.get(key);
    if (knownEtag === etag) continue;
    const manifest = await problemOf(problems, key, () => readFile(context, key, decodeManifest));
    // Ours we can write again from what we have.
    if (manifest === undefined && own.has(key)) state.isNew = true;
    if (manifest === undefined) continue;
    const unknown = session.isVerifying
      ? manifest.keys()
      : await databaseCall(context, 'comparing changes', () => log.unknownOf(manifest.keys()));
    const batchIds = new Set<string>();
    for (const id of unknown) batchIds.add(manifest.get(id)!); // it is one of its keys
    const wanted = [...batchIds].filter((id) => !doneBatches.has(id)).sort();
    const read = async (batchId: string) => {
      const batch = await problemOf(problems, batchKey(batchId), () => readBatchFile(session, batchId, key));
      return { batchId, batch };
    };
    for await (const { batchId, batch } of prefetch(wanted, AHEAD, read)) {
      context.signal?.throwIfAborted();
      if (batch === undefined) {
        session.lostBatches.add(batchId);
        continue;
      }
      // Also those that no manifest names: two writers of one manifest may have lost them.
      progress.changes += await appendChanges(context, batch, state.pushed);
      doneBatches.add(batchId);
      progress.objects++;
      context.report({ phase: 'pull', objects: progress.objects, objectsInAll: undefined, changes: progress.changes });
    }
    if ([...batchIds].every((id) => doneBatches.has(id))) {
      // Another one wrote what only we should: it may have lost what we wrote.
      if (own.has(key) && knownEtag !== undefined) state.isNew = true;
      state.etagByManifest.set(key, etag);
    }
    await state.save();
  }
  return { changes: progress.changes, problems: [...problems.values()] };
}

async function readBatchFile({ context }: DimpleSession, batchId: string, manifest: string): Promise<Change[]> {
  const key = batchKey(batchId);
  const batch = await readFile(context, key, readBatch).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'BLOB_INVALID_KEY')) throw error;
    const message = `${manifest} names the batch ${JSON.stringify(batchId.slice(0, 80))}, which cannot be one`;
    throw new SyncError('SYNC_DAMAGED', message, { cause: error });
  });
  if (batch !== undefined) return batch;
  const advice = 'A device that has its changes makes good for it when it verifies.';
  throw new SyncError('SYNC_MISSING', `the storage has lost ${key}, of which ${manifest} tells. ${advice}`);
}

/** What `read` resolves with; of what is damaged or missing, the problem is noted, and it is undefined. */
async function problemOf<T>(
  problems: Map<string, SyncError>,
  key: string,
  read: () => Promise<T | undefined>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof SyncError) || (error.code !== 'SYNC_DAMAGED' && error.code !== 'SYNC_MISSING')) throw error;
    problems.set(key, error);
    return undefined;
  }
}
