import { SyncError } from './errors.ts';

/** Does something with the database; its failure is told from that of a storage. @throws SyncError `SYNC_DATABASE_FAILED` */
export function databaseCall<T>(deed: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SyncError('SYNC_DATABASE_FAILED', `${deed}: the database failed: ${reason}`, { cause });
  }
}
