import {
  type AlgebraicType,
  type AlgebraicValue,
  ByteReader,
  ByteWriter,
  SatsError,
  compileRow,
  types,
} from '@lightcone/sats';
import { describe, expect, test } from 'vitest';
import {
  type IndexDefinition,
  NO_SUCH_ROW,
  PointerList,
  type RowPointer,
  SEQUENCE_EXHAUSTED,
  type SequenceDefinition,
  Store,
  type Table,
  type Transaction,
  UNIQUE_VIOLATION,
} from '../src/index.ts';

type Fields = readonly (readonly [name: string, type: AlgebraicType])[];
type Value = Record<string, AlgebraicValue>;

const MAX = 2n ** 127n - 1n;
const counting = (column: number, numbers: Partial<SequenceDefinition> = {}): SequenceDefinition => ({
  id: 1,
  column,
  start: 1n,
  min: 1n,
  max: MAX,
  increment: 1n,
  allocated: 1n,
  ...numbers,
});

const unique = (column: number, algorithm: IndexDefinition['algorithm'] = 'btree'): IndexDefinition => ({
  id: column + 1,
  name: `t_${column}_idx_${algorithm}`,
  algorithm,
  columns: [column],
  isUnique: true,
});

/** A store with one table, and rows as objects. */
class OneTable {
  readonly store: Store;
  readonly table: Table;
  transaction: Transaction;
  /** Ids of sequences and their boundaries, as commits saved them. */
  readonly saved: [number, bigint][] = [];

  constructor(
    fields: Fields,
    indexes: readonly IndexDefinition[] = [],
    parts: { sequences?: SequenceDefinition[]; isEvent?: boolean } = {},
  ) {
    this.store = new Store((_, __, sequence) => this.saved.push([sequence.definition.id, sequence.allocated]));
    const transaction = this.store.begin();
    this.table = transaction.createTable({
      id: 1,
      name: 't',
      row: compileRow(types.product(fields), []),
      indexes,
      sequences: parts.sequences ?? [],
      isEvent: parts.isEvent ?? false,
      isEphemeral: false,
    });
    transaction.commit();
    this.transaction = this.store.begin();
  }

  insert(value: Value, generated?: ByteWriter): RowPointer {
    const bytes = this.encode(value);
    return this.transaction.insert(this.table, bytes, 0, bytes.length, generated);
  }

  update(index: number, value: Value, generated?: ByteWriter): RowPointer {
    const bytes = this.encode(value);
    return this.transaction.update(this.table, this.table.index(index), bytes, 0, bytes.length, generated);
  }

  delete(value: Value): boolean {
    const bytes = this.encode(value);
    return this.transaction.deleteByValue(this.table, bytes, 0, bytes.length);
  }

  /** Commits and says what changed. */
  commit(): { inserts: Value[]; deletes: Value[]; isTruncated: boolean } | undefined {
    const [changes] = this.transaction.commit().tables;
    const delta = changes && {
      inserts: this.read(changes.inserts),
      deletes: this.read(changes.deletes),
      isTruncated: changes.isTruncated,
    };
    this.transaction = this.store.begin();
    return delta;
  }

  rollback(): void {
    this.transaction.rollback();
    this.transaction = this.store.begin();
  }

  rows(): Value[] {
    const rows = new PointerList();
    this.table.collect(rows);
    return this.read(rows);
  }

  encode(value: Value): Uint8Array {
    const writer = new ByteWriter();
    this.table.definition.row.encode(writer, value);
    return writer.finish();
  }

  read(rows: PointerList): Value[] {
    return Array.from({ length: rows.length }, (_, i) => {
      const row = rows.at(i);
      const reader = new ByteReader(this.table.bytes(row), this.table.start(row), this.table.end(row));
      return this.table.definition.row.decode(reader) as Value;
    });
  }
}

const person: Fields = [
  ['id', types.u32],
  ['name', types.string],
];
const ann = { id: 1, name: 'Ann' };
const bob = { id: 2, name: 'Bob' };

