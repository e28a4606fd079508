import type { ByteWriter } from '@lightcone/sats';
import type { IndexRange } from './guest/index-range.ts';
import type { RowBuffer } from './guest/row-buffer.ts';

/**
 * What a module can do to the data: the engine implements it, tests record it.
 *
 * The host has checked before each call that the guest's pointers are good and that a transaction is open where one
 * is needed. `bytes` is the guest's own memory and `start..end` lies inside it: it must be read before the method
 * returns and must not be kept. Methods answer a result of at least 0, or a negated `ERRNO`. Whatever they throw
 * traps the call.
 */
export interface HostCalls {
  isInTransaction(): boolean;
  /** The id of the table of that canonical name, or else of that accessor name. */
  tableId(name: string): number;
  indexId(name: string): number;
  rowCount(tableId: number): number;
  scanTable(tableId: number, out: RowBuffer): number;
  /** `bytes[start..end]` is a value of the index's whole key type; bytes after it are ignored. */
  scanIndexPoint(indexId: number, bytes: Uint8Array, start: number, end: number, out: RowBuffer): number;
  scanIndexRange(indexId: number, bytes: Uint8Array, range: IndexRange, out: RowBuffer): number;
  /** Appends the columns that sequences filled in to `generated`, in column order. */
  insert(tableId: number, bytes: Uint8Array, start: number, end: number, generated: ByteWriter): number;
  update(
    tableId: number,
    indexId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    generated: ByteWriter,
  ): number;
  /** The deletes answer how many rows they removed. */
  deleteByIndexPoint(indexId: number, bytes: Uint8Array, start: number, end: number): number;
  deleteByIndexRange(indexId: number, bytes: Uint8Array, range: IndexRange): number;
  /** `bytes[start..end]` is a BSATN array of whole rows. */
  deleteAllByEq(tableId: number, bytes: Uint8Array, start: number, end: number): number;
  clear(tableId: number): number;
  /** The JSON text of the claims that a connection showed, or undefined. `connectionId` is 16 little-endian bytes. */
  jwtPayload(connectionId: Uint8Array): string | undefined;
  /** Queues a call outside of the transaction, which happens even when the transaction rolls back. Owns `args`. */
  scheduleImmediate(functionName: string, args: Uint8Array): void;
}
