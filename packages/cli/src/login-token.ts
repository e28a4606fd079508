import { Identity } from '@lightcone/sats';

/**
 * The identity that a login stands for; undefined if the token is no JWT, or contradicts itself. Nobody checks the
 * signature here: servers do.
 */
export function identityOfToken(token: string): string | undefined {
  const [, payload, signature] = token.split('.');
  if (payload === undefined || signature === undefined) return undefined;
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown> | null;
    const { iss, sub, hex_identity: stated } = claims ?? {};
    if (typeof iss !== 'string' || typeof sub !== 'string') return undefined;
    const identity = Identity.fromClaims(iss, sub).toHex();
    return stated === undefined || stated === identity ? identity : undefined;
  } catch {
    return undefined;
  }
}
