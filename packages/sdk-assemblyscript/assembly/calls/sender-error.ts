import { panic } from './panic';

// `throw new SenderError(message)` is the caller's mistake: the reducer ends, its changes are undone, and the caller
// hears the message. WebAssembly without its exceptions proposal has no way to unwind, so the compiler transform makes
// a call of `raise` out of such a throw, and every function that may reach one returns at once while `failure` is set
// (see src/transform/lower/lower-sender-errors.ts).

let failure: string | null = null;

export function raise(message: string): void {
  failure = message;
}

export function clearFailure(): void {
  failure = null;
}

export function hasFailed(): bool {
  return failure !== null;
}

/** What the call failed with, if it did. */
export function takeFailure(): string | null {
  const message = failure;
  failure = null;
  return message;
}

/** An error that is the caller's mistake; the caller hears its message. */
export class SenderError extends Error {}

/** Throws an error of which only the call itself tells whether it is the caller's mistake. */
export function throwError(error: Error): void {
  if (error instanceof SenderError) raise(error.message);
  else panic(error.toString());
}
