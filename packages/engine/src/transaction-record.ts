import {
  ByteReader,
  type ByteWriter,
  ConnectionId,
  Identity,
  type RowType,
  SatsError,
  truncateUtf8,
} from '@lightcone/sats';
import type { PointerList, Table, TouchedTable, TransactionDelta } from '@lightcone/store';

/**
 * What one transaction did, as the payload of a commit (file 33 §5 of the specification):
 *
 *     flags: u8            0x80 inputs, 0x40 outputs, 0x20 mutations
 *     [inputs]             length: u32 · name length: u8 · name · args
 *     [outputs]            length: u8 · text                                (read, never written)
 *     [mutations]          inserts · deletes · truncates
 *       inserts, deletes   varint groups, each: table id: u32 · varint rows · rows
 *       truncates          varint count · table id: u32 each
 *
 * Groups ascend by table id, so the rows that describe a table come before its own rows. Rows have
 * no separators: reading them needs their table's type.
 */
const HAS_INPUTS = 0x80;
const HAS_OUTPUTS = 0x40;
const HAS_MUTATIONS = 0x20;

/** The record of a transaction that changed nothing. */
export const EMPTY_RECORD: Uint8Array = Uint8Array.of(HAS_MUTATIONS, 0, 0, 0);

const MAX_NAME_BYTES = 255;

/** Who called which reducer with what: kept for people and tools, never executed again. */
export interface TransactionInputs {
  /** Its name in UTF-8, at most 255 bytes (`encodeReducerName`). */
  readonly reducer: { readonly encodedName: Uint8Array };
  readonly caller: { readonly identity: Identity; readonly connectionId: ConnectionId };
  readonly timestampMicros: bigint;
  /** The encoded arguments. */
  readonly args: Uint8Array;
}

/** A reducer's name as records hold it: cut to 255 bytes, between characters. */
export function encodeReducerName(name: string): Uint8Array {
  return truncateUtf8(name, MAX_NAME_BYTES);
}

/** Appends the record of a committed transaction to `writer`. */
export function writeTransactionRecord(
  writer: ByteWriter,
  inputs: TransactionInputs | undefined,
  delta: TransactionDelta,
): void {
  writer.u8(inputs === undefined ? HAS_MUTATIONS : HAS_INPUTS | HAS_MUTATIONS);
  if (inputs !== undefined) writeInputs(writer, inputs);

  const tables = delta.tables;
  let inserted = 0;
  let deleted = 0;
  let truncated = 0;
  for (const change of tables) {
    if (change.table.definition.isEphemeral) continue;
    if (change.inserts.length > 0) inserted++;
    if (change.isTruncated) truncated++;
    else if (change.deletes.length > 0) deleted++;
  }

  writeVarint(writer, inserted);
  for (const change of tables) {
    if (change.inserts.length > 0 && !change.table.definition.isEphemeral) {
      writeRows(writer, change.table, change.inserts);
    }
  }
  writeVarint(writer, deleted);
  for (const change of tables) {
    // A truncate says that every row went, so the rows themselves need no listing.
    if (change.deletes.length > 0 && !change.isTruncated && !change.table.definition.isEphemeral) {
      writeRows(writer, change.table, change.deletes);
    }
  }
  writeVarint(writer, truncated);
  for (const change of tables) {
    if (change.isTruncated && !change.table.definition.isEphemeral) writer.u32(change.table.definition.id);
  }
}

/**
 * The most that the rows of an open transaction take in its record. Tables whose rows are all of one size are counted,
 * and not walked: what was inserted and deleted again is in it then.
 */
export function recordedBytesAtMost(touched: readonly TouchedTable[]): number {
  let total = 0;
  for (let i = 0; i < touched.length; i++) {
    const { definition, changes, rowCount } = touched[i]!.table; // i < length
    if (definition.isEphemeral) continue;
    const { staticSize } = definition.row;
    if (staticSize === undefined) total += recordedBytesOf(touched[i]!);
    else total += staticSize * (changes.inserts.length + (rowCount === 0 ? 0 : changes.deletes.length));
  }
  return total;
}