describe('sets', () => {
  test('an identical row is there already: same pointer, no change', () => {
    const t = new OneTable(person);
    const row = t.insert(ann);
    expect(t.insert(ann)).toBe(row);
    expect(t.commit()?.inserts).toEqual([ann]);
    expect(t.insert(ann)).toBe(row);
    expect(t.commit()).toBeUndefined();
  });

  test('an identical row wins over the unique index that has its key', () => {
    const t = new OneTable(person, [unique(0), unique(1)]);
    const row = t.insert(ann);
    expect(t.insert(ann)).toBe(row);
    expect(t.insert({ id: 1, name: 'Bob' })).toBe(UNIQUE_VIOLATION);
  });

  test('a row without columns is there once or not at all', () => {
    const t = new OneTable([]);
    t.insert({});
    t.insert({});
    expect(t.table.rowCount).toBe(1);
    t.commit();
    expect(t.delete({})).toBe(true);
    expect(t.insert({})).toBeGreaterThanOrEqual(0);
    expect(t.commit()).toBeUndefined();
  });

  test('rows that differ in the sign of zero or the bits of NaN are different rows', () => {
    const t = new OneTable([['f', types.f64]]);
    t.insert({ f: 0 });
    t.insert({ f: -0 });
    expect(t.table.rowCount).toBe(2);
  });
});

describe('the net delta', () => {
  test('a row inserted and deleted leaves no trace', () => {
    const t = new OneTable(person, [unique(0)]);
    t.insert(ann);
    t.delete(ann);
    expect(t.commit()).toBeUndefined();
  });

  test.each([
    {
      way: 'insert',
      goAndComeBack: (t: OneTable): RowPointer => {
        t.delete(ann);
        t.insert({ id: 1, name: 'Eve' });
        t.delete({ id: 1, name: 'Eve' });
        return t.insert(ann);
      },
    },
    {
      way: 'update',
      goAndComeBack: (t: OneTable): RowPointer => {
        t.update(1, { id: 1, name: 'Eve' });
        return t.update(1, ann);
      },
    },
  ])('a row that comes back by $way was never away', ({ goAndComeBack }) => {
    const t = new OneTable(person, [unique(0)]);
    const row = t.insert(ann);
    t.commit();
    expect(goAndComeBack(t)).toBe(row);
    expect(t.commit()).toBeUndefined();
    expect(t.rows()).toEqual([ann]);
  });

  test('rows that go to and fro stay one change, and take no memory', () => {
    const t = new OneTable(person, [unique(0)]);
    for (let id = 10; id < 40; id++) t.insert({ id, name: 'x' });
    t.insert(ann);
    t.commit();
    for (let id = 10; id < 40; id++) t.delete({ id, name: 'x' }); // more than are compared one by one
    const { byteSize } = t.store;
    for (let i = 0; i < 20_000; i++) {
      t.update(1, { id: 1, name: 'Eve' });
      t.update(1, ann);
      t.insert(bob);
      t.update(1, { id: 2, name: 'Bo' });
      t.delete({ id: 2, name: 'Bo' });
    }
    expect(t.store.byteSize - byteSize).toBeLessThan(1000);
    const delta = t.commit();
    expect(delta?.inserts).toEqual([]);
    expect(delta?.deletes).toHaveLength(30);
  });

  test('clear and insert again: what is the same did not change', () => {
    const t = new OneTable(person, [unique(0)]);
    t.insert(ann);
    t.insert(bob);
    t.commit();
    expect(t.transaction.clear(t.table)).toBe(2);
    expect(t.transaction.clear(t.table)).toBe(0);
    t.insert(bob);
    expect(t.commit()).toEqual({ inserts: [], deletes: [ann], isTruncated: false });
  });

  test('a cleared table is truncated', () => {
    const t = new OneTable(person);
    t.insert(ann);
    t.commit();
    t.insert(bob);
    t.transaction.clear(t.table);
    expect(t.commit()).toEqual({ inserts: [], deletes: [ann], isTruncated: true });
  });

  test('tables come in the order of their ids', () => {
    const store = new Store();
    const transaction = store.begin();
    const row = compileRow(types.product([['x', types.u8]]), []);
    for (const id of [5, 1, 3, 4, 2]) {
      const table = transaction.createTable({
        id,
        name: `t${id}`,
        row,
        indexes: [],
        sequences: [],
        isEvent: false,
        isEphemeral: false,
      });
      transaction.insert(table, Uint8Array.of(id), 0, 1);
    }
    expect(transaction.commit().tables.map(({ table }) => table.definition.id)).toEqual([1, 2, 3, 4, 5]);
  });

  test('deleted rows can be read until the delta is released, then their space is used again', () => {
    const t = new OneTable(person, [unique(0)]);
    const row = t.insert(ann);
    t.commit();
    t.delete(ann);
    const delta = t.transaction.commit();
    expect(t.read(delta.tables[0]!.deletes)).toEqual([ann]);
    delta.release();
    expect(delta.tables).toEqual([]);
    t.transaction = t.store.begin();
    expect(t.insert({ id: 3, name: 'Eve' })).toBe(row);
  });
});

