import { type KeyType, equalBytes } from '@lightcone/sats';

/** One key of an index, as BSATN of the index's columns, and what belongs to it. */
export interface Point<Value> {
  readonly type: KeyType;
  readonly hash: number;
  readonly key: Uint8Array;
  readonly value: Value;
}

/** The points whose keys are made of the same columns. */
interface PointsOfType<Value> {
  readonly type: KeyType;
  readonly byHash: Map<number, Point<Value>[]>;
}

/**
 * Values by keys of the indexes of one table, found by a key or by a row that has the key.
 *
 * Keys are told apart by their bytes. A row has a key if they are equal in the SATS order, so it may
 * have two keys of one index that differ only in the sign of a zero or the bits of a NaN.
 */
export class PointMap<Value> {
  /** As many as the table has indexes, at most. */
  readonly #types: PointsOfType<Value>[] = [];

  get isEmpty(): boolean {
    return this.#types.length === 0;
  }

  /** The point with exactly the key `bytes[start..end]`. */
  find(type: KeyType, hash: number, bytes: Uint8Array, start: number, end: number): Point<Value> | undefined {
    const points = this.#findType(type)?.byHash.get(hash);
    return points?.find(({ key }) => key.length === end - start && equalBytes(key, 0, bytes, start, key.length));
  }

  /** Adds a point that is not there. */
  add(point: Point<Value>): void {
    let ofType = this.#findType(point.type);
    if (ofType === undefined) this.#types.push((ofType = { type: point.type, byHash: new Map() }));
    const points = ofType.byHash.get(point.hash);
    if (points === undefined) ofType.byHash.set(point.hash, [point]);
    else points.push(point);
  }

  /** Removes a point that is there. */
  delete(point: Point<Value>): void {
    const ofType = this.#findType(point.type)!; // it is there
    const points = ofType.byHash.get(point.hash)!; // so is this
    points.splice(points.indexOf(point), 1);
    if (points.length > 0) return;
    ofType.byHash.delete(point.hash);
    if (ofType.byHash.size === 0) this.#types.splice(this.#types.indexOf(ofType), 1);
  }

  *[Symbol.iterator](): Generator<Point<Value>> {
    for (const { byHash } of this.#types) for (const points of byHash.values()) yield* points;
  }

  /** Visits what belongs to the keys that a row has. */
  visitValuesOf(bytes: Uint8Array, rowStart: number, visit: (value: Value) => void): void {
    const types = this.#types;
    for (let i = 0; i < types.length; i++) {
      const { type, byHash } = types[i]!;
      const points = byHash.get(type.hashRow(bytes, rowStart));
      if (points === undefined) continue;
      for (const { key, value } of points) {
        if (type.compareKeyToRow(key, 0, bytes, rowStart) === 0) visit(value);
      }
    }
  }

  #findType(type: KeyType): PointsOfType<Value> | undefined {
    return this.#types.find((candidate) => candidate.type === type);
  }
}
