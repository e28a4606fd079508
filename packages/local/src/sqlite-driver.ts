import type { FieldValue } from './change.ts';

/** A value to bind: as `FieldValue`, so a `number` binds as REAL and a `bigint` as INTEGER. */
export type SqlValue = FieldValue;

/** A row by column name; INTEGERs are numbers, or bigints where `bigInts` was asked for. */
export type SqlRow = Record<string, SqlValue>;

/** One prepared statement, used again and again. */
export interface SqliteStatement {
  /** Runs it to its end. @returns the number of rows that it changed */
  run(values: readonly SqlValue[]): number;
  all(values: readonly SqlValue[]): SqlRow[];
  get(values: readonly SqlValue[]): SqlRow | undefined;
  /** Whether it returns rows. */
  readonly isQuery: boolean;
  /** Whether it leaves the database as it is. */
  readonly isReadOnly: boolean;
}

/**
 * One open connection to SQLite: all that the core needs, so that better-sqlite3 in Node and the WebAssembly build in a
 * browser's worker both fit. Synchronous. Every failure is thrown as the driver's error and read by `sqliteFailure`,
 * which expects SQLite's extended result code by name in `error.code` (`SQLITE_CONSTRAINT_UNIQUE`).
 */
export interface SqliteDriver {
  prepare(sql: string, options?: { bigInts?: boolean }): SqliteStatement;
  /** Runs any number of statements without values. */
  exec(sql: string): void;
  /** Whether a transaction is under way; some failures end it, and what comes then would be committed by itself. */
  readonly isInTransaction: boolean;
  close(): void;
  /**
   * What tells this file from a copy of it, e.g. machine and inode; `undefined` where files cannot be copied. When it
   * differs from the one noted in the file, the database takes a new author id.
   */
  readonly fileIdentity?: string | undefined;
  /** Calls when another connection may have written to the file; at most a few times a second. Returns the way out. */
  watch?(listener: () => void): () => void;
}
