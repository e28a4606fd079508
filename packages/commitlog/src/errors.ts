/** Stable codes of this package's errors; never reused. */
export type CommitLogErrorCode =
  | 'LOG_LOCKED'
  | 'LOG_CLOSED'
  | 'LOG_RECORD_TOO_LARGE'
  | 'LOG_WRITE_FAILED'
  | 'LOG_DISK_FULL'
  | 'LOG_READ_FAILED'
  | 'LOG_DAMAGED'
  | 'LOG_OUT_OF_ORDER'
  | 'LOG_FORKED'
  | 'LOG_UNSUPPORTED'
  | 'LOG_MISSING'
  | 'LOG_REMOVAL_FAILED'
  | 'SNAPSHOT_DAMAGED'
  | 'SNAPSHOT_MISSING'
  | 'SNAPSHOT_UNSUPPORTED'
  | 'ARCHIVE_DAMAGED'
  | 'ARCHIVE_FORKED'
  | 'ARCHIVE_UNSUPPORTED';

/** What the commit log refuses or cannot do. Errors about content name file, byte and tx offset. */
export class CommitLogError extends Error {
  override readonly name = 'CommitLogError';
  readonly code: CommitLogErrorCode;
  constructor(code: CommitLogErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
