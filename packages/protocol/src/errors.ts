import { SatsError } from '@lightcone/sats';

/** Stable codes of this package's errors; never reused. */
export type ProtocolErrorCode =
  | 'PROTOCOL_MALFORMED'
  | 'PROTOCOL_UNKNOWN_VARIANT'
  | 'PROTOCOL_UNSUPPORTED_FLAGS'
  | 'PROTOCOL_UNSUPPORTED_FRAME'
  | 'PROTOCOL_TOO_MANY_MESSAGES'
  | 'PROTOCOL_INVALID_ROW_LIST';

/** A message that does not decode. The text says which message, which byte, and what was expected. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code: ProtocolErrorCode;
  constructor(code: ProtocolErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Names the message around an error of the primitive readers; other errors pass as they are. */
export function inMessage(side: 'client' | 'server', start: number, cause: unknown): unknown {
  if (!(cause instanceof SatsError)) return cause;
  const code = cause.code === 'SATS_UNKNOWN_VARIANT' ? 'PROTOCOL_UNKNOWN_VARIANT' : 'PROTOCOL_MALFORMED';
  return new ProtocolError(code, `${side} message at byte ${start}: ${cause.message}`, { cause });
}

export function unknownVariant(what: string, tag: number, at: number, known: number): ProtocolError {
  return new ProtocolError(
    'PROTOCOL_UNKNOWN_VARIANT',
    `unknown tag ${tag} for ${what} at byte ${at}: expected 0 to ${known - 1}`,
  );
}
