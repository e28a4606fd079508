import { readFileSync } from 'node:fs';
import {
  ByteReader,
  ByteWriter,
  ConnectionId,
  Identity,
  type RowType,
  SatsError,
  bytesToHex,
  compileRow,
  hexToBytes,
  types,
} from '@lightcone/sats';
import { Store, type Transaction } from '@lightcone/store';
import { expect, test } from 'vitest';
import { systemTableDefinition } from './bootstrap.ts';
import { SYSTEM_TABLES, SYSTEM_TABLE_IDS } from './system-tables.ts';
import {
  type MutationVisitor,
  encodeReducerName,
  readTransactionRecord,
  recordedBytesAtMost,
  writeTransactionRecord,
} from './transaction-record.ts';

/** Commits as SpacetimeDB 2.8.3 wrote them: `min_tx_offset u64 · epoch u64 · n u16 · length u32 · record · crc u32`. */
const { recorded } = JSON.parse(readFileSync(new URL('../vectors/commitlog.json', import.meta.url), 'utf8')) as {
  recorded: { commits: { hex: string; decoded: { offset: number; name: string; args_hex: string } }[] };
};
const COMMIT_HEADER_BYTES = 22;
const CRC_BYTES = 4;
const CALLER_BYTES = 48;

const PERSON = 4096;
const personRow = compileRow(
  types.product([
    ['id', types.u64],
    ['name', types.string],
    ['age', types.u32],
  ]),
  [],
);

const commits = recorded.commits.map(({ hex, decoded }) => ({
  ...decoded,
  record: hexToBytes(hex)!.slice(COMMIT_HEADER_BYTES, -CRC_BYTES),
}));

function storeOfRecording(): Store {
  const store = new Store();
  const replay = store.replay();
  for (const table of SYSTEM_TABLES) replay.define(systemTableDefinition(table));
  replay.define({
    id: PERSON,
    name: 'person',
    row: personRow,
    isEvent: false,
    isEphemeral: false,
    indexes: [],
    sequences: [],
  });
  // The boundary of the person table's sequence, as publishing left it: the second commit replaces it.
  const second = commits[1]!.record;
  readTransactionRecord(new ByteReader(second), {
    rowType: (id) => store.table(id).definition.row,
    insert: () => {},
    delete: (id, bytes, start, end) => replay.insert(store.table(id), bytes, start, end),
    truncate: () => {},
  });
  replay.finish();
  return store;
}

/** Applies a record's mutations to a transaction. */
class Applier implements MutationVisitor {
  readonly store: Store;
  readonly transaction: Transaction;
  constructor(store: Store, transaction: Transaction) {
    this.store = store;
    this.transaction = transaction;
  }
  rowType(tableId: number): RowType {
    return this.store.table(tableId).definition.row;
  }
  insert(tableId: number, bytes: Uint8Array, start: number, end: number): void {
    // A replaced row and its successor share a unique key, so the deletes below have to come first in a transaction.
    this.inserts.push(() => this.transaction.insert(this.store.table(tableId), bytes, start, end));
  }
  delete(tableId: number, bytes: Uint8Array, start: number, end: number): void {
    expect(this.transaction.deleteByValue(this.store.table(tableId), bytes, start, end)).toBe(true);
  }
  truncate(tableId: number): void {
    this.transaction.clear(this.store.table(tableId));
  }
  readonly inserts: (() => number)[] = [];
}

test('recorded transactions are read, applied, and written again as the same bytes', () => {
  const store = storeOfRecording();
  for (const { record, name, args_hex } of commits) {
    const transaction = store.begin();
    const applier = new Applier(store, transaction);
    const reader = new ByteReader(record);
    readTransactionRecord(reader, applier);
    expect(reader.remaining).toBe(0);
    for (const insert of applier.inserts) expect(insert()).toBeGreaterThanOrEqual(0);

    const args = hexToBytes(args_hex)!;
    const writer = new ByteWriter();
    const inputs = {
      reducer: { encodedName: encodeReducerName(name) },
      caller: { identity: Identity.fromBytes(args), connectionId: ConnectionId.fromBytes(args, Identity.BYTES) },
      timestampMicros: new ByteReader(args, CALLER_BYTES).i64(),
      args: args.subarray(CALLER_BYTES + 8),
    };
    writeTransactionRecord(writer, inputs, transaction.commit());
    expect(bytesToHex(writer.written())).toBe(bytesToHex(record));
  }
});

