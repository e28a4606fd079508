import type { BlobStore } from '@lightcone/blobs';
import { defineSchema, int, openDbSync, ref, table, text } from '@lightcone/local';
import { betterSqlite } from '@lightcone/local/node';
import type { DatabaseSync } from '@lightcone/local';
import { DimpleLayout } from '../../../src/sync/dimple/dimple-layout.ts';
import { LogLayout } from '../../../src/sync/log/log-layout.ts';
import type { LogLimits } from '../../../src/sync/log/log-limits.ts';
import { Sync } from '../../../src/sync/sync.ts';
import type { Random } from '../../support/random.ts';

const older = defineSchema({
  Item: table({ title: text(), count: int().optional(), remark: text().optional() }),
  Note: table({ body: text(), itemId: ref('Item').named('item_id') }),
});

export const newer = defineSchema({
  Item: table({ title: text(), count: int().optional(), remark: text().optional(), tag: text().optional() }),
  Note: table({ body: text(), itemId: ref('Item').named('item_id') }),
  Extra: table({ label: text().optional() }),
});

export interface ReplicaWorld {
  readonly random: Random;
  nowMs: number;
}

/** A device: a real database in memory that outlives its processes, and the sync of the process that runs. */
export class Replica {
  readonly name: string;
  isNewer: boolean;
  skewMs: number;
  db!: DatabaseSync<typeof newer>;
  sync!: Sync;
  isSyncing = false;
  readonly #world: ReplicaWorld;
  readonly #limits: LogLimits | undefined;
  // The file: what is closed is only the connection of a process.
  readonly #driver = { ...betterSqlite(':memory:'), close: (): void => {} };

  /** @param limits of the layout `log`; undefined: the layout of DimpleDb */
  constructor(name: string, world: ReplicaWorld, isNewer: boolean, limits: LogLimits | undefined) {
    this.name = name;
    this.#world = world;
    this.isNewer = isNewer;
    this.skewMs = 0;
    this.#limits = limits;
  }

  /** A new process begins. */
  start(store: BlobStore): void {
    const { random } = this.#world;
    const nowMs = (): number => this.#world.nowMs + this.skewMs;
    // Rows and columns that an older schema does not have are only touched where `isNewer`.
    const schema = (this.isNewer ? newer : older) as typeof newer;
    this.db = openDbSync({ schema, driver: this.#driver, nowMs, random: () => random.bits() });
    const layout = this.#limits === undefined ? new DimpleLayout(2000) : new LogLayout(this.#limits);
    const runtime = {
      now: nowMs,
      randomBytes: (count: number) => random.bytes(count),
      startTimer: (_: number, expired: () => void) => {
        queueMicrotask(expired);
        return () => {};
      },
    };
    this.sync = new Sync(this.db.log, store, layout, runtime);
    this.isSyncing = false;
  }

  close(): void {
    this.db.close();
  }
}
