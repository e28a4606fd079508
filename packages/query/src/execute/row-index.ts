import { ByteWriter, type KeyType } from '@lightcone/sats';
import type { RowVisitor } from '../row-source.ts';

/** Rows found by a key, copied: an index for the length of a query. */
export class RowIndex {
  readonly #keyType: KeyType;
  readonly #rows = new ByteWriter(1024);
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  /** For each row the next one with an equal hash, or -1. */
  readonly #next: number[] = [];
  readonly #firstByHash = new Map<number, number>();

  constructor(keyType: KeyType) {
    this.#keyType = keyType;
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    const row = this.#starts.length;
    this.#starts.push(this.#rows.length);
    this.#rows.slice(bytes, start, end);
    this.#ends.push(this.#rows.length);
    const hash = this.#keyType.hashRow(bytes, start);
    this.#next.push(this.#firstByHash.get(hash) ?? -1);
    this.#firstByHash.set(hash, row);
  }

  /** Visits the rows with the key that starts at `bytes[start]`, until the visitor has enough. */
  seek(bytes: Uint8Array, start: number, visitor: RowVisitor): void {
    const rows = this.#rows.bytes;
    let row = this.#firstByHash.get(this.#keyType.hashKey(bytes, start)) ?? -1;
    while (row >= 0) {
      const rowStart = this.#starts[row]!; // chains hold rows that were added
      const isEqual = this.#keyType.compareKeyToRow(bytes, start, rows, rowStart) === 0;
      if (isEqual && !visitor.row(rows, rowStart, this.#ends[row]!)) return;
      row = this.#next[row]!;
    }
  }
}
