/** Stable codes of this package's errors; never reused. */
export type CliErrorCode =
  | 'CLI_INVALID_ARGUMENT'
  | 'CLI_INVALID_CONFIG'
  | 'CLI_UNREACHABLE'
  | 'CLI_REFUSED'
  | 'CLI_NOT_FOUND'
  | 'CLI_UNEXPECTED_ANSWER'
  | 'CLI_ABORTED'
  | 'CLI_BUILD_FAILED'
  | 'CLI_TOOL_MISSING'
  | 'CLI_NOT_SUPPORTED';

/** Why a command ends with exit code 1. The message is for the person at the terminal; `hint` says the way out. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: CliErrorCode;
  readonly hint: string | undefined;
  constructor(code: CliErrorCode, message: string, options?: ErrorOptions & { readonly hint?: string | undefined }) {
    super(message, options);
    this.code = code;
    this.hint = options?.hint;
  }
}
