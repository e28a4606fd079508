/** Stable codes of this package's errors; never reused. */
export type ServerErrorCode =
  | 'SERVER_INVALID_CONFIG'
  | 'SERVER_INVALID_LISTEN_ADDRESS'
  | 'SERVER_PORT_TAKEN'
  | 'SERVER_CANNOT_LISTEN'
  | 'SERVER_DATA_DIR_LOCKED'
  | 'SERVER_DATA_DIR_INCOMPATIBLE'
  | 'SERVER_DATA_DIR_UNUSABLE'
  | 'SERVER_KEYS_UNUSABLE'
  | 'SERVER_SALVAGE_FAILED'
  | 'SERVER_INVALID_ARCHIVE'
  | 'SERVER_COPY_DAMAGED'
  | 'SERVER_IMPORT_REFUSED'
  | 'SERVER_COPY_MISSING'
  | 'SERVER_NOT_THERE_YET'
  | 'SERVER_RESTORE_FAILED'
  | 'SERVER_DATABASE_STOPPED'
  | 'SERVER_DATABASE_EXISTS';

/** Why a server does not start, or a database does not answer. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  readonly code: ServerErrorCode;
  constructor(code: ServerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
