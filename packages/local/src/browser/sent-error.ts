import { LocalError } from '../errors.ts';
import type { LocalErrorCode } from '../errors.ts';

/** An error as a message. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
}

export function toSent(error: unknown): SentError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), code: undefined };
  const { name, message } = error;
  const { code } = error as { code?: unknown };
  return { name, message, code: typeof code === 'string' ? code : undefined };
}

export function fromSent({ name, message, code }: SentError): Error {
  if (name === 'LocalError') return new LocalError(code as LocalErrorCode, message); // it was made by `toSent`
  return Object.assign(new Error(message), { name, ...(code !== undefined && { code }) });
}
