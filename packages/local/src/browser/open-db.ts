import { databaseOver } from '../api/database.ts';
import type { Database } from '../api/database.ts';
import { LocalError } from '../errors.ts';
import type { Schema } from '../schema/schema.ts';
import { pageLock } from './messages.ts';
import type { WorkerEnd, WorkerStart, WorkerWord } from './messages.ts';
import { PageConnection } from './page-connection.ts';
import { fromSent } from './sent-error.ts';

export interface BrowserOptions<S extends Schema> {
  readonly schema: S;
  /** Of the database, in this origin; unless told, `main`. */
  readonly name?: string;
  /**
   * A new worker whose program calls `serveDatabase` with the same schema, made where a bundler sees it:
   * `new Worker(new URL('./database-worker.ts', import.meta.url), { type: 'module' })`.
   */
  readonly worker: Worker;
  /** Anything that can be sent, for `onLeading` of the worker. */
  readonly config?: unknown;
}

/** What a database in a browser has besides. */
export interface BrowserCalls {
  /** `false` where the browser has no private file system: what is written ends with the last tab. */
  readonly isDurable: boolean;
  /** Calls with what the worker's `onLeading` tells. @returns the way out */
  onTold(listener: (what: unknown) => void): () => void;
}

export type BrowserDatabase<S extends Schema> = Database<S> & BrowserCalls;

/**
 * Opens a database of this origin, shared with all its tabs.
 * @throws LocalError
 */
export async function openDb<const S extends Schema>({
  schema,
  name = 'main',
  worker,
  config,
}: BrowserOptions<S>): Promise<BrowserDatabase<S>> {
  if (!globalThis.isSecureContext) {
    worker.terminate();
    throw new LocalError('LOCAL_IO', 'browsers keep databases for pages of https and localhost only');
  }
  const page = crypto.randomUUID();
  const release = await holdLock(pageLock(name, page));
  const connection = new PageConnection(name, page, async () => {
    await ended(worker);
    release();
  });
  // A script that cannot be loaded has no message.
  const failed = ({ message }: Partial<ErrorEvent>): void =>
    connection.fail(
      new LocalError('LOCAL_IO', `the worker of the database failed: ${message ?? 'its script could not be loaded'}`),
    );
  worker.addEventListener('error', failed);
  worker.addEventListener('message', ({ data }: MessageEvent<WorkerWord>) => {
    if (data !== 'ended') connection.fail(fromSent(data.failed));
  });
  const start: WorkerStart = { name, config };
  worker.postMessage(start);
  try {
    await connection.ready;
  } catch (error) {
    worker.terminate();
    release();
    throw error;
  } finally {
    // Later ones are errors of the application's part, which the browser reports; the database goes on.
    worker.removeEventListener('error', failed);
  }
  // Browsers that ask somebody are asked when there is something to keep.
  if (connection.isDurable) void navigator.storage.persist().catch(() => false);
  const { isDurable } = connection;
  return { ...databaseOver(connection, schema), isDurable, onTold: (listener) => connection.onTold(listener) };
}

/** Lets a worker give the database up, then ends it. */
function ended(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.addEventListener('message', ({ data }: MessageEvent<WorkerWord>) => {
      if (data !== 'ended') return;
      worker.terminate();
      resolve();
    });
    const end: WorkerEnd = 'end';
    worker.postMessage(end);
  });
}

/** Takes a lock, and has it until the page ends or what is returned is called. */
function holdLock(name: string): Promise<() => void> {
  return new Promise((taken, failed) => {
    navigator.locks
      .request(name, () => new Promise<void>((released) => taken(() => released())))
      .catch((error: unknown) => failed(error as Error));
  });
}
