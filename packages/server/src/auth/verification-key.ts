import { createPublicKey, createSecretKey } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { compactVerify } from 'jose';

/** A key that proves tokens, with the algorithms that it is used with: the token never chooses them. */
export interface VerificationKey {
  /** The `kid` by which tokens name it. */
  readonly id: string | undefined;
  readonly key: KeyObject;
  readonly algorithms: readonly string[];
}

/** RFC 7518 §3.3 */
const MIN_RSA_BITS = 2048;
/** RFC 7518 §3.2: as long as the hash. */
const MIN_SECRET_BYTES = 32;

/**
 * A public key with the algorithm of its kind: RSA with RS256, P-256 with ES256, Ed25519 with EdDSA.
 * @throws RangeError for every other kind, RSA of less than 2048 bits, and what is no public key
 */
export function publicVerificationKey(key: KeyObject, id?: string): VerificationKey {
  const { asymmetricKeyType: kind, asymmetricKeyDetails: details } = key;
  if (key.type !== 'public') throw new RangeError(`expected a public key, found a ${key.type} one`);
  if (kind === 'ec' && details?.namedCurve === 'prime256v1') return { id, key, algorithms: ['ES256'] };
  if (kind === 'ed25519') return { id, key, algorithms: ['EdDSA', 'Ed25519'] };
  if (kind !== 'rsa') throw new RangeError(`a key of the kind ${details?.namedCurve ?? kind} is not supported`);
  const bits = details?.modulusLength ?? 0;
  if (bits < MIN_RSA_BITS) throw new RangeError(`an RSA key of ${bits} bits is too short; at least ${MIN_RSA_BITS}`);
  return { id, key, algorithms: ['RS256'] };
}

/**
 * A secret shared with an issuer, for HS256.
 * @throws RangeError when it has less than 32 bytes, so that it could be guessed
 */
export function secretVerificationKey(secret: Uint8Array, id?: string): VerificationKey {
  if (secret.length < MIN_SECRET_BYTES) {
    throw new RangeError(`a secret of ${secret.length} bytes is too short for HS256; at least ${MIN_SECRET_BYTES}`);
  }
  return { id, key: createSecretKey(secret), algorithms: ['HS256'] };
}

/** The public key of a JWK (RFC 7517); undefined if it is not one that proves tokens here. */
export function jwkVerificationKey(jwk: Readonly<Record<string, unknown>>): VerificationKey | undefined {
  const { kid, use, alg } = jwk;
  if (use !== undefined && use !== 'sig') return undefined;
  if (kid !== undefined && typeof kid !== 'string') return undefined;
  try {
    const found = publicVerificationKey(createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }), kid);
    return alg === undefined || found.algorithms.some((algorithm) => algorithm === alg) ? found : undefined;
  } catch {
    // RFC 7517 §5: keys of unknown kinds, or out of range, are passed over.
    return undefined;
  }
}

/** Whether a key signed a token. */
export async function provesToken({ key, algorithms }: VerificationKey, token: string): Promise<boolean> {
  try {
    await compactVerify(token, key, { algorithms: [...algorithms] });
    return true;
  } catch {
    return false;
  }
}
