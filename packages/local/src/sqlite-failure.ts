import { LocalError } from './errors.ts';
import type { LocalErrorCode } from './errors.ts';

/** SQLite's extended result code by name, `undefined` if `error` is none of SQLite's. */
export function sqliteCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : undefined;
}

/** Whether SQLite refused a row because of a constraint of its table. */
export function isConstraintFailure(error: unknown): boolean {
  return sqliteCode(error)?.startsWith('SQLITE_CONSTRAINT') === true;
}

const kinds: readonly [prefix: string, code: LocalErrorCode, advice: string][] = [
  ['SQLITE_CONSTRAINT', 'LOCAL_CONSTRAINT', 'the row breaks a rule of its table'],
  ['SQLITE_BUSY', 'LOCAL_BUSY', 'another connection is writing; try again'],
  ['SQLITE_LOCKED', 'LOCAL_BUSY', 'another connection is writing; try again'],
  ['SQLITE_FULL', 'LOCAL_DISK_FULL', 'the disk is full; nothing of this transaction was written'],
  ['SQLITE_READONLY', 'LOCAL_READ_ONLY', 'the file cannot be written to'],
  ['SQLITE_CORRUPT', 'LOCAL_CORRUPT', 'the file is damaged; restore it, or delete it and sync anew'],
  ['SQLITE_NOTADB', 'LOCAL_CORRUPT', 'the file is no SQLite database'],
  ['SQLITE_IOERR', 'LOCAL_IO', 'the disk failed'],
  ['SQLITE_CANTOPEN', 'LOCAL_IO', 'the file cannot be opened'],
];

/** The same failure with a code of ours; errors that are not SQLite's come back as they are. */
export function sqliteFailure(error: unknown, doing: string): unknown {
  const sqlite = sqliteCode(error);
  if (sqlite === undefined) return error;
  const said = (error as Error).message;
  const kind = kinds.find(([prefix]) => sqlite.startsWith(prefix));
  if (kind === undefined) return new LocalError('LOCAL_SQL_FAILED', `${doing}: ${said}`, { cause: error });
  return new LocalError(kind[1], `${doing}: ${said} (${kind[2]})`, { cause: error });
}
