import type { KeyType } from '@lightcone/sats';
import type { PointerList, Table } from '@lightcone/store';
import { PointMap } from './point-map.ts';

/** Who is to hear of rows of one table that have a key. Any number may watch the same key. */
export class PointWatchers<Watcher> {
  readonly #watchers = new PointMap<Set<Watcher>>();

  get isEmpty(): boolean {
    return this.#watchers.isEmpty;
  }

  /** @param hash that of the key */
  add(type: KeyType, hash: number, key: Uint8Array, watcher: Watcher): void {
    const known = this.#watchers.find(type, hash, key, 0, key.length);
    if (known === undefined) this.#watchers.add({ type, hash, key, value: new Set([watcher]) });
    else known.value.add(watcher);
  }

  /** Takes back what `add` did; nothing happens a second time. */
  remove(type: KeyType, hash: number, key: Uint8Array, watcher: Watcher): void {
    const known = this.#watchers.find(type, hash, key, 0, key.length);
    if (known === undefined) return;
    known.value.delete(watcher);
    if (known.value.size === 0) this.#watchers.delete(known);
  }

  /** Visits those who watch a key that the row has, by key. */
  visitOfRow(bytes: Uint8Array, rowStart: number, visit: (watchers: ReadonlySet<Watcher>) => void): void {
    this.#watchers.visitValuesOf(bytes, rowStart, visit);
  }

  /** As `visitOfRow`, for each of some rows. */
  visitOfRows(table: Table, rows: PointerList, visit: (watchers: ReadonlySet<Watcher>) => void): void {
    for (let i = 0; i < rows.length; i++) {
      const row = rows.at(i);
      this.#watchers.visitValuesOf(table.bytes(row), table.start(row), visit);
    }
  }
}
