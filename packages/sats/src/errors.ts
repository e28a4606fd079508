/** Stable codes of this package's errors; never reused. */
export type SatsErrorCode =
  | 'SATS_UNEXPECTED_END'
  | 'SATS_INVALID_UTF8'
  | 'SATS_INVALID_BOOL'
  | 'SATS_UNKNOWN_VARIANT'
  | 'SATS_TOO_DEEP'
  | 'SATS_TOO_LONG'
  | 'SATS_TRAILING_BYTES'
  | 'SATS_INVALID_TYPE'
  | 'SATS_INVALID_REF'
  | 'SATS_RECURSIVE_TYPE'
  | 'SATS_INVALID_VALUE'
  | 'SATS_INVALID_JSON'
  | 'SATS_INVALID_TEXT';

/** Bytes, JSON, text or a type that SATS refuses. The message says what was expected and where. */
export class SatsError extends Error {
  override readonly name = 'SatsError';
  readonly code: SatsErrorCode;
  constructor(code: SatsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
