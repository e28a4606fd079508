import { checkExpiry } from './token-claims.ts';
import type { TokenClaims } from './token-claims.ts';

/** Who asks often: some more than there may be at once in a few seconds. */
const MAX_TOKENS = 2048;
/** Those of this server have some four hundred letters; longer ones are checked each time. */
const MAX_LENGTH = 2048;

/**
 * Tokens whose signatures were found good, and who they stand for: to check one takes a third of the time of a request
 * over HTTP. The keys of a server stay as they are while it runs, so what they have signed stays good until it expires.
 * Those that were not seen for longest are forgotten.
 */
export class ProvenTokens {
  readonly #claimsByToken = new Map<string, TokenClaims>();

  /** @throws InvalidToken when it has expired since it was added */
  find(token: string, nowSeconds: number): TokenClaims | undefined {
    const claims = this.#claimsByToken.get(token);
    if (claims === undefined) return undefined;
    this.#claimsByToken.delete(token);
    checkExpiry(claims.expiry, nowSeconds);
    this.#claimsByToken.set(token, claims);
    return claims;
  }

  add(token: string, claims: TokenClaims): void {
    if (token.length > MAX_LENGTH) return;
    if (this.#claimsByToken.size >= MAX_TOKENS) {
      const [oldest] = this.#claimsByToken.keys();
      if (oldest !== undefined) this.#claimsByToken.delete(oldest);
    }
    this.#claimsByToken.set(token, claims);
  }
}
