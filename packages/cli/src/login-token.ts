import { Identity } from '@lightcone/sats';

/** A JSON Web Token (RFC 7519) as it is sent: header, payload and signature, each in base64url without padding. */
const THREE_PARTS = /^[\w-]+\.[\w-]+\.[\w-]+$/u;

/** What a token claims; undefined if it is no JSON Web Token. Nobody checks the signature here: servers do. */
export function claimsOfToken(token: string): Readonly<Record<string, unknown>> | undefined {
  const [, payload] = token.split('.');
  if (payload === undefined || !THREE_PARTS.test(token)) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    const isObject = typeof claims === 'object' && claims !== null && !Array.isArray(claims);
    return isObject ? (claims as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The identity that a login stands for; undefined if the token is none, says not whose, or contradicts itself. */
export function identityOfToken(token: string): string | undefined {
  const { iss, sub, hex_identity: stated } = claimsOfToken(token) ?? {};
  if (typeof iss !== 'string' || typeof sub !== 'string') return undefined;
  const identity = Identity.fromClaims(iss, sub).toHex();
  return stated === undefined || stated === identity ? identity : undefined;
}