describe('unique indexes', () => {
  test.each(['btree', 'hash', 'direct'] as const)('two unique values swap by deleting first (%s)', (algorithm) => {
    const t = new OneTable([['id', types.u32], ['place', types.u8]], [unique(0), unique(1, algorithm)]); // prettier-ignore
    t.insert({ id: 1, place: 10 });
    t.insert({ id: 2, place: 20 });
    t.commit();
    expect(t.update(1, { id: 1, place: 20 })).toBe(UNIQUE_VIOLATION);
    expect(t.transaction.lastViolation.index).toBe(t.table.index(2));
    t.delete({ id: 2, place: 20 });
    expect(t.update(1, { id: 1, place: 20 })).toBeGreaterThanOrEqual(0);
    expect(t.insert({ id: 2, place: 10 })).toBeGreaterThanOrEqual(0);
    expect(t.commit()?.inserts).toEqual([{ id: 1, place: 20 }, { id: 2, place: 10 }]); // prettier-ignore
  });

  test.each(['btree', 'hash'] as const)('-0 equals 0 and NaN equals NaN as a key (%s)', (algorithm) => {
    const t = new OneTable([['f', types.f64], ['x', types.u8]], [unique(0, algorithm)]); // prettier-ignore
    for (const f of [0, NaN, Infinity]) t.insert({ f, x: 1 });
    for (const f of [-0, NaN, Infinity]) expect(t.insert({ f, x: 2 })).toBe(UNIQUE_VIOLATION);
    expect(t.insert({ f: -0, x: 1 })).toBe(UNIQUE_VIOLATION); // other bytes, so not the same row
    expect(t.insert({ f: 0, x: 1 })).toBeGreaterThanOrEqual(0);
    expect(t.update(1, { f: -0, x: 3 })).toBeGreaterThanOrEqual(0);
    expect(t.rows()).toContainEqual({ f: -0, x: 3 });
    expect(t.insert({ f: -Infinity, x: 2 })).toBeGreaterThanOrEqual(0);
  });

  test.each(['btree', 'hash'] as const)('the empty string is a key like others (%s)', (algorithm) => {
    const t = new OneTable(person, [unique(1, algorithm)]);
    t.insert({ id: 1, name: '' });
    t.insert({ id: 2, name: '\0' });
    expect(t.insert({ id: 3, name: '' })).toBe(UNIQUE_VIOLATION);
    const key = Uint8Array.of(0, 0, 0, 0);
    expect(t.table.index(2).findUnique(key, 0, 4)).toBeGreaterThanOrEqual(0);
  });

  test('a key that is refused changes nothing', () => {
    const t = new OneTable(person, [unique(0), unique(1)]);
    t.insert(ann);
    t.insert(bob);
    t.commit();
    const { byteSize } = t.store;
    for (let i = 0; i < 10_000; i++) expect(t.insert({ id: i + 10, name: 'Bob' })).toBe(UNIQUE_VIOLATION);
    expect(t.update(1, { id: 1, name: 'Bob' })).toBe(UNIQUE_VIOLATION);
    expect(t.update(1, { id: 9, name: 'Eve' })).toBe(NO_SUCH_ROW);
    expect(t.store.byteSize).toBe(byteSize);
    expect(t.commit()).toBeUndefined();
  });

  test('a handle of a dropped index or table is refused', () => {
    const t = new OneTable(person, [unique(0)]);
    const index = t.table.index(1);
    t.transaction.dropIndex(t.table, 1);
    const bytes = t.encode(ann);
    expect(() => t.transaction.update(t.table, index, bytes, 0, bytes.length)).toThrow('has no index t_0_idx_btree');
    t.transaction.dropTable(t.table);
    t.commit();
    expect(() => t.insert(ann)).toThrow('table t was dropped');
  });
});

