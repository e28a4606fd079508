import { Identity } from '@lightcone/sats';

/** The claims of a token that were checked, and its payload as it was. */
export interface TokenClaims {
  readonly identity: string;
  readonly issuer: string;
  readonly subject: string;
  /** `exp`: seconds since 1970, undefined for never. */
  readonly expiry: number | undefined;
  /** The payload's JSON, exactly as the token has it: modules read it. */
  readonly payload: string;
}

/** Why a token is refused; the text follows `Invalid token: `. */
export class InvalidToken extends Error {}

/** Why a token is refused whose claims are of the right form and make nobody. */
export class UnusableClaims extends InvalidToken {}

/** Why a token cannot be told true from false: the keys of its issuer are not to be had. The text stands alone. */
export class UnknownIssuer extends Error {}

/** The issuer of every token that a server of this kind makes for its own identities. */
export const LOCAL_ISSUER = 'localhost';
const MAX_NAME_BYTES = 128;
const EXPIRY_LEEWAY_SECONDS = 60;

/**
 * Checks the payload of a token whose signature is good. `nbf` and `aud` are not looked at, and a
 * time of issue in the future is fine: clocks differ.
 * @throws InvalidToken
 */
export function checkClaims(payload: string, nowSeconds: number): TokenClaims {
  const claims = parseObject(payload);
  const issuer = readName(claims, 'iss');
  const subject = readName(claims, 'sub');
  checkAudience(claims['aud']);
  if (claims['iat'] === undefined) throw new InvalidToken('JSON error: missing field `iat`');
  if (!isSeconds(claims['iat'])) throw new InvalidToken('JSON error: `iat` is not a whole number of seconds');
  const expiry = readExpiry(claims);
  checkExpiry(expiry, nowSeconds);
  const identity = Identity.fromClaims(issuer, subject).toHex();
  const stated = claims['hex_identity'];
  if (stated !== undefined && stated !== null && stated !== identity) {
    throw new UnusableClaims('Identity mismatch: `hex_identity` does not follow from `iss` and `sub`');
  }
  return { identity, issuer, subject, expiry, payload };
}

export function parseObject(payload: string): Record<string, unknown> {
  let claims: unknown;
  try {
    claims = JSON.parse(payload);
  } catch (error) {
    throw new InvalidToken(`JSON error: ${(error as Error).message}`);
  }
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) {
    throw new InvalidToken('JSON error: the claims are not an object');
  }
  return claims as Record<string, unknown>;
}

function readName(claims: Readonly<Record<string, unknown>>, key: 'iss' | 'sub'): string {
  const value = claims[key];
  if (value === undefined) throw new InvalidToken(`JSON error: missing field \`${key}\``);
  if (typeof value !== 'string') throw new InvalidToken(`JSON error: \`${key}\` is not a text`);
  const length = Buffer.byteLength(value);
  const what = key === 'iss' ? 'Issuer' : 'Subject';
  if (length > MAX_NAME_BYTES) throw new UnusableClaims(`${what} too long: ${length} bytes, at most ${MAX_NAME_BYTES}`);
  if (length === 0) throw new UnusableClaims(`${what} empty`);
  return value;
}

function checkAudience(audience: unknown): void {
  if (audience === undefined || audience === null || typeof audience === 'string') return;
  if (Array.isArray(audience) && audience.every((item) => typeof item === 'string')) return;
  throw new InvalidToken('JSON error: `aud` is neither a text nor a list of texts');
}

function readExpiry({ exp }: Readonly<Record<string, unknown>>): number | undefined {
  if (exp === undefined || exp === null) return undefined;
  if (!isSeconds(exp)) throw new InvalidToken('JSON error: `exp` is not a whole number of seconds');
  return exp;
}

/** @throws InvalidToken */
export function checkExpiry(expiry: number | undefined, nowSeconds: number): void {
  if (expiry !== undefined && expiry + EXPIRY_LEEWAY_SECONDS < nowSeconds) throw new InvalidToken('ExpiredSignature');
}

function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value);
}
