import type { Change } from '../change.ts';
import { databaseCall } from './database-call.ts';
import type { SyncContext } from './layout.ts';
import type { PushedChanges } from './pushed-changes.ts';

/** Changes in one transaction: few enough that readers and the event loop do not wait long. */
const SLICE = 5000;

/**
 * Merges what came from a storage into the database, some thousands at a time, and remembers that the storage has it.
 *
 * @returns how many were new
 * @throws SyncError `SYNC_DATABASE_FAILED`; what `changes` throws; the reason of the signal. What was appended stays.
 */
export async function appendChanges(
  context: SyncContext,
  changes: Iterable<Change>,
  pushed: PushedChanges,
): Promise<number> {
  const { log, runtime, signal } = context;
  let appended = 0;
  let slice: Change[] = [];
  const flush = async (): Promise<void> => {
    const result = await databaseCall(context, 'merging changes from the storage', () => log.append(slice));
    appended += result.appended;
    if (result.arrived !== undefined) pushed.pulledRange(result.arrived);
    slice = [];
  };
  for (const change of changes) {
    slice.push(change);
    if (slice.length < SLICE) continue;
    await flush();
    // Others may run between two slices, and cancel.
    await new Promise<void>((done) => runtime.startTimer(0, done));
    signal?.throwIfAborted();
  }
  if (slice.length > 0) await flush();
  return appended;
}
