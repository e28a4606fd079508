import type { KeyType } from '@lightcone/sats';

/** One key of an index, as BSATN of the index's columns, and what belongs to it. */
export interface Point<Value> {
  readonly type: KeyType;
  readonly hash: number;
  readonly key: Uint8Array;
  value: Value;
}

/**
 * Values by keys of the indexes of one table, found by a key or by a row that has the key.
 *
 * Keys are told apart by their bytes. A row has a key if they are equal in the SATS order, so it may
 * have two keys of one index that differ only in the sign of a zero or the bits of a NaN.
 */
export class PointMap<Value> {
  /** By the columns of an index, then by the hash of the key. */
  readonly #points = new Map<KeyType, Map<number, Point<Value>[]>>();

  get isEmpty(): boolean {
    return this.#points.size === 0;
  }

  /** The point with exactly the key `bytes[start..end]`. */
  find(type: KeyType, hash: number, bytes: Uint8Array, start: number, end: number): Point<Value> | undefined {
    const points = this.#points.get(type)?.get(hash);
    if (points === undefined) return undefined;
    for (const point of points) if (equals(point.key, bytes, start, end)) return point;
    return undefined;
  }

  /** Adds a point that is not there. */
  add(point: Point<Value>): void {
    let byHash = this.#points.get(point.type);
    if (byHash === undefined) this.#points.set(point.type, (byHash = new Map()));
    const points = byHash.get(point.hash);
    if (points === undefined) byHash.set(point.hash, [point]);
    else points.push(point);
  }

  /** Removes a point that is there. */
  delete(point: Point<Value>): void {
    const byHash = this.#points.get(point.type)!;
    const points = byHash.get(point.hash)!;
    points.splice(points.indexOf(point), 1);
    if (points.length > 0) return;
    byHash.delete(point.hash);
    if (byHash.size === 0) this.#points.delete(point.type);
  }

  *[Symbol.iterator](): Generator<Point<Value>> {
    for (const byHash of this.#points.values()) for (const points of byHash.values()) yield* points;
  }

  /** Visits the points whose key a row has. */
  visitPointsOf(bytes: Uint8Array, rowStart: number, visit: (value: Value) => void): void {
    for (const [type, byHash] of this.#points) {
      const points = byHash.get(type.hashRow(bytes, rowStart));
      if (points === undefined) continue;
      for (const { key, value } of points) {
        if (type.compareKeyToRow(key, 0, bytes, rowStart) === 0) visit(value);
      }
    }
  }
}

function equals(key: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (key.length !== end - start) return false;
  for (let i = 0; i < key.length; i++) if (key[i] !== bytes[start + i]) return false;
  return true;
}