describe('refused bytes', () => {
  test.each([
    { name: 'too short', bytes: [1, 0, 0] },
    { name: 'too long', bytes: [1, 0, 0, 0, 0, 0, 0, 0, 9] },
    { name: 'a string over the end', bytes: [1, 0, 0, 0, 255, 255, 255, 127] },
    { name: 'no UTF-8', bytes: [1, 0, 0, 0, 1, 0, 0, 0, 255] },
  ])('a row that is $name', ({ bytes }) => {
    const t = new OneTable(person, [unique(0)]);
    const row = Uint8Array.from(bytes);
    expect(() => t.transaction.insert(t.table, row, 0, row.length)).toThrow(SatsError);
    expect(() => t.transaction.update(t.table, t.table.index(1), row, 0, row.length)).toThrow(SatsError);
    expect(() => t.transaction.deleteByValue(t.table, row, 0, row.length)).toThrow(SatsError);
    expect(t.table.rowCount).toBe(0);
    expect(t.commit()).toBeUndefined();
  });

  test('a key that is too short, and a range that its index cannot scan', () => {
    const t = new OneTable(person, [{ ...unique(0), columns: [0, 1] }, unique(1, 'hash')]);
    const out = new PointerList();
    const unbounded = { kind: 'unbounded', start: 0, end: 0 } as const;
    const key = Uint8Array.of(1, 0, 0, 0, 7);
    expect(() => t.table.index(1).seekPoint(key, 0, 4, out)).toThrow(SatsError);
    expect(() => t.table.index(2).findUnique(key, 0, 3)).toThrow(SatsError);
    expect(() => t.table.index(1).scanRange(key, 0, 5, 1, unbounded, unbounded, out)).toThrow(
      'left over after the prefix',
    );
    expect(() => t.table.index(1).scanRange(key, 0, 3, 1, unbounded, unbounded, out)).toThrow(SatsError);
    expect(() => t.table.index(1).scanRange(key, 0, 5, 2, unbounded, unbounded, out)).toThrow(
      'leaves none for the range',
    );
    expect(() => t.table.index(2).scanRange(key, 0, 0, 0, unbounded, unbounded, out)).toThrow(
      'does not support range scans',
    );
    expect(() => t.table.index(9)).toThrow('has no index with id 9');
  });
});

