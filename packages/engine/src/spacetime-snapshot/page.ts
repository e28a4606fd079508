import { ByteReader, bytesToHex } from '@lightcone/sats';
import { blake3 } from '@noble/hashes/blake3.js';
import { invalidSnapshot } from './invalid-snapshot.ts';

/** Bytes of a page that hold rows and their var-length values. */
export const ROW_DATA_BYTES = 65_472;
const HASH_BYTES = 32;
const FIXED_HEADER_BYTES = 6;
const VAR_HEADER_BYTES = 8;

/** A page, as an object of a snapshot holds it. */
export interface Page {
  readonly rowData: Uint8Array;
  /** Where its rows begin in `rowData`, ascending. */
  readonly rows: readonly number[];
}

/**
 * Decodes a page:
 *
 *     free list head u16 · end of used rows u16 · rows u16
 *     present: u32 n, n × u64                      bit i: there is a row in slot i
 *     free granule u16 · free granules u16 · first used byte u16 · granules u16
 *     hash of this page: 0, u32 32, 32 bytes; or 1 for none
 *     row data: u32 65472, bytes
 *
 * Its hash is BLAKE3 over the row data, the first six bytes, the words of the bit set, and the eight bytes behind them.
 *
 * @param hash that it is named after, in hex
 * @throws EngineError `ENGINE_INVALID_SNAPSHOT`
 */
export function readPage(object: Uint8Array, hash: string, rowBytes: number): Page {
  const reader = new ByteReader(object);
  const fixedHeader = reader.raw(FIXED_HEADER_BYTES);
  const rowCount = fixedHeader[4]! | (fixedHeader[5]! << 8); // it has six bytes
  const slots = Math.floor(ROW_DATA_BYTES / rowBytes);
  const words = reader.u32();
  if (words !== Math.ceil(slots / 64)) {
    throw invalidSnapshot(
      `page ${hash} tells of ${words * 64} slots, and has room for ${slots} rows of ${rowBytes} bytes`,
    );
  }
  const present = reader.raw(words * 8);
  const varHeader = reader.raw(VAR_HEADER_BYTES);
  if (reader.u8() === 0 && (reader.u32() !== HASH_BYTES || bytesToHex(reader.raw(HASH_BYTES)) !== hash)) {
    throw invalidSnapshot(`page ${hash} says that its hash is another`);
  }
  const dataBytes = reader.u32();
  if (dataBytes !== ROW_DATA_BYTES) throw invalidSnapshot(`page ${hash} has ${dataBytes} bytes of rows`);
  const rowData = reader.raw(ROW_DATA_BYTES);
  if (reader.remaining > 0) throw invalidSnapshot(`page ${hash} has ${reader.remaining} bytes too many`);

  const hasher = blake3.create().update(rowData).update(fixedHeader).update(present).update(varHeader);
  if (bytesToHex(hasher.digest()) !== hash) throw invalidSnapshot(`page ${hash} is not what its hash says`);
  const rows: number[] = [];
  for (let slot = 0; slot < slots; slot++) {
    if (present[slot >> 3]! & (1 << (slot & 7))) rows.push(slot * rowBytes); // the words are little-endian
  }
  if (rows.length !== rowCount) throw invalidSnapshot(`page ${hash} has ${rows.length} rows, and says ${rowCount}`);
  return { rowData, rows };
}
