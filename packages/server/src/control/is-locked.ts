/** Whether SQLite says that another process has the file, in whichever of its words: `SQLITE_BUSY_RECOVERY` is one. */
export function isLocked(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code === 'SQLITE_BUSY' || code.startsWith('SQLITE_BUSY_');
}
