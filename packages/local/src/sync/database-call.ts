import { SyncError } from './errors.ts';
import type { SyncContext } from './layout.ts';

/** Longer than transactions take. One that waits for this very sync would wait for ever: after this the sync fails. */
const PATIENCE_MS = 30_000;

/**
 * Does something with the database when no transaction of the application is under way; its failure is told from that of a
 * storage.
 *
 * @throws SyncError `SYNC_DATABASE_FAILED`; the reason of the signal
 */
export async function databaseCall<T>(context: SyncContext, deed: string, call: () => T): Promise<T> {
  const attempt = (): T => {
    try {
      return call();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SyncError('SYNC_DATABASE_FAILED', `${deed}: the database failed: ${reason}`, { cause });
    }
  };
  return context.log.whenIdle() === undefined ? attempt() : whenIdle(context, attempt);
}

/** After the transaction and those that begin right behind it; after `PATIENCE_MS` in any case, when the call says why not. */
async function whenIdle<T>({ log, runtime, signal }: SyncContext, attempt: () => T): Promise<T> {
  const { promise: givenUp, resolve: giveUp } = Promise.withResolvers<void>();
  let isGivenUp = false;
  const stop = (): void => {
    isGivenUp = true;
    giveUp();
  };
  const stopTimer = runtime.startTimer(PATIENCE_MS, stop);
  signal?.addEventListener('abort', stop);
  try {
    for (let end = log.whenIdle(); end !== undefined && !isGivenUp; end = log.whenIdle())
      await Promise.race([end, givenUp]);
    signal?.throwIfAborted();
    // In the same breath as the last look: whoever comes next would begin another transaction.
    return attempt();
  } finally {
    stopTimer();
    signal?.removeEventListener('abort', stop);
  }
}
