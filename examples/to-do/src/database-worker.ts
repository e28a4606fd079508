import { serveDatabase } from '@lightcone/local/browser/worker';
import { createSync } from '@lightcone/local/sync';
import { schema } from './schema.ts';
import { openStorage } from './storage.ts';
import type { StorageSettings } from './storage.ts';
import type { SyncState } from './sync-state.ts';

serveDatabase({
  schema,
  // In one tab's worker at a time: it syncs for all of them.
  onLeading: (database, { config, tell }) => {
    if (config === undefined) return;
    let stop: (() => Promise<void>) | undefined;
    let isOver = false;
    openStorage(config as StorageSettings).then(
      (remote) => {
        if (isOver) return;
        const sync = createSync(database, { remote });
        sync.onStatus(({ state, pullError, pushError }) => {
          const said: SyncState = { state, error: (pullError ?? pushError)?.message };
          tell(said);
        });
        sync.start({ intervalMs: 2000, afterWriteMs: 200, maxBackoffMs: 5000 });
        stop = () => sync.stop();
      },
      (error: unknown) => tell({ state: 'stopped', error: (error as Error).message } satisfies SyncState),
    );
    return () => {
      isOver = true;
      return stop?.();
    };
  },
});
