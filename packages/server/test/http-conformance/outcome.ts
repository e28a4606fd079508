import { expect } from 'vitest';

/** A request, and what is answered. */
export interface Outcome {
  readonly name: string;
  readonly method: string;
  /** `{…}` in paths, headers and bodies stand for what `values` has. */
  readonly path: string;
  readonly as?: 'owner' | 'other';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly status: number;
  /** The content type; `null` for none. Not compared if undefined. */
  readonly type?: string | null;
  /** The body, or what it is like. */
  readonly text?: string | RegExp;
  readonly json?: unknown;
  /** Headers of the answer; `null` for those that must not be there. */
  readonly sends?: Readonly<Record<string, string | RegExp | null>>;
}

export const TEXT = 'text/plain; charset=utf-8';
export const JSON_TYPE = 'application/json';
export const NEW_IDENTITY = `c200${'7'.repeat(60)}`;
export const asJson = { 'content-type': JSON_TYPE };
export const identityHeaders = { 'spacetime-identity': /^[0-9a-f]{64}$/u, 'spacetime-identity-token': /^ey/u };
export const noIdentity = { 'spacetime-identity': null, 'spacetime-identity-token': null };
export const cors = { 'access-control-allow-origin': '*', vary: /^origin/u };
export const success = (domain: string | null, op: string): object => ({
  Success: { domain, database_identity: expect.stringMatching(/^c200/u) as string, op },
});
