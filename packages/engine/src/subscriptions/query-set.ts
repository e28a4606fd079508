import type { Client } from '../client.ts';
import type { LiveQuery } from './live-query.ts';
import { queryWeight } from './query-weight.ts';

/**
 * The queries that a client subscribed to under one id.
 *
 *     gathers queries ─ is live: its client is told of changes ─ lets them go
 *
 * Both ends take a while, and there are transactions in between.
 */
export class QuerySet {
  readonly id: number;
  readonly client: Client;
  /** Each query once; by table name from when it is live. */
  readonly queries: LiveQuery[] = [];
  /** The weights of the queries together, and of those that are wide. */
  weight = 0;
  wideWeight = 0;
  /** Whether its client is told of changes. */
  isLive = false;
  /** Whether the transaction being evaluated changed one of its queries. */
  isChanged = false;
  #shape: string | undefined;

  constructor(id: number, client: Client) {
    this.id = id;
    this.client = client;
  }

  /** Takes a query more; before it is live. */
  gather(query: LiveQuery): void {
    this.queries.push(query);
    query.querySets.add(this);
    const weight = queryWeight(query.text);
    this.weight += weight;
    if (query.isWide) this.wideWeight += weight;
  }

  /**
   * Equal for query sets whose updates are the same bytes: how clients that asked for the same get
   * one message, written once. Asked for while it is live.
   */
  get shape(): string {
    return (this.#shape ??= `${this.id}:${this.queries.map((query) => query.number).join()}`);
  }
}
