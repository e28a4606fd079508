import { InvalidToken, parseObject } from './token-claims.ts';

/** A signed token taken apart; nothing in it is proven yet. */
export interface TokenParts {
  readonly algorithm: string;
  /** Which key of its issuer it names. */
  readonly keyId: string | undefined;
  /** The JSON of its claims. */
  readonly payload: string;
}

/** Algorithm names that a token may bear; any other is a malformed header rather than a wrong signature. */
const KNOWN_ALGORITHMS = /^(?:[HREP]S(?:256|384|512)|EdDSA|Ed25519)$/u;
/**
 * RFC 7515 §7.1. The letters are checked here, as Node's decoder passes over those that are not of the alphabet. An
 * empty signature is left to the check of signatures.
 */
const COMPACT_FORM = /^[\w-]+\.[\w-]+\.[\w-]*$/u;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws InvalidToken for what has not the form of a signed token */
export function parseToken(token: string): TokenParts {
  if (!COMPACT_FORM.test(token)) throw new InvalidToken('InvalidToken');
  const [header = '', payload = ''] = token.split('.');
  const { alg, kid, crit } = parseObject(decode(header));
  if (typeof alg !== 'string' || !KNOWN_ALGORITHMS.test(alg)) {
    throw new InvalidToken(`JSON error: unknown algorithm ${JSON.stringify(alg ?? null)}`);
  }
  if (kid !== undefined && typeof kid !== 'string') throw new InvalidToken('JSON error: `kid` is not a text');
  // RFC 7515 §4.1.11: who does not know every extension that a token names must refuse it. We know none.
  if (crit !== undefined) throw new InvalidToken('JSON error: `crit` names extensions, and none is supported');
  return { algorithm: alg, keyId: kid, payload: decode(payload) };
}

function decode(part: string): string {
  try {
    return utf8.decode(Buffer.from(part, 'base64url'));
  } catch {
    throw new InvalidToken('InvalidToken');
  }
}
