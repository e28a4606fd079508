import type { Client } from '../client.ts';
import type { LiveQuery } from './live-query.ts';
import { queryWidth } from './query-width.ts';

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
  /** The widths of those that are wide, together. */
  readonly width: number;
  /** Whether the transaction being evaluated changed one of its queries. */
  isChanged = false;

  constructor(id: number, client: Client, queries: readonly LiveQuery[]) {
    this.id = id;
    this.client = client;
    this.queries = queries.toSorted((a, b) => (a.tableName < b.tableName ? -1 : a.tableName > b.tableName ? 1 : 0));
    this.width = this.queries.reduce((sum, { isWide, text }) => (isWide ? sum + queryWidth(text) : sum), 0);
    this.shape = `${id}:${this.queries.map((query) => query.number).join()}`;
  }
}
