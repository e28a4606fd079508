import type { BlobStore } from '@lightcone/blobs';
import type { Change, FieldValue } from '@lightcone/local';
import { DimpleLayout } from '../../../src/sync/dimple/dimple-layout.ts';
import type { Layout } from '../../../src/sync/layout.ts';
import { LogLayout } from '../../../src/sync/log/log-layout.ts';
import { LOG_LIMITS } from '../../../src/sync/log/log-limits.ts';
import type { LogLimits } from '../../../src/sync/log/log-limits.ts';
import { PLATFORM } from '../../../src/sync/runtime.ts';
import { Sync } from '../../../src/sync/sync.ts';
import { ModelLog } from './model-log.ts';

export const LAYOUTS = ['log', 'dimple'] as const;
export type LayoutName = (typeof LAYOUTS)[number];

let ids = 0;

/** An id that sorts behind all that were made before. */
export function nextId(): string {
  const count = (++ids).toString(16).padStart(12, '0');
  return `01977420-0000-7000-8000-${count}`;
}

export function change(authorId: string, entityId: string, fields: Record<string, FieldValue>, id = nextId()): Change {
  const names = Object.keys(fields).sort();
  const list = names.map((name) => ({ name, value: fields[name]! })); // it is one of its names
  return { id, authorId, entityType: 'Artist', entityId, fields: list };
}

/** A model log with a sync. */
export class Device {
  readonly log: ModelLog;
  readonly authorId: string;
  #sync: Sync;
  readonly #layout: LayoutName;
  readonly #limits: LogLimits;

  constructor(store: BlobStore, layout: LayoutName = 'log', limits: Partial<LogLimits> = {}) {
    this.authorId = nextId();
    this.log = new ModelLog(this.authorId);
    this.#layout = layout;
    this.#limits = { ...LOG_LIMITS, ...limits };
    this.#sync = this.#newSync(store);
  }

  get sync(): Sync {
    return this.#sync;
  }

  save(entityId: string, fields: Record<string, FieldValue>): void {
    this.log.write(change(this.authorId, entityId, fields));
  }

  /** As after a restart of the process: what only memory had is gone. */
  restart(store: BlobStore): void {
    this.#sync = this.#newSync(store);
  }

  #newSync(store: BlobStore): Sync {
    const layout: Layout = this.#layout === 'log' ? new LogLayout(this.#limits) : new DimpleLayout(4096);
    return new Sync(this.log, store, layout, PLATFORM);
  }
}

/** Until nobody has anything new for anybody. */
export async function settle(devices: readonly Device[]): Promise<void> {
  for (let round = 0; round < 2; round++) for (const { sync } of devices) await sync.once();
}

export async function keysOf(store: BlobStore, prefix = ''): Promise<string[]> {
  const keys = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

export async function flip(store: BlobStore, key: string, at = 60): Promise<void> {
  const bytes = (await store.get(key))!; // the test says that it is there
  bytes[at]! ^= 0x10;
  await store.put(key, bytes);
}