function recordedBytesOf(touched: TouchedTable): number {
  const { table, inserts, deletes, isTruncated } = touched.settle();
  return rowBytesOf(table, inserts) + (isTruncated ? 0 : rowBytesOf(table, deletes));
}

function rowBytesOf(table: Table, rows: PointerList): number {
  let total = 0;
  for (let i = 0; i < rows.length; i++) total += table.end(rows.at(i)) - table.start(rows.at(i));
  return total;
}

/** Receives the mutations of a record in the order in which they are to be applied. */
export interface MutationVisitor {
  /** The row type of a table, asked before rows of it are read. Throws when there is no such table. */
  rowType(tableId: number): RowType;
  /** A valid row; so are those of `delete`. The bytes stay as they are until the record has been read. */
  insert(tableId: number, bytes: Uint8Array, start: number, end: number): void;
  delete(tableId: number, bytes: Uint8Array, start: number, end: number): void;
  truncate(tableId: number): void;
}

/** Reads one record from `reader` and leaves it behind the record. @throws SatsError */
export function readTransactionRecord(reader: ByteReader, visitor: MutationVisitor): void {
  const flags = reader.u8();
  if (flags & HAS_INPUTS) reader.take(reader.u32());
  if (flags & HAS_OUTPUTS) reader.take(reader.u8());
  if (!(flags & HAS_MUTATIONS)) return;

  for (let groups = readVarint(reader); groups > 0; groups--) readRows(reader, visitor, true);
  for (let groups = readVarint(reader); groups > 0; groups--) readRows(reader, visitor, false);
  for (let count = readVarint(reader); count > 0; count--) visitor.truncate(reader.u32());
}

/** When the reducer was called whose record begins at `start`; undefined if it is of something else. @throws SatsError */
export function recordTimestampMicros(bytes: Uint8Array, start: number, end: number): bigint | undefined {
  const reader = new ByteReader(bytes, start, end);
  if (!(reader.u8() & HAS_INPUTS)) return undefined;
  reader.u32();
  reader.take(reader.u8() + Identity.BYTES + ConnectionId.BYTES);
  return reader.i64();
}

function writeInputs(writer: ByteWriter, inputs: TransactionInputs): void {
  const { reducer, caller, args } = inputs;
  const { encodedName } = reducer;
  writer.u32(1 + encodedName.length + Identity.BYTES + ConnectionId.BYTES + 8 + args.length);
  writer.u8(encodedName.length);
  writer.raw(encodedName);
  writer.raw(caller.identity.bytes);
  writer.raw(caller.connectionId.bytes);
  writer.i64(inputs.timestampMicros);
  writer.slice(args, 0, args.length);
}

function writeRows(writer: ByteWriter, table: Table, rows: PointerList): void {
  writer.u32(table.definition.id);
  writeVarint(writer, rows.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows.at(i);
    writer.slice(table.bytes(row), table.start(row), table.end(row));
  }
}

function readRows(reader: ByteReader, visitor: MutationVisitor, areInserted: boolean): void {
  const { bytes, end: limit } = reader;
  const tableId = reader.u32();
  const rowType = visitor.rowType(tableId);
  for (let count = readVarint(reader); count > 0; count--) {
    const start = reader.offset;
    const end = rowType.validate(bytes, start, limit);
    // Of rows without bytes any count would fit into a record.
    if (end === start && count > 1) throw new SatsError('SATS_TOO_LONG', `${count} rows of 0 bytes at byte ${start}`);
    reader.take(end - start);
    if (areInserted) visitor.insert(tableId, bytes, start, end);
    else visitor.delete(tableId, bytes, start, end);
  }
}

/** Base 128, least significant group first; the high bit says that more follows. */
function writeVarint(writer: ByteWriter, value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    writer.u8((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  writer.u8(rest);
}

function readVarint(reader: ByteReader): number {
  let value = 0;
  let scale = 1;
  for (;;) {
    const byte = reader.u8();
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
    scale *= 0x80;
  }
  if (!Number.isSafeInteger(value))
    throw new SatsError('SATS_TOO_LONG', `a varint before byte ${reader.offset} is over 2^53`);
  return value;
}