describe('auto-increment', () => {
  const counted: Fields = [
    ['id', types.u8],
    ['name', types.string],
  ];

  test('zeros are filled, in column order, and told', () => {
    const t = new OneTable([['a', types.string], ['b', types.u64], ['c', types.i16]], [], { sequences: [counting(2, { id: 2, allocated: 7n }), counting(1)] }); // prettier-ignore
    const generated = new ByteWriter();
    t.insert({ a: 'xyz', b: 0n, c: 0 }, generated);
    expect([...generated.written()]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 7, 0]);
    generated.reset();
    t.insert({ a: 'xyz', b: 5n, c: 0 }, generated);
    expect([...generated.written()]).toEqual([8, 0]);
    expect(t.rows()).toEqual([{ a: 'xyz', b: 1n, c: 7 }, { a: 'xyz', b: 5n, c: 8 }]); // prettier-ignore
  });

  test('[flaw 5] a full u8 column refuses, and nothing is stored', () => {
    const t = new OneTable(counted, [unique(0)], { sequences: [counting(0)] });
    for (let i = 0; i < 255; i++) expect(t.insert({ id: 0, name: 'x' })).toBeGreaterThanOrEqual(0);
    expect(t.insert({ id: 0, name: 'x' })).toBe(SEQUENCE_EXHAUSTED);
    expect(t.update(1, { id: 0, name: 'x' })).toBe(SEQUENCE_EXHAUSTED);
    expect(t.table.rowCount).toBe(255);
  });

  test('a value that is taken is a violation; the next one is tried after it', () => {
    const t = new OneTable(counted, [unique(0)], { sequences: [counting(0)] });
    t.insert({ id: 1, name: 'taken' });
    expect(t.insert({ id: 0, name: 'x' })).toBe(UNIQUE_VIOLATION);
    expect(t.insert({ id: 0, name: 'x' })).toBeGreaterThanOrEqual(0);
    expect(t.rows()[1]).toEqual({ id: 2, name: 'x' });
  });

  test('updating with a zero key makes a new key, which no row has', () => {
    const t = new OneTable(counted, [unique(0)], { sequences: [counting(0)] });
    t.insert({ id: 9, name: 'x' });
    expect(t.update(1, { id: 0, name: 'x' })).toBe(NO_SUCH_ROW);
  });

  test('[flaw 4] a boundary that a rolled-back transaction moved is saved with the next commit', () => {
    const wide: Fields = [['id', types.u64]];
    const t = new OneTable(wide, [unique(0)], { sequences: [counting(0)] });
    t.insert({ id: 0n });
    expect(t.saved).toEqual([]);
    t.rollback();
    expect(t.store.hasUnsavedSequences).toBe(true);
    expect(t.rows()).toEqual([]);
    t.commit();
    expect(t.saved).toEqual([[1, 4097n]]);
    expect(t.store.hasUnsavedSequences).toBe(false);
    t.insert({ id: 0n });
    t.commit();
    expect(t.rows()).toEqual([{ id: 2n }]); // not given back
    expect(t.saved).toHaveLength(1);
  });

  test('[flaw 4] a commit that cannot save a boundary can be rolled back, and the next one saves it', () => {
    let isBroken = true;
    const saved: bigint[] = [];
    const store = new Store((_, __, sequence) => {
      if (isBroken) throw new Error('no room');
      saved.push(sequence.allocated);
    });
    let transaction = store.begin();
    const row = compileRow(types.product([['id', types.u32]]), []);
    const table = transaction.createTable({
      id: 1,
      name: 't',
      row,
      indexes: [],
      sequences: [counting(0)],
      isEvent: false,
      isEphemeral: false,
    });
    transaction.commit();
    transaction = store.begin();
    transaction.insert(table, new Uint8Array(4), 0, 4);
    expect(() => transaction.commit()).toThrow('no room');
    transaction.rollback();
    isBroken = false;
    store.begin().commit();
    expect(saved).toEqual([4097n]);
  });

  test('saving a boundary may change rows of a table with a lower id, and use a sequence', () => {
    const row = compileRow(types.product([['id', types.u32]]), []);
    const store: Store = new Store((transaction, table) => {
      if (table.definition.id === 2) transaction.insert(store.table(1), new Uint8Array(4), 0, 4);
    });
    const transaction = store.begin();
    for (const id of [1, 2]) {
      transaction.createTable({
        id,
        name: `t${id}`,
        row,
        indexes: [],
        sequences: [counting(0, { id })],
        isEvent: false,
        isEphemeral: false,
      });
    }
    transaction.insert(store.table(2), new Uint8Array(4), 0, 4);
    expect(transaction.commit().tables.map(({ table, inserts }) => [table.definition.id, inserts.length])).toEqual([[1, 1], [2, 1]]); // prettier-ignore
    expect(store.hasUnsavedSequences).toBe(false);
  });
});

