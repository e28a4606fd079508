import { Identity } from '@lightcone/sats';

/** What a login says about itself. Nobody checks the signature here: servers do. */
export interface LoginClaims {
  readonly issuer: string;
  readonly subject: string;
  readonly identity: string;
}

/** Reads the claims of a JWT; undefined if it is none, or contradicts itself. */
export function readLoginToken(token: string): LoginClaims | undefined {
  const [, payload, signature] = token.split('.');
  if (payload === undefined || signature === undefined) return undefined;
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown> | null;
    const { iss, sub, hex_identity: stated } = claims ?? {};
    if (typeof iss !== 'string' || typeof sub !== 'string') return undefined;
    const identity = Identity.fromClaims(iss, sub).toHex();
    return stated === undefined || stated === identity ? { issuer: iss, subject: sub, identity } : undefined;
  } catch {
    return undefined;
  }
}
