import { ProtocolError } from './errors.ts';

/**
 * A message with more queries is not read: empty ones take four bytes, and a hundred once they are there. More than
 * databases take, so that these say how many they do.
 */
export const MAX_QUERIES = 65_536;

export function tooManyQueries(count: number): ProtocolError {
  return new ProtocolError('PROTOCOL_MALFORMED', `client message with ${count} queries: at most ${MAX_QUERIES}`);
}
