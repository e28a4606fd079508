import { ERRNO } from '../errno.ts';
import { GuestTrap } from '../guest/guest-trap.ts';
import type { Guest } from '../guest/guest.ts';
import { BOUND } from '../guest/index-range.ts';
import type { BoundKind } from '../guest/index-range.ts';
import type { RowBuffer } from '../guest/row-buffer.ts';
import { stackProbe } from '../guest/stack-probe.ts';
import { COST } from './import-costs.ts';
import type { ImportFunctions } from './import-functions.ts';

/** Tables, indexes and rows. Memory is checked before the transaction, and both before any id. */
export function dataImports(guest: Guest): ImportFunctions {
  const { memory, calls, iterators, generated, range } = guest;
  // Before every change to the data: see there.
  const checkStack = stackProbe();

  function name(find: 'tableId' | 'indexId', pointer: number, length: number, out: number): number {
    const text = memory.readText(pointer >>> 0, length >>> 0);
    if (!calls.isInTransaction()) return ERRNO.notInTransaction;
    guest.charge(COST.call);
    const id = calls[find](text);
    if (id < 0) return -id;
    memory.writeU32(out >>> 0, id);
    return 0;
  }

  /** Hands an open scan to the guest, or takes it back when the scan failed. */
  function finishScan(rows: RowBuffer, result: number, out: number): number {
    if (result < 0) {
      iterators.discard(rows);
      return -result;
    }
    iterators.filled(rows);
    guest.charge(COST.call + rows.rowCount * COST.row + rows.length * COST.perByte);
    memory.writeU32(out >>> 0, rows.handle);
    return 0;
  }

  function finishDelete(result: number, out: number): number {
    if (result < 0) return -result;
    guest.charge(COST.call + result * COST.rowWritten);
    memory.writeU32(out >>> 0, result);
    return 0;
  }

  /** Reads the arguments of a range scan into `range`; answers an errno or 0. */
  function readRange(
    prefixPointer: number,
    prefixLength: number,
    prefixColumns: number,
    lowerPointer: number,
    lowerLength: number,
    upperPointer: number,
    upperLength: number,
  ): number {
    if (prefixColumns > 0xffff) throw new GuestTrap(`invalid prefix_elems ${prefixColumns}: it must fit a u16`);
    if (prefixColumns > 0) memory.check(prefixPointer, prefixLength);
    memory.check(lowerPointer, lowerLength);
    memory.check(upperPointer, upperLength);
    if (!calls.isInTransaction()) return ERRNO.notInTransaction;
    if (lowerLength === 0 || upperLength === 0) return ERRNO.bsatnDecodeError;
    const { bytes } = memory;
    const lowerKind = bytes[lowerPointer]!; // in range: checked, and not empty
    const upperKind = bytes[upperPointer]!;
    if (lowerKind > BOUND.unbounded || upperKind > BOUND.unbounded) return ERRNO.bsatnDecodeError;
    range.prefixColumns = prefixColumns;
    range.prefixStart = prefixColumns > 0 ? prefixPointer : 0;
    range.prefixEnd = prefixColumns > 0 ? prefixPointer + prefixLength : 0;
    range.lowerKind = lowerKind as BoundKind; // 0, 1 or 2
    range.lowerStart = lowerPointer + 1;
    range.lowerEnd = lowerPointer + lowerLength;
    range.upperKind = upperKind as BoundKind;
    range.upperStart = upperPointer + 1;
    range.upperEnd = upperPointer + upperLength;
    return 0;
  }

  /** An import that reads the range of its arguments, and then does `run`. */
  function rangeImport(run: (indexId: number, out: number) => number) {
    return (
      indexId: number,
      prefix: number,
      prefixLength: number,
      prefixColumns: number,
      lower: number,
      lowerLength: number,
      upper: number,
      upperLength: number,
      out: number,
    ): number => {
      const errno = readRange(
        prefix >>> 0,
        prefixLength >>> 0,
        prefixColumns >>> 0,
        lower >>> 0,
        lowerLength >>> 0,
        upper >>> 0,
        upperLength >>> 0,
      );
      return errno === 0 ? run(indexId >>> 0, out) : errno;
    };
  }

  const scanRange = rangeImport((indexId, out) => {
    const rows = iterators.open();
    return finishScan(rows, calls.scanIndexRange(indexId, memory.bytes, range, rows), out);
  });

  const deleteRange = rangeImport((indexId, out) => {
    checkStack();
    return finishDelete(calls.deleteByIndexRange(indexId, memory.bytes, range), out);
  });

  /** Puts the generated columns where the guest's row was, and their length where the row's length was. */
  function writeBack(result: number, row: number, lengthPointer: number): number {
    if (result < 0) return -result;
    const { length } = generated;
    if (length > 0) memory.write(row, generated.bytes, 0, length);
    memory.writeU32(lengthPointer, length);
    return 0;
  }

  return {
    table_id_from_name: (pointer: number, length: number, out: number) => name('tableId', pointer, length, out),
    index_id_from_name: (pointer: number, length: number, out: number) => name('indexId', pointer, length, out),

    datastore_table_row_count(tableId: number, out: number): number {
      if (!calls.isInTransaction()) return ERRNO.notInTransaction;
      guest.charge(COST.call);
      const count = calls.rowCount(tableId >>> 0);
      if (count < 0) return -count;
      memory.writeU64(out >>> 0, count);
      return 0;
    },

    datastore_table_scan_bsatn(tableId: number, out: number): number {
      if (!calls.isInTransaction()) return ERRNO.notInTransaction;
      const rows = iterators.open();
      return finishScan(rows, calls.scanTable(tableId >>> 0, rows), out);
    },

    datastore_index_scan_point_bsatn(indexId: number, point: number, length: number, out: number): number {
      const start = point >>> 0;
      memory.check(start, length >>> 0);
      if (!calls.isInTransaction()) return ERRNO.notInTransaction;
      const rows = iterators.open();
      const end = start + (length >>> 0);
      return finishScan(rows, calls.scanIndexPoint(indexId >>> 0, memory.bytes, start, end, rows), out);
    },

    datastore_index_scan_range_bsatn: scanRange,
    datastore_btree_scan_bsatn: scanRange,

    row_iter_bsatn_advance(iterator: number, buffer: number, lengthPointer: number): number {
      const rows = iterators.find(iterator >>> 0);
      if (rows === undefined) return ERRNO.noSuchIterator;
      const lengthAt = lengthPointer >>> 0;
      const capacity = memory.readU32(lengthAt);
      memory.check(buffer >>> 0, capacity);
      const moved = rows.moveChunks(memory, buffer >>> 0, capacity);
      guest.charge(COST.call + moved * COST.perByte);
      if (rows.isDrained) {
        memory.writeU32(lengthAt, moved);
        iterators.close(rows);
        return -1;
      }
      if (moved === 0) {
        memory.writeU32(lengthAt, rows.nextChunkBytes);
        return ERRNO.bufferTooSmall;
      }
      memory.writeU32(lengthAt, moved);
      return 0;
    },

    row_iter_bsatn_close(iterator: number): number {
      const rows = iterators.find(iterator >>> 0);
      if (rows === undefined) return ERRNO.noSuchIterator;
      iterators.close(rows);
      return 0;
    },

    datastore_insert_bsatn(tableId: number, row: number, lengthPointer: number): number {
      const lengthAt = lengthPointer >>> 0;
      const length = memory.readU32(lengthAt);
      const start = row >>> 0;
      memory.check(start, length);
      if (!calls.isInTransaction()) return ERRNO.notInTransaction;
      checkStack();
      guest.charge(COST.rowWritten + length * COST.perKeptByte);
      generated.reset();
      const result = calls.insert(tableId >>> 0, memory.bytes, start, start + length, generated);
      return writeBack(result, start, lengthAt);
    },

    datastore_update_bsatn(tableId: number, indexId: number, row: number, lengthPointer: number): number {
      const lengthAt = lengthPointer >>> 0;
      const length = memory.readU32(lengthAt);
      const start = row >>> 0;
      memory.check(start, length);
      if (!calls.isInTransaction()) return ERRNO.notInTransaction;
      checkStack();
      guest.charge(COST.rowWritten + length * COST.perKeptByte);
      generated.reset();
      const end = start + length;
      const result = calls.update(tableId >>> 0, indexId >>> 0, memory.bytes, start, end, generated);
      return writeBack(result, start, lengthAt);
    },

    datastore_delete_by_index_scan_point_bsatn(indexId: number, point: number, length: number, out: number): number {
      const start = point >>> 0;
      memory.check(start, length >>> 0);
      if (!calls.isInTransaction()) return ERRNO.notInTransaction;
      checkStack();
      const end = start + (length >>> 0);
      return finishDelete(calls.deleteByIndexPoint(indexId >>> 0, memory.bytes, start, end), out);
    },

    datastore_delete_by_index_scan_range_bsatn: deleteRange,
    datastore_delete_by_btree_scan_bsatn: deleteRange,

    datastore_delete_all_by_eq_bsatn(tableId: number, rows: number, length: number, out: number): number {
      const start = rows >>> 0;
      memory.check(start, length >>> 0);
      if (!calls.isInTransaction()) return ERRNO.notInTransaction;
      checkStack();
      guest.charge((length >>> 0) * COST.perByte);
      const end = start + (length >>> 0);
      return finishDelete(calls.deleteAllByEq(tableId >>> 0, memory.bytes, start, end), out);
    },

    datastore_clear(tableId: number, out: number): number {
      if (!calls.isInTransaction()) return ERRNO.notInTransaction;
      checkStack();
      const count = calls.clear(tableId >>> 0);
      if (count < 0) return -count;
      guest.charge(COST.call + count * COST.rowWritten);
      memory.writeU64(out >>> 0, count);
      return 0;
    },
  };
}
