import { LocalConnection } from '../../api/local-connection.ts';
import type { ChangeLog } from '../../change-log.ts';
import type { Schema } from '../../schema/schema.ts';
import { openStore } from '../../store/open-store.ts';
import type { OpenOptions } from '../../store/open-store.ts';
import type { WorkerEnd, WorkerStart, WorkerWord } from '../messages.ts';
import { toSent } from '../sent-error.ts';
import { leadWhenElected } from './lead-when-elected.ts';
import type { Opened } from './leader.ts';
import { sqliteWasm } from './sqlite-wasm-driver.ts';

/** What the worker of a database needs besides it. */
export interface ServeOptions<S extends Schema> extends OpenOptions<S> {
  /**
   * Called in the one worker that has the database, e.g. to sync it. `config` is what the page of this worker gave to
   * `openDb`; what `tell` is given goes to `onTold` of all pages. What it returns is called when the database goes.
   */
  readonly onLeading?: (
    database: { readonly log: ChangeLog },
    context: { readonly config: unknown; readonly tell: (what: unknown) => void },
  ) => (() => Promise<void> | void) | void;
}

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<WorkerStart | WorkerEnd>) => void) | null;
  postMessage(message: WorkerWord): void;
}

/**
 * The whole program of the worker that `openDb` is given: call it once, with the schema of the pages.
 *
 * Each tab has such a worker, and one of them has the database, in the origin private file system; when its tab goes,
 * another one takes over.
 */
export function serveDatabase<const S extends Schema>(options: ServeOptions<S>): void {
  const scope = globalThis as unknown as WorkerScope; // this runs in a worker
  const ended = new AbortController();
  let leading: Promise<void> | undefined;
  scope.onmessage = ({ data }) => {
    if (data !== 'end') {
      leading ??= leadWhenElected(
        data.name,
        () => open(data.name, options),
        started(options, data),
        ended.signal,
      ).catch((error: unknown) => scope.postMessage({ failed: toSent(error) }));
      return;
    }
    ended.abort();
    void Promise.resolve(leading).finally(() => scope.postMessage('ended'));
  };
}

async function open<S extends Schema>(name: string, options: ServeOptions<S>): Promise<Opened> {
  const { driver, isDurable } = await sqliteWasm(name);
  const store = openStore(driver, options);
  return { store, connection: new LocalConnection(store, driver), isDurable };
}

function started<S extends Schema>({ onLeading }: ServeOptions<S>, { config }: WorkerStart) {
  return ({ store }: Opened, tell: (what: unknown) => void): (() => Promise<void> | void) | void =>
    onLeading?.({ log: store }, { config, tell });
}
