import type { HttpRequest, HttpResponse } from './http/http-message.ts';

/**
 * What a procedure or an HTTP handler can do beyond `HostCalls`: the engine implements it, one per instance.
 *
 * The host has checked the guest's pointers and that a transaction is open, or that none is
 * (`HostCalls.isInTransaction`). The guest never waits while one is open, so everything between its begin and its
 * end happens in one go, with nothing of anybody else's in between. What the methods throw, or what their promises
 * are rejected with, traps the call and is the outcome's `cause`.
 */
export interface ProcedureCalls {
  /** Whether the configuration lets modules make HTTP requests. */
  readonly isHttpEnabled: boolean;
  /** Opens a transaction, in which `HostCalls` work from now on. Answers the time in microseconds since the Unix epoch. */
  beginTransaction(): bigint;
  /**
   * Refreshes the views and commits. When the module is the reason that it cannot be (a view that fails), it rolls
   * back and answers why: the call traps with that text.
   */
  commitTransaction(): string | undefined;
  abortTransaction(): void;
  /** The guest has returned or trapped with its transaction open: roll it back and tell the log. */
  abortDanglingTransaction(): void;
  /** Resolves when it is that time, which is in the future now, with the time it is then; both in microseconds. */
  sleepUntil(wakeAtMicros: bigint): Promise<bigint>;
  /** Makes a request, whose body it owns. A failure that the module should hear of is a result, not a rejection. */
  httpRequest(request: HttpRequest, body: Uint8Array): Promise<HttpExchange | HttpFailure>;
}

/** The other side has answered, whatever the status. */
export interface HttpExchange {
  readonly response: HttpResponse;
  readonly body: Uint8Array;
}

/** There was no answer. */
export interface HttpFailure {
  readonly error: string;
}
