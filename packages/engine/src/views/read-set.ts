import type { KeyType } from '@lightcone/sats';
import { PointMap } from '../point-map.ts';

/**
 * What one run of a view has read: whole tables (counts, table scans, range scans, queries) and rows by
 * a key of an index. A key of a table that was read whole says nothing more, and is not kept.
 */
export class ReadSet {
  readonly #tables = new Set<number>();
  readonly #points = new Map<number, PointMap<undefined>>();
  #pointBytes = 0;

  /** The tables that were read whole. */
  get tables(): ReadonlySet<number> {
    return this.#tables;
  }

  /** The keys of the tables that were read by keys only. */
  get points(): ReadonlyMap<number, PointMap<undefined>> {
    return this.#points;
  }

  addTable(tableId: number): void {
    this.#tables.add(tableId);
    this.#points.delete(tableId);
  }

  /** Takes the key `bytes[start..end]` of an index, which is copied. */
  addPoint(tableId: number, type: KeyType, bytes: Uint8Array, start: number, end: number): void {
    if (this.#tables.has(tableId)) return;
    let points = this.#points.get(tableId);
    if (points === undefined) this.#points.set(tableId, (points = new PointMap()));
    const hash = type.hashKey(bytes, start);
    if (points.find(type, hash, bytes, start, end) !== undefined) return;
    this.#pointBytes += end - start + BYTES_PER_POINT;
    // Who reads so much reads the whole table, as far as memory and time are concerned.
    if (this.#pointBytes > MAX_POINT_BYTES) this.addTable(tableId);
    else points.add({ type, hash, key: bytes.slice(start, end), value: undefined });
  }
}

/** What a key costs besides its bytes, about. */
const BYTES_PER_POINT = 200;
const MAX_POINT_BYTES = 2 ** 22;
