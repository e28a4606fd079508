import type { ChangeBatch } from '../log/change-batch.ts';
import type { Connection } from './connection.ts';

const changesAtOnce = 1000;

/** The changes after `since` and those to come, in the order of their arrival, until `signal` aborts. */
export async function* changeFeed(
  connection: Connection,
  { since = 0, tables, signal }: { since?: number; tables?: readonly string[]; signal?: AbortSignal } = {},
): AsyncGenerator<ChangeBatch, void, void> {
  let cursor = since;
  let wake = Promise.withResolvers<void>();
  // Registered before the first look, so that nothing falls in between.
  const stopListening = connection.onCommit(() => wake.resolve());
  const aborted = (): void => wake.resolve();
  signal?.addEventListener('abort', aborted);
  try {
    while (!isAborted(signal)) {
      wake = Promise.withResolvers();
      const operation = { kind: 'changes', cursor, limit: changesAtOnce, tables } as const;
      const batch = (await connection.perform(operation)) as ChangeBatch; // as the operation says
      const isLast = batch.cursor === cursor;
      cursor = batch.cursor;
      if (batch.items.length > 0) yield batch;
      if (isLast && !isAborted(signal)) await wake.promise;
    }
  } finally {
    stopListening();
    signal?.removeEventListener('abort', aborted);
  }
}

/** Asked anew each time: it changes while we wait. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted ?? false;
}
