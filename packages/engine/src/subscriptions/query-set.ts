import type { Client } from '../client.ts';
import type { LiveQuery } from './live-query.ts';
import { queryWeight } from './query-weight.ts';

/** The queries that a client subscribed to under one id. */
export class QuerySet {
  readonly id: number;
  readonly client: Client;
  /** Each query once, by table name. */
  readonly queries: readonly LiveQuery[];
  /**
   * Equal for query sets whose updates are the same bytes: how clients that asked for the same get
   * one message, written once.
   */
  readonly shape: string;
  /** The weights of the queries together, and of those that are wide. */
  readonly weight: number;
  readonly wideWeight: number;
  /** Whether the transaction being evaluated changed one of its queries. */
  isChanged = false;

  constructor(id: number, client: Client, queries: readonly LiveQuery[]) {
    this.id = id;
    this.client = client;
    this.queries = queries.toSorted((a, b) => (a.tableName < b.tableName ? -1 : a.tableName > b.tableName ? 1 : 0));
    this.weight = this.queries.reduce((sum, { text }) => sum + queryWeight(text), 0);
    this.wideWeight = this.queries.reduce((sum, { isWide, text }) => (isWide ? sum + queryWeight(text) : sum), 0);
    this.shape = `${id}:${this.queries.map((query) => query.number).join()}`;
  }
}
