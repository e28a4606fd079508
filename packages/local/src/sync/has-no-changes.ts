import { databaseCall } from './database-call.ts';
import type { SyncContext } from './layout.ts';

/** Whether the database has nothing yet. @throws SyncError `SYNC_DATABASE_FAILED`; the reason of the signal */
export function hasNoChanges(context: SyncContext): Promise<boolean> {
  return databaseCall(context, 'looking for changes', () => context.log.lastCursor() === 0);
}
