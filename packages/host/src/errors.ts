/** Stable codes of this package's errors; never reused. */
export type HostErrorCode =
  | 'HOST_NOT_WASM'
  | 'HOST_COMPONENT'
  | 'HOST_MALFORMED_MODULE'
  | 'HOST_UNSUPPORTED_MODULE'
  | 'HOST_ABI_VERSION'
  | 'HOST_UNKNOWN_IMPORT'
  | 'HOST_BAD_IMPORT'
  | 'HOST_MISSING_EXPORT'
  | 'HOST_BAD_EXPORT'
  | 'HOST_INITIALIZATION_FAILED'
  | 'HOST_INSTANCE_DEAD';

/** A module that cannot be loaded, or an instance that cannot be called. What a call does is a `CallOutcome`. */
export class HostError extends Error {
  override readonly name = 'HostError';
  readonly code: HostErrorCode;
  constructor(code: HostErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
