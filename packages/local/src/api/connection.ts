import type { SqlFragment } from '../sql/sql.ts';
import type { LiveOptions, Subscription } from '../live/live-query.ts';
import type { Operation } from './operation.ts';

/**
 * The way from the calls of `Database` to the store: in this process (`LocalConnection`), or through a port to the worker
 * that has the store. Operations are plain messages.
 */
export interface Connection {
  readonly authorId: string;
  /** Performs an operation as a transaction of its own, after those before it. */
  perform(operation: Operation): Promise<unknown>;
  /** Waits for its turn and begins a transaction; until it is over, `perform` waits. */
  begin(): Promise<ConnectionTransaction>;
  subscribe<Row>(query: SqlFragment<Row>, options: LiveOptions<Row>): Subscription;
  /** Calls after each commit, whoever made it. Returns the way out. */
  onCommit(listener: () => void): () => void;
  close(): Promise<void>;
}

/** A transaction under way. */
export interface ConnectionTransaction {
  /** @throws LocalError `LOCAL_NESTED_USE` when it is over, `LOCAL_TRANSACTION_TIMEOUT` if it was ended from outside */
  perform(operation: Operation): Promise<unknown>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}
