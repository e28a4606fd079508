import { bytesToHex } from '@lightcone/sats';
import { invalidSnapshot } from './invalid-snapshot.ts';
import { ROW_DATA_BYTES } from './page.ts';
import type { VarLengthValues } from './row-layout.ts';

/** A u16 with the length of its data in the low six bits and the position of the next granule in the rest; the data. */
const GRANULE_BYTES = 64;
const GRANULE_HEADER_BYTES = 2;
const LENGTH_BITS = 0x3f;
/** What is longer than 16 granules is an object of its own, and the length says this. */
const BLOB = 0xffff;
const HASH_BYTES = 32;

/** The var-length values of one page: chains of granules, and hashes of blobs where they are too long for that. */
export class Granules implements VarLengthValues {
  readonly #rowData: Uint8Array;
  readonly #blobs: ReadonlyMap<string, Uint8Array>;
  readonly #value = new Uint8Array(BLOB);

  /** @param blobs by hash in hex */
  constructor(rowData: Uint8Array, blobs: ReadonlyMap<string, Uint8Array>) {
    this.#rowData = rowData;
    this.#blobs = blobs;
  }

  read(bytes: Uint8Array, at: number): Uint8Array {
    const length = u16(bytes, at);
    const first = u16(bytes, at + 2);
    if (length === 0) return this.#value.subarray(0, 0);
    if (length !== BLOB) return this.#collect(first, length);
    const hash = bytesToHex(this.#collect(first, HASH_BYTES));
    const blob = this.#blobs.get(hash);
    if (blob === undefined) throw invalidSnapshot(`a value is in blob ${hash}, which the snapshot does not list`);
    return blob;
  }

  #collect(first: number, length: number): Uint8Array {
    const rowData = this.#rowData;
    let position = first;
    let done = 0;
    while (done < length) {
      if (position % GRANULE_BYTES !== 0 || position + GRANULE_BYTES > ROW_DATA_BYTES) {
        throw invalidSnapshot(
          `a value of ${length} bytes goes on at byte ${position} of its page, where no granule is`,
        );
      }
      const header = u16(rowData, position);
      const taken = header & LENGTH_BITS;
      if (taken === 0 || done + taken > length) throw invalidSnapshot(`a value of ${length} bytes has other granules`);
      const start = position + GRANULE_HEADER_BYTES;
      this.#value.set(rowData.subarray(start, start + taken), done);
      done += taken;
      position = header & ~LENGTH_BITS;
    }
    return this.#value.subarray(0, length);
  }
}

function u16(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8); // checked by who calls: in the row data
}
