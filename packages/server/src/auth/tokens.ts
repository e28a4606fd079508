import { randomUUID } from 'node:crypto';
import { Identity } from '@lightcone/sats';
import { CompactSign } from 'jose';
import type { ForeignIssuers } from './foreign-issuers.ts';
import { KeySet } from './key-set.ts';
import type { ServerKeys } from './keys.ts';
import { parseExact } from '../exact-json.ts';
import { ProvenTokens } from './proven-tokens.ts';
import { checkClaims, InvalidToken, LOCAL_ISSUER } from './token-claims.ts';
import type { TokenClaims } from './token-claims.ts';
import { parseToken } from './token-form.ts';
import type { TokenParts } from './token-form.ts';
import { publicVerificationKey } from './verification-key.ts';

const WEBSOCKET_TOKEN_SECONDS = 60;

/** A token and who it stands for. */
export interface MintedToken {
  readonly token: string;
  readonly claims: TokenClaims;
}

/** Makes and checks tokens. */
export class Tokens {
  readonly #keys: ServerKeys;
  readonly #ownKeys: KeySet;
  readonly #issuers: ForeignIssuers;
  /** By this server's own keys. */
  readonly #proven = new ProvenTokens();
  readonly #nowSeconds: () => number;

  constructor(
    keys: ServerKeys,
    issuers: ForeignIssuers,
    nowSeconds: () => number = () => Math.floor(Date.now() / 1000),
  ) {
    this.#keys = keys;
    this.#ownKeys = new KeySet([keys.publicKey, ...keys.retired].map((key) => publicVerificationKey(key)));
    this.#issuers = issuers;
    this.#nowSeconds = nowSeconds;
  }

  get publicPem(): string {
    return this.#keys.publicPem;
  }

  /** Makes a new identity and a token for it that does not expire. */
  async mint(): Promise<MintedToken> {
    const sub = randomUUID();
    const payload = JSON.stringify({
      hex_identity: Identity.fromClaims(LOCAL_ISSUER, sub).toHex(),
      sub,
      iss: LOCAL_ISSUER,
      aud: ['spacetimedb'],
      iat: this.#nowSeconds(),
      exp: null,
    });
    return { token: await this.#sign(payload), claims: checkClaims(payload, this.#nowSeconds()) };
  }

  /** Makes a token with the same claims that is good for a minute: browsers put it in the URL. */
  mintForWebSocket(claims: TokenClaims): Promise<string> {
    // It was checked, and is an object.
    const all = parseExact(claims.payload) as Record<string, unknown>;
    const { hex_identity: _, sub, iss, aud, iat: __, exp: ___, ...extra } = all;
    const now = this.#nowSeconds();
    return this.#sign(
      JSON.stringify({
        hex_identity: claims.identity,
        sub,
        iss,
        aud: typeof aud === 'string' ? [aud] : (aud ?? []),
        iat: now,
        exp: now + WEBSOCKET_TOKEN_SECONDS,
        ...extra,
      }),
    );
  }

  /**
   * Checks a token: it must be signed with a key of this server, whatever issuer it names, or by that issuer.
   *
   * Nobody is asked about a token that would be refused anyway.
   * @throws InvalidToken, UnknownIssuer
   */
  async verify(token: string): Promise<TokenClaims> {
    const proven = this.#proven.find(token, this.#nowSeconds());
    if (proven !== undefined) return proven;
    const parts = parseToken(token);
    const claims = checkClaims(parts.payload, this.#nowSeconds());
    const ownProblem = await this.#checkOwnSignature(token, parts);
    if (ownProblem === undefined) {
      this.#proven.add(token, claims);
      return claims;
    }
    if (claims.issuer === LOCAL_ISSUER) throw ownProblem;
    await this.#issuers.verify(claims.issuer, token, parts);
    return claims;
  }

  async #checkOwnSignature(token: string, parts: TokenParts): Promise<InvalidToken | undefined> {
    try {
      await this.#ownKeys.verify(token, parts);
      return undefined;
    } catch (error) {
      if (error instanceof InvalidToken) return error;
      throw error;
    }
  }

  #sign(payload: string): Promise<string> {
    return new CompactSign(new TextEncoder().encode(payload))
      .setProtectedHeader({ typ: 'JWT', alg: 'ES256' })
      .sign(this.#keys.privateKey);
  }
}
