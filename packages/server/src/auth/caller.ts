import { randomBytes } from 'node:crypto';
import type { CallerMessage } from '../database-thread/messages.ts';
import type { Tokens } from './tokens.ts';
import { InvalidToken, UnknownIssuer } from './token-claims.ts';
import type { TokenClaims } from './token-claims.ts';
import { HttpError } from '../gateway/http-error.ts';

/** Who a request comes from. */
export interface Caller {
  readonly identity: string;
  readonly token: string;
  readonly claims: TokenClaims;
  /**
   * In whose turn databases do what it asks for without a connection: its identity's, or if it showed no token its
   * address's, as it has another identity each time. With more connections nobody has more turns, but for who shows
   * another token over each of them: that is no cheaper than a WebSocket for each, and those have turns of their own.
   */
  readonly asker: string;
}

/** A connection that a caller has for one call: what databases are told of callers who have none. */
export function newConnection({ identity, claims }: Pick<Caller, 'identity' | 'claims'>): CallerMessage {
  return { identity, connectionId: randomBytes(16).toString('hex'), jwtPayload: claims.payload };
}

/** Reads who a request comes from: the header, else the query's token; undefined if it names nobody. */
export async function findCaller(
  tokens: Tokens,
  authorization: string | undefined,
  queryToken: string | undefined,
): Promise<Caller | undefined> {
  const token = authorization === undefined ? queryToken : readBearer(authorization);
  if (token === undefined) return undefined;
  try {
    const claims = await tokens.verify(token);
    return { identity: claims.identity, token, claims, asker: claims.identity };
  } catch (error) {
    if (error instanceof InvalidToken) throw new HttpError(401, `Invalid token: ${error.message}`);
    if (error instanceof UnknownIssuer) throw new HttpError(401, error.message);
    throw error;
  }
}

/** As `findCaller`; a request that names nobody becomes somebody new. @param address where it comes from */
export async function findOrMintCaller(
  tokens: Tokens,
  authorization: string | undefined,
  queryToken: string | undefined,
  address: string | undefined,
): Promise<Caller> {
  const caller = await findCaller(tokens, authorization, queryToken);
  if (caller !== undefined) return caller;
  const { token, claims } = await tokens.mint();
  return { identity: claims.identity, token, claims, asker: address ?? claims.identity };
}

function readBearer(authorization: string): string {
  const [, token] = /^bearer +(\S+) *$/iu.exec(authorization) ?? [];
  if (token === undefined) throw new HttpError(400, 'Authorization is invalid: malformed token');
  return token;
}
