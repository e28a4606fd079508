import type { Change } from '../../change.ts';
import type { ChangeCursor, LoggedChange } from '../../change-log.ts';
import { databaseCall } from '../database-call.ts';
import { SyncError } from '../errors.ts';
import type { SyncContext, SyncOutcome } from '../layout.ts';
import { writeChange } from './change-codec.ts';
import { batchKey, BATCHES, mayHaveManifest, nameIn, newBatchId } from './dimple-keys.ts';
import type { DimpleSession } from './dimple-session.ts';
import { ManifestUpdates } from './manifest-updates.ts';
import { MsgpackWriter } from './msgpack-writer.ts';

const MAX_BATCH_BYTES = 100 * 1024 * 1024;
const CHUNK = 500;

/**
 * Puts what the storage lacks as batches, then tells of them in the manifests of their authors: a batch that no manifest
 * names is garbage, a manifest that names no batch would be a hole.
 *
 * @throws SyncError, BlobError, the reason of the signal. What manifests tell of stays.
 */
export async function pushBatches(session: DimpleSession): Promise<SyncOutcome> {
  const { context, state, batchBytes } = session;
  const manifests = new ManifestUpdates(session);
  const body = new MsgpackWriter();
  const end = await databaseCall(context, 'reading changes to push', () => context.log.lastCursor());
  const lost = state.isNew ? await lostBatches(session, manifests) : new Set<string>();
  let batch: Change[] = [];
  let through: ChangeCursor = 0;
  const put = { objects: 0, changes: 0 };
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    const batchId = await putBatch(context, batch.length, body.written());
    for (const change of batch) manifests.add(change, batchId);
    put.objects++;
    put.changes += batch.length;
    body.reset();
    batch = [];
    context.report({ phase: 'push', objects: put.objects, objectsInAll: undefined, changes: put.changes });
    // A manifest is written when it has doubled, so that all of a long push costs twice what it has at last.
    if (!manifests.areDoubled) return;
    await manifests.write();
    state.pushed.pushed(through);
    await state.save();
  };
  for await (const page of changesToSend(session, end)) {
    for (const { change, cursor } of page) {
      through = cursor;
      if (!mayHaveManifest(change.authorId)) continue;
      const batchId = await manifests.batchOf(change);
      if (batchId !== undefined && !lost.has(batchId)) continue;
      writeChange(body, change);
      batch.push(change);
      if (body.length >= batchBytes) await flush();
    }
  }
  await flush();
  await manifests.write();
  state.pushed.pushed(end);
  state.isNew = false;
  await state.save();
  return { changes: put.changes, problems: [] };
}

/** When one of them is in the storage, all up to its place is: in a comparison, which has no such order, up to 0. */
async function* changesToSend(
  { context, state }: DimpleSession,
  end: ChangeCursor,
): AsyncGenerator<readonly LoggedChange[]> {
  const { log } = context;
  const deed = 'reading changes to push';
  if (!state.isNew) {
    yield* state.pushed.pending(context, end);
    return;
  }
  const ids = await databaseCall(context, deed, () => log.changeIds());
  for (let at = 0; at < ids.length; at += CHUNK) {
    const changes = await databaseCall(context, deed, () => log.changesById(ids.slice(at, at + CHUNK)));
    yield changes.map((change) => ({ change, cursor: 0 }));
  }
}

/** Batches that manifests name and the storage does not have, or not whole, as far as they were read. */
async function lostBatches({ context, lostBatches }: DimpleSession, manifests: ManifestUpdates): Promise<Set<string>> {
  const present = new Set<string>();
  for await (const { key } of context.store.list(BATCHES, undefined, context.signal)) {
    const name = nameIn(BATCHES, key);
    if (name !== undefined) present.add(name);
  }
  return new Set([...(await manifests.batchIds())].filter((id) => !present.has(id) || lostBatches.has(id)));
}

/** @returns the id of the batch */
async function putBatch({ store, runtime, signal }: SyncContext, count: number, body: Uint8Array): Promise<string> {
  const head = new MsgpackWriter();
  head.array(count);
  const bytes = new Uint8Array(head.length + body.length);
  if (bytes.length > MAX_BATCH_BYTES) {
    const message = `a change of ${bytes.length} bytes is over what a batch may have (100 MiB): make its values smaller`;
    throw new SyncError('SYNC_STORAGE_FAILED', message);
  }
  bytes.set(head.written());
  bytes.set(body, head.length);
  const batchId = newBatchId(runtime.now(), runtime.randomBytes(10));
  const key = batchKey(batchId);
  await store.put(key, bytes, signal);
  if ((await store.get(key, { start: 0, end: 1 }, signal)) === undefined) {
    throw new SyncError('SYNC_STORAGE_LOST_DATA', `the storage said that it had put ${key}, and does not have it`);
  }
  return batchId;
}