test('rows of ephemeral tables are left out, however they come and go', () => {
  const store = storeOfRecording();
  const table = store.table(SYSTEM_TABLE_IDS.viewArgument);
  const row = (id: bigint): Uint8Array => {
    const writer = new ByteWriter();
    writer.u64(id);
    writer.lengthPrefixed(Uint8Array.of(Number(id)));
    return writer.finish();
  };
  const [first, second] = [row(1n), row(2n)];
  const change = (work: (transaction: Transaction) => void): number[] => {
    const transaction = store.begin();
    work(transaction);
    const delta = transaction.commit();
    expect(delta.tables).toHaveLength(1);
    const record = new ByteWriter();
    writeTransactionRecord(record, undefined, delta);
    delta.release();
    return [...record.written()];
  };
  const inserted = change((transaction) => {
    for (const each of [first, second])
      expect(transaction.insert(table, each, 0, each.length)).toBeGreaterThanOrEqual(0);
  });
  const deleted = change((transaction) => transaction.deleteByValue(table, first, 0, first.length));
  const emptied = change((transaction) => transaction.clear(table));
  for (const record of [inserted, deleted, emptied]) expect(record).toEqual([0x20, 0, 0, 0]);
});

/** Bytes of the rows in a record. */
function rowBytesIn(record: ByteWriter, store: Store): number {
  let total = 0;
  const count = (_: number, __: Uint8Array, start: number, end: number): void => void (total += end - start);
  readTransactionRecord(new ByteReader(record.written()), {
    rowType: (id) => store.table(id).definition.row,
    insert: count,
    delete: count,
    truncate: () => {},
  });
  return total;
}

test.each([
  { name: 'rows of one size', last: types.u32, toLast: (i: number) => i },
  { name: 'rows of any size', last: types.string, toLast: (i: number) => 'x'.repeat(1000 * i) },
])('$name: how much of a record they take is known before: what comes and what goes, unless that is all', (of) => {
  const columns = types.product([['id', types.u32], ['last', of.last]]); // prettier-ignore
  const row = compileRow(columns, []);
  const encode = (i: number): Uint8Array => {
    const writer = new ByteWriter();
    row.encode(writer, { id: i, last: of.toLast(i) });
    return writer.finish();
  };
  const store = storeOfRecording();
  const defining = store.begin();
  const rest = { isEvent: false, isEphemeral: false, indexes: [], sequences: [] };
  const table = defining.createTable({ ...rest, id: PERSON + 1, name: 'numbered', row });
  const ephemeral = defining.createTable({ ...rest, id: PERSON + 2, name: 'ephemeral', row, isEphemeral: true });
  defining.commit().release();

  const change = (inserted: readonly number[], deleted: readonly number[]): number => {
    const transaction = store.begin();
    for (const i of inserted) transaction.insert(table, encode(i), 0, encode(i).length);
    for (const i of deleted) expect(transaction.deleteByValue(table, encode(i), 0, encode(i).length)).toBe(true);
    transaction.insert(ephemeral, encode(9), 0, encode(9).length);
    const atMost = recordedBytesAtMost(transaction.touched);
    const record = new ByteWriter();
    const delta = transaction.commit();
    writeTransactionRecord(record, undefined, delta);
    delta.release();
    expect(atMost).toBe(rowBytesIn(record, store));
    return atMost;
  };
  const bytes = (...rows: readonly number[]): number => rows.reduce((sum, i) => sum + encode(i).length, 0);
  expect(change([1, 2, 3, 4], [])).toBe(bytes(1, 2, 3, 4));
  expect(change([], [1, 3])).toBe(bytes(1, 3));
  expect(change([5], [2])).toBe(bytes(5, 2));
  expect(change([], [4, 5])).toBe(0);
});

test('a reducer name is cut to 255 bytes between characters', () => {
  expect(encodeReducerName('ü'.repeat(200))).toHaveLength(254);
});

test('a record cut at any byte, or with any byte changed, is refused or read to its end, and nothing else', () => {
  const store = storeOfRecording();
  const visitor: MutationVisitor = {
    rowType: (id) => {
      const table = store.tables.get(id);
      if (table === undefined) throw new SatsError('SATS_INVALID_VALUE', `no table ${id}`);
      return table.definition.row;
    },
    insert: () => {},
    delete: () => {},
    truncate: () => {},
  };
  const attempt = (bytes: Uint8Array): void => {
    try {
      readTransactionRecord(new ByteReader(bytes), visitor);
    } catch (error) {
      expect(error).toBeInstanceOf(SatsError);
    }
  };
  const { record } = commits[1]!;
  for (let length = 0; length < record.length; length++) {
    expect(() => readTransactionRecord(new ByteReader(record.subarray(0, length)), visitor)).toThrow(SatsError);
  }
  for (let at = 0; at < record.length; at++) {
    for (const change of [0x01, 0x80, 0xff]) {
      const damaged = record.slice();
      damaged[at]! ^= change;
      attempt(damaged);
    }
  }
});
