import type { FieldValue } from '../change.ts';
import type { Operation } from '../api/operation.ts';
import type { SqlRow } from '../sqlite-driver.ts';
import type { SentError } from './sent-error.ts';

/** One document with a database open; it has a number for each of its requests, and of its transactions and queries. */
export type PageId = string;

/** What a page asks of the leader. */
export type Request =
  | { readonly kind: 'perform'; readonly operation: Operation }
  | { readonly kind: 'begin'; readonly transaction: number }
  | { readonly kind: 'performInside'; readonly transaction: number; readonly operation: Operation }
  | { readonly kind: 'commit'; readonly transaction: number }
  | { readonly kind: 'rollback'; readonly transaction: number }
  | { readonly kind: 'subscribe'; readonly query: number; readonly sql: LiveSql }
  | { readonly kind: 'refresh'; readonly query: number }
  | { readonly kind: 'unsubscribe'; readonly query: number };

/** A live query as a page sends it; what reads its rows stays there. */
export interface LiveSql {
  readonly text: string;
  readonly values: readonly FieldValue[];
  readonly bigInts: boolean;
}

/** From pages to the leader. All contexts of an origin hear all messages; those that are not for them pass by. */
export type PageMessage =
  /** A page that looks for the leader. */
  | { readonly from: PageId; readonly kind: 'hello' }
  | {
      readonly from: PageId;
      readonly kind: 'request';
      /** The leader that is asked: one that came after it is asked again, by another message. */
      readonly leader: string;
      readonly number: number;
      /** All requests of the page with smaller numbers were answered. */
      readonly oldest: number;
      readonly request: Request;
    };

/** From the leader to one page, or to all that hear it. */
export type LeaderMessage =
  | { readonly kind: 'leading'; readonly leader: string; readonly authorId: string; readonly isDurable: boolean }
  | { readonly kind: 'committed' }
  /** What the application's part of the worker says to all pages. */
  | { readonly kind: 'told'; readonly what: unknown }
  | { readonly to: PageId; readonly kind: 'result'; readonly number: number; readonly result: unknown }
  | { readonly to: PageId; readonly kind: 'error'; readonly number: number; readonly error: SentError }
  | { readonly to: PageId; readonly kind: 'rows'; readonly query: number; readonly rows: readonly SqlRow[] }
  | { readonly to: PageId; readonly kind: 'rowsFailed'; readonly query: number; readonly error: SentError };

/** The first message of a page to the worker that it made. */
export interface WorkerStart {
  readonly name: string;
  /** For the application's part of the worker. */
  readonly config: unknown;
}

/** The last message of a page to its worker. */
export type WorkerEnd = 'end';

/** From a worker to its page: it has ended, and another tab's can have the database; or it cannot open it. */
export type WorkerWord = 'ended' | { readonly failed: SentError };

/** Names in the origin, which every application of it shares. */
export const channelName = (database: string): string => `lightcone-local:${database}`;
export const leaderLock = (database: string): string => `lightcone-local:${database}:leader`;
/** Held by a page as long as it is there. */
export const pageLock = (database: string, page: PageId): string => `lightcone-local:${database}:page:${page}`;
