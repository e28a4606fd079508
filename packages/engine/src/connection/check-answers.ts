import { QueryError } from '@lightcone/query';
import type { Client } from '../client.ts';
import type { Outbox } from '../outbox.ts';

/** What the answers to one client may take together that leave at the same time, when there are many of them. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/**
 * Refuses to go on answering a client that asked for much in one go: a few bytes ask for a whole table, and all answers
 * of a turn wait in memory for its end.
 * @throws QueryError `QUERY_TOO_LARGE`, which closes the connection
 */
export function checkAnswers(outbox: Outbox, { isConfirmed, number }: Client): void {
  if (outbox.lane(isConfirmed).bytesFor(number) <= MAX_WAITING_BYTES) return;
  throw new QueryError('QUERY_TOO_LARGE', 'too much asked for at once: wait for answers before asking for more');
}
