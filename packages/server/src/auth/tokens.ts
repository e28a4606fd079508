import { randomUUID } from 'node:crypto';
import { Identity } from '@lightcone/sats';
import { compactVerify, CompactSign, decodeProtectedHeader, errors } from 'jose';
import type { KeyPair } from './keys.ts';
import { checkClaims, InvalidToken, parseObject } from './token-claims.ts';
import type { TokenClaims } from './token-claims.ts';

/** The issuer of every token that a server of this kind makes for its own identities. */
const LOCAL_ISSUER = 'localhost';
const WEBSOCKET_TOKEN_SECONDS = 60;
/** Algorithm names that a token may bear; any other is a malformed header rather than a wrong signature. */
const KNOWN_ALGORITHMS = /^(?:[HREP]S(?:256|384|512)|EdDSA)$/u;

/** A token and who it stands for. */
export interface MintedToken {
  readonly token: string;
  readonly claims: TokenClaims;
}

/** Makes and checks tokens. */
export class Tokens {
  readonly #keys: KeyPair;
  readonly #nowSeconds: () => number;

  constructor(keys: KeyPair, nowSeconds: () => number = () => Math.floor(Date.now() / 1000)) {
    this.#keys = keys;
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
    const { hex_identity: _, sub, iss, aud, iat: __, exp: ___, ...extra } = parseObject(claims.payload);
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
   * Checks a token: it must be signed with this server's key, whatever issuer it names.
   *
   * The algorithm is bound to the key, never chosen by the token.
   * @throws InvalidToken
   */
  async verify(token: string): Promise<TokenClaims> {
    const payload = await this.#verifySignature(token);
    return checkClaims(payload, this.#nowSeconds());
  }

  async #verifySignature(token: string): Promise<string> {
    try {
      const { payload } = await compactVerify(token, this.#keys.publicKey, { algorithms: ['ES256'] });
      return new TextDecoder('utf-8', { fatal: true }).decode(payload);
    } catch (error) {
      throw this.#whyRefused(token, error);
    }
  }

  #whyRefused(token: string, error: unknown): InvalidToken {
    const header = readHeader(token);
    if (header === undefined) return new InvalidToken('InvalidToken');
    if (!KNOWN_ALGORITHMS.test(header.alg ?? '')) {
      return new InvalidToken(`JSON error: unknown algorithm ${JSON.stringify(header.alg ?? null)}`);
    }
    const issuer = readIssuer(token, this.#nowSeconds());
    if (issuer !== undefined && issuer !== LOCAL_ISSUER) {
      return new InvalidToken(
        `it is not signed by this server, and tokens of other issuers (${JSON.stringify(issuer)}) are not accepted here`,
      );
    }
    if (error instanceof errors.JOSEAlgNotAllowed) return new InvalidToken('InvalidAlgorithm');
    if (error instanceof errors.JWSSignatureVerificationFailed) return new InvalidToken('InvalidSignature');
    return new InvalidToken('InvalidToken');
  }

  #sign(payload: string): Promise<string> {
    return new CompactSign(new TextEncoder().encode(payload))
      .setProtectedHeader({ typ: 'JWT', alg: 'ES256' })
      .sign(this.#keys.privateKey);
  }
}

function readHeader(token: string): { alg?: string } | undefined {
  if (token.split('.').length !== 3) return undefined;
  try {
    return decodeProtectedHeader(token);
  } catch {
    return undefined;
  }
}

/** The issuer that a token claims, if its claims have the right form. */
function readIssuer(token: string, nowSeconds: number): string | undefined {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  return checkClaims(payload, nowSeconds).issuer;
}
