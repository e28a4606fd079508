// https://sqlite.org/rescode.html
const SQLITE_BUSY = 5;
const SQLITE_IOERR_WRITE = 778;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;

/** Whether SQLite says that another process has the file. */
export function isLocked(error: unknown): boolean {
  return resultCode(error) === SQLITE_BUSY;
}

/** Whether SQLite says that there is no room for what it was to write. */
export function isSqliteFull(error: unknown): boolean {
  return resultCode(error) === SQLITE_FULL;
}

/** Whether SQLite says that the system did not take what it wrote, and not why: it says so of a quota. */
export function isWriteRefused(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_IOERR_WRITE;
}

/** Whether SQLite says that the file is damaged, or none of its own. */
export function isDamage(error: unknown): error is Error {
  const code = resultCode(error);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}

/** Without what an extended code adds to it: 261, `SQLITE_BUSY_RECOVERY`, is 5 too. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}
