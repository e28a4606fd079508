import { InvalidToken } from './token-claims.ts';
import type { TokenParts } from './token-form.ts';
import { jwkVerificationKey, provesToken } from './verification-key.ts';
import type { VerificationKey } from './verification-key.ts';

/** More than any issuer has, and few enough to try them all. */
const MAX_KEYS = 100;

/** The keys of one issuer. */
export class KeySet {
  readonly #keys: readonly VerificationKey[];

  constructor(keys: readonly VerificationKey[]) {
    this.#keys = keys;
  }

  /**
   * Reads a JWK set (RFC 7517 §5). Keys that prove no tokens here are passed over, secrets among them: whoever can
   * read this set could sign with them.
   * @throws RangeError if it is none, has no key that is of use, or more than 100
   */
  static fromJwks(document: unknown): KeySet {
    const keys = (document as { readonly keys?: unknown } | null)?.keys;
    if (!Array.isArray(keys)) throw new RangeError('expected a JWK set: {"keys": […]}');
    if (keys.length > MAX_KEYS) throw new RangeError(`a set of ${keys.length} keys; at most ${MAX_KEYS}`);
    const usable = keys.flatMap((jwk: unknown) =>
      typeof jwk === 'object' && jwk !== null ? (jwkVerificationKey(jwk as Record<string, unknown>) ?? []) : [],
    );
    if (usable.length === 0) {
      throw new RangeError('none of its keys is for signatures with RS256, ES256 or EdDSA');
    }
    return new KeySet(usable);
  }

  /** Whether it has a key that a token may have been signed with; if not, newer keys may help. */
  has({ keyId }: TokenParts): boolean {
    return this.#keys.some(({ id }) => isNamed(id, keyId));
  }

  /**
   * Checks the signature of a token: by the key that it names or those without a name, by all if it names none.
   * @throws InvalidToken
   */
  async verify(token: string, parts: TokenParts): Promise<void> {
    const named = this.#keys.filter(({ id }) => isNamed(id, parts.keyId));
    if (named.length === 0) throw new InvalidToken('Specified key ID not found in JWKs');
    const fitting = named.filter(({ algorithms }) => algorithms.includes(parts.algorithm));
    if (fitting.length === 0) throw new InvalidToken('InvalidAlgorithm');
    for (const key of fitting) if (await provesToken(key, token)) return;
    throw new InvalidToken('InvalidSignature');
  }
}

function isNamed(id: string | undefined, keyId: string | undefined): boolean {
  return id === undefined || keyId === undefined || id === keyId;
}
