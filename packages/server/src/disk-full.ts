import { isSqliteFull } from './control/sqlite-failure.ts';

/** Whether there was no room for what was to be written: on the disk, or of what the user of the process may have of it. */
export function isDiskFull(error: unknown): boolean {
  if (isSqliteFull(error)) return true;
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
