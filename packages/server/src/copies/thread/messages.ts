import type { DatabaseDescription } from '../database-copy.ts';

/* What the server and the thread that copies databases say to each other. */

/** What a new thread is told. */
export interface CopyThreadStart {
  /** Where databases are archived to; undefined for nowhere. */
  readonly archive: string | undefined;
  /** Of how many days moments can be restored from there; undefined for all. */
  readonly archiveKeepDays: number | undefined;
  /** Where backups are kept; undefined for nowhere. */
  readonly backups: string | undefined;
  /** Where a bucket's service, region and credentials are found: `readS3Settings`. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What can be asked of it, and what it answers. */
export interface CopyRequests {
  /** Brings the archive of a database up to date. */
  archive: { readonly input: ArchiveInput; readonly answer: ArchiveAnswer };
  /** Forgets how far the archive of a database that is gone is. The answer: whether that was known. */
  forget: { readonly input: { readonly path: string }; readonly answer: boolean };
  /** Makes a backup of a database, and removes old ones. */
  backUp: { readonly input: BackUpInput; readonly answer: BackUpAnswer };
  /** The backups of a database, the oldest first. @see listBackups */
  listBackups: { readonly input: { readonly identity: string }; readonly answer: readonly BackupSummary[] };
}

export type CopyRequestKind = keyof CopyRequests;

export interface ArchiveInput {
  /** The database's folder. */
  readonly path: string;
  /** The last durable transaction; undefined for the last that there is, of a database that is closed. */
  readonly durableTxOffset: number | undefined;
  readonly description: DatabaseDescription;
}

export interface BackUpInput {
  /** The database's folder. */
  readonly path: string;
  readonly durableTxOffset: number;
  readonly description: DatabaseDescription;
  /** How many backups of the database are kept. */
  readonly keep: number;
}

/** What its owner is told of a backup. */
export interface BackupSummary {
  readonly id: string;
  /** RFC 3339. */
  readonly finishedAt: string;
  readonly lastTxOffset: number;
  readonly bytes: number;
}

export interface BackUpAnswer {
  readonly backup: BackupSummary;
  /** Why a snapshot was left out, if one was; an older one or more of the log is there instead. */
  readonly snapshotProblem: string | undefined;
}

export interface ArchiveAnswer {
  /** The first transaction that is not in the archive. */
  readonly endTxOffset: number;
  /** Why a new copy was begun, if one was. */
  readonly beganCopy: string | undefined;
  /** Why a snapshot was left out, if one was; the log is there nevertheless. */
  readonly snapshotProblem: string | undefined;
  /** The transaction before which the archive is let go of, if that is another one than before. */
  readonly newBase: number | undefined;
  /** Why there may be more to do; undefined if all went well. */
  readonly failure: { readonly code: string; readonly message: string } | undefined;
}

export interface ToCopyThread {
  readonly id: number;
  readonly kind: CopyRequestKind;
  readonly input: unknown;
}

export type FromCopyThread =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly failure: { readonly code: string; readonly message: string } };
