import type { IncomingMessage } from 'node:http';
import type { Caller } from '../auth/caller.ts';
import type { Answer } from './answer.ts';
import type { OperationDescription } from './openapi/operation.ts';
import type { QueryString } from './query-string.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** A request as routes see it. */
export interface GatewayRequest {
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: QueryString;
  readonly body: Uint8Array;
  readonly contentType: string | undefined;
  /** Absent only where the route says that it does without. */
  readonly caller: Caller | undefined;
  readonly raw: IncomingMessage;
}

/** What one method of a path does, and its description. */
export interface Operation extends OperationDescription {
  handle(request: GatewayRequest): Answer | Promise<Answer>;
}

/** One path and what its methods do. */
export interface Route {
  readonly path: string;
  readonly methods: Readonly<Partial<Record<Method, Operation>>>;
  /**
   * Who may ask: `mint` makes whoever names nobody somebody new and tells them so in the answer's
   * headers; `find` reads a token that is there.
   */
  readonly auth: 'none' | 'find' | 'mint';
  readonly maxBodyBytes?: number;
}

/** The longest body but for programs. */
export const DEFAULT_MAX_BODY_BYTES: number = 2 * 1024 * 1024;
/** The longest program. */
export const MAX_PROGRAM_BYTES: number = 256 * 1024 * 1024;