describe('event tables', () => {
  test('rows are seen in their transaction, told by its delta, and gone after it', () => {
    const t = new OneTable(person, [unique(0)], { isEvent: true });
    t.insert(ann);
    t.insert(bob);
    expect(t.insert({ id: 1, name: 'Eve' })).toBe(UNIQUE_VIOLATION);
    expect(t.rows()).toEqual([ann, bob]);
    t.delete(bob);
    expect(t.commit()).toEqual({ inserts: [ann], deletes: [], isTruncated: false });
    expect(t.rows()).toEqual([]);
    expect(t.insert({ id: 1, name: 'Eve' })).toBeGreaterThanOrEqual(0);
  });

  test('their memory is used again', () => {
    const t = new OneTable(person, [unique(0)], { isEvent: true });
    const sizes = new Set<number>();
    for (let round = 0; round < 20; round++) {
      for (let id = 0; id < 5000; id++) t.insert({ id, name: 'event' });
      t.commit();
      sizes.add(t.store.byteSize);
    }
    expect(sizes.size).toBeLessThanOrEqual(2);
  });
});

describe('scans', () => {
  test('committed rows come first, then those of the transaction, each in the order of insertion', () => {
    const t = new OneTable(person, [unique(0)]);
    const all = Array.from({ length: 3000 }, (_, i) => ({ id: 3000 - i, name: 'n'.repeat(i % 97) }));
    for (const row of all.slice(0, 2000)) t.insert(row);
    t.commit();
    for (const row of all.slice(2000)) t.insert(row);
    expect(t.rows()).toEqual(all);
  });

  test('space of deleted rows that the transaction uses does not bring its rows forward', () => {
    const t = new OneTable([['id', types.u32]]);
    for (let id = 0; id < 10; id++) t.insert({ id });
    t.commit();
    t.delete({ id: 3 });
    t.commit();
    t.insert({ id: 100 });
    expect(t.rows().at(-1)).toEqual({ id: 100 });
  });
});

describe('memory', () => {
  test('rows of 300 KB come and go', () => {
    const t = new OneTable(person, [unique(0)]);
    const { byteSize } = t.store;
    for (let i = 0; i < 20; i++) {
      expect(t.insert({ id: 1, name: String(i).repeat(150_000) })).toBeGreaterThanOrEqual(0);
      expect(t.update(1, { id: 1, name: 'x'.repeat(300_000) })).toBeGreaterThanOrEqual(0);
      t.commit();
      expect(t.rows()).toEqual([{ id: 1, name: 'x'.repeat(300_000) }]);
      t.transaction.clear(t.table);
      t.commit();
    }
    expect(t.store.byteSize - byteSize).toBeLessThan(100_000);
  });

  test('the space of many deleted rows is used again', () => {
    const t = new OneTable(person, [unique(0), { ...unique(1), isUnique: false }]);
    const fill = (from: number): void => {
      for (let id = from; id < from + 20_000; id++) t.insert({ id, name: `name ${id}` });
      t.commit();
    };
    fill(0);
    const { byteSize } = t.store;
    for (let round = 1; round < 5; round++) {
      for (let id = (round - 1) * 20_000; id < round * 20_000 - 100; id++) t.delete({ id, name: `name ${id}` });
      t.commit();
      fill(round * 20_000);
    }
    expect(t.store.byteSize).toBeLessThan(byteSize * 1.5);
  });
});

