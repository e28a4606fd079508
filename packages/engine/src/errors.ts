import type { CommitLogError } from '@lightcone/commitlog';

/** Stable codes of this package's errors; never reused. */
export type EngineErrorCode =
  | 'ENGINE_UNSUPPORTED_MODULE'
  | 'ENGINE_INIT_FAILED'
  | 'ENGINE_INVALID_ROW_RULE'
  | 'ENGINE_UPDATE_REJECTED'
  | 'ENGINE_RECOVERY_FAILED'
  | 'ENGINE_INVALID_SNAPSHOT'
  | 'ENGINE_SNAPSHOT_FAILED'
  | 'ENGINE_NO_DATABASE'
  | 'ENGINE_DATABASE_EXISTS'
  | 'ENGINE_DATA_DIR_UNUSABLE'
  | 'ENGINE_CALL_FAILED'
  | 'ENGINE_QUERY_FAILED'
  | 'ENGINE_VIEW_FAILED'
  | 'ENGINE_CLOSED'
  | 'ENGINE_STOPPED'
  | 'ENGINE_PROCEDURE_ENDED'
  | 'ENGINE_LOG_FAILED'
  | 'ENGINE_DISK_FULL'
  | 'ENGINE_DISK_HAS_ROOM'
  | 'ENGINE_LOG_BEHIND';

/** What callers are told of a trap; the reason is in the database's log. */
export const FATAL_ERROR_TEXT = 'The instance encountered a fatal error.';

/** What a database refuses as a whole: a module, an update, a log that does not replay. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: EngineErrorCode;
  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Whether an error is one that callers may get; any other is a mistake of ours. Of the store they know nothing: what it
 * refuses for their sake reaches them as the engine's refusal. `ERR_…` are Node's own, which whoever expects them catches.
 */
export function isForCallers(error: unknown): error is Error & { readonly code: string } {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && !/^(STORE|ERR)_/u.test(error.code)
  );
}

/** Why a database whose log has failed stops. */
export function logFailure(cause: CommitLogError): EngineError {
  return new EngineError(cause.code === 'LOG_DISK_FULL' ? 'ENGINE_DISK_FULL' : 'ENGINE_LOG_FAILED', cause.message, {
    cause,
  });
}

/** Whether there was no room on the database's disk for what was to be written. */
export function isDiskFull(error: unknown): error is EngineError {
  return error instanceof EngineError && error.code === 'ENGINE_DISK_FULL';
}