describe('definitions', () => {
  test('rollback brings a dropped table back with its rows and indexes, and takes a created one away', () => {
    const t = new OneTable(person, [unique(0)]);
    t.insert(ann);
    t.commit();
    t.insert(bob);
    t.transaction.dropTable(t.table);
    t.transaction.createTable({ ...t.table.definition, name: 'other' });
    expect(t.store.table(1).definition.name).toBe('other');
    t.rollback();
    expect(t.store.table(1)).toBe(t.table);
    expect(t.rows()).toEqual([ann]);
    expect(t.table.index(1).findUnique(Uint8Array.of(1, 0, 0, 0), 0, 4)).toBeGreaterThanOrEqual(0);
    expect(t.insert({ id: 1, name: 'Eve' })).toBe(UNIQUE_VIOLATION);
  });

  test('a dropped table shows its rows in the delta', () => {
    const t = new OneTable(person);
    t.insert(ann);
    t.commit();
    t.transaction.dropTable(t.table);
    expect(t.commit()).toEqual({ inserts: [], deletes: [ann], isTruncated: true });
    expect(() => t.store.table(1)).toThrow('there is no table with id 1');
  });

  test('a unique index is refused where rows share a key, with the first of them', () => {
    const t = new OneTable(person);
    t.insert(ann);
    t.insert({ id: 2, name: 'Ann' });
    expect(() => t.transaction.createIndex(t.table, unique(1))).toThrow(
      `Unique constraint violation 't_1_idx_btree' in table 't': column(s): '["name"]' value: "Ann"`,
    );
    expect(t.table.indexes).toEqual([]);
    expect(t.insert(ann)).toBeGreaterThanOrEqual(0); // the set of rows is still there
  });

  test('rollback takes an index away whose keys the rows of before do not fit, and brings back a dropped one', () => {
    const t = new OneTable(person, [unique(0)]);
    t.insert({ id: 1, name: 'same' });
    t.insert({ id: 2, name: 'same' });
    t.commit();
    t.transaction.dropIndex(t.table, 1);
    t.delete({ id: 2, name: 'same' });
    t.insert({ id: 1, name: 'other' });
    t.transaction.createIndex(t.table, unique(1));
    t.rollback();
    expect(t.table.indexes.map((index) => index.definition.name)).toEqual(['t_0_idx_btree']);
    expect(t.rows()).toHaveLength(2);
    expect(t.insert({ id: 2, name: 'other' })).toBe(UNIQUE_VIOLATION);
    expect(t.insert({ id: 2, name: 'same' })).toBeGreaterThanOrEqual(0);
    expect(t.commit()).toBeUndefined();
  });

  test('rollback keeps the indexes whole that were there, whatever an index made meanwhile would refuse', () => {
    const t = new OneTable(person, [unique(0)]);
    t.insert({ id: 1, name: 'same' });
    t.insert({ id: 2, name: 'same' });
    t.commit();
    t.delete({ id: 2, name: 'same' });
    t.transaction.createIndex(t.table, unique(1));
    t.rollback();
    expect(t.insert({ id: 2, name: 'other' })).toBe(UNIQUE_VIOLATION);
  });

  test('a sequence can be added and is forgotten by rollback', () => {
    const t = new OneTable(person);
    t.transaction.createSequence(t.table, counting(0, { allocated: 50n }));
    t.insert({ id: 0, name: 'x' });
    expect(t.rows()).toEqual([{ id: 50, name: 'x' }]);
    t.rollback();
    t.insert({ id: 0, name: 'x' });
    expect(t.rows()).toEqual([{ id: 0, name: 'x' }]);
    t.commit();
    expect(t.saved).toEqual([]);
    t.transaction.createSequence(t.table, counting(0));
    t.transaction.dropSequence(t.table, 1);
    t.insert({ id: 0, name: 'y' });
    expect(t.rows()).toContainEqual({ id: 0, name: 'y' });
  });

  test.each([
    { name: 'a column that is not there', index: { ...unique(0), columns: [2] } },
    { name: 'no column', index: { ...unique(0), columns: [] } },
    { name: 'direct, of strings', index: unique(1, 'direct') },
    { name: 'direct, not unique', index: { ...unique(0, 'direct'), isUnique: false } },
  ])('an index is refused: $name', ({ index }) => {
    expect(() => new OneTable(person, [index])).toThrow(expect.objectContaining({ code: 'STORE_INVALID_DEFINITION' }));
  });
});

describe('order of calls', () => {
  test('one transaction at a time, and none after its end', () => {
    const store = new Store();
    const transaction = store.begin();
    expect(() => store.begin()).toThrow(expect.objectContaining({ code: 'STORE_TRANSACTION_OPEN' }));
    expect(() => store.replay()).toThrow(expect.objectContaining({ code: 'STORE_TRANSACTION_OPEN' }));
    transaction.rollback();
    expect(() => transaction.commit()).toThrow(expect.objectContaining({ code: 'STORE_NO_TRANSACTION' }));
    const replay = store.replay();
    expect(() => store.begin()).toThrow(expect.objectContaining({ code: 'STORE_REPLAY_RUNNING' }));
    replay.finish();
    store.begin().commit();
  });
});
