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
  type TableDefinition,
  type Transaction,
  UNIQUE_VIOLATION,
  findDuplicateKeys,
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
  table: Table;
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
    this.table = this.store.table(1);
  }

  redefine(changes: Partial<TableDefinition>): void {
    this.table = this.transaction.redefineTable(this.table, { ...this.table.definition, ...changes });
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

  test('an updated row keeps its place, and the delta has what it was', () => {
    const t = new OneTable(person, [unique(0)]);
    const row = t.insert(ann);
    t.insert(bob);
    t.commit();
    expect(t.update(1, { id: 1, name: 'Eve' })).toBe(row);
    expect(t.update(1, { id: 1, name: 'Eva' })).toBe(row);
    expect(t.commit()).toEqual({ inserts: [{ id: 1, name: 'Eva' }], deletes: [ann], isTruncated: false });
    t.update(1, { id: 1, name: 'Eve' });
    t.delete({ id: 1, name: 'Eve' });
    t.rollback();
    expect(t.rows()).toEqual([{ id: 1, name: 'Eva' }, bob]);
    expect(t.update(1, { id: 1, name: 'Ann' })).toBe(row);
  });

  test('a row comes back although the one that was put in its place has another key by now', () => {
    const pair: Fields = [['a', types.u8], ['b', types.u8]]; // prettier-ignore
    const t = new OneTable(pair, [unique(0), unique(1)]);
    const row = t.insert({ a: 1, b: 1 });
    t.commit();
    expect(t.update(1, { a: 1, b: 2 })).toBe(row);
    expect(t.update(2, { a: 2, b: 2 })).toBe(row);
    expect(t.insert({ a: 1, b: 1 })).toBe(row);
    expect(t.commit()).toEqual({ inserts: [{ a: 2, b: 2 }], deletes: [], isTruncated: false });
    expect(t.update(1, { a: 2, b: 3 })).toBeGreaterThanOrEqual(0);
    expect(t.rows()).toEqual([{ a: 1, b: 1 }, { a: 2, b: 3 }]); // prettier-ignore
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

  test('dense ids are found where they would lie, and those that lie elsewhere or are gone are not mistaken', () => {
    const t = new OneTable([['id', types.u32], ['x', types.u32]], [unique(0)]); // prettier-ignore
    const index = t.table.index(1);
    const rows = Array.from({ length: 300 }, (_, id) => t.insert({ id: id + 5, x: 0 }));
    const find = (id: number): RowPointer => index.findUnique(Uint8Array.of(id & 255, id >> 8, 0, 0), 0, 4);
    const check = (): void => expect(rows.map((_, i) => find(i + 5))).toEqual(rows);
    check();
    t.commit();
    check();
    for (const i of [3, 40, 41, 299]) {
      t.delete({ id: i + 5, x: 0 });
      rows[i] = -1;
    }
    check();
    t.commit();
    check(); // the space still holds their bytes
    for (const i of [40, 3, 299]) rows[i] = t.insert({ id: i + 5, x: 1 });
    check();
    t.commit();
    check();
    expect(find(4)).toBe(-1);
    expect(find(305)).toBe(-1);
    t.transaction.clear(t.table);
    rows.fill(-1);
    check();
    for (let i = 299; i >= 0; i--) rows[i] = t.insert({ id: i + 5, x: 2 });
    check();
    t.rollback();
    for (let i = 0; i < 300; i++) rows[i] = find(i + 5);
    expect(rows.filter((row) => row < 0)).toHaveLength(1);
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
    t.redefine({ indexes: [] });
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
    expect(() => t.redefine({ indexes: [...t.table.definition.indexes, unique(1)] })).toThrow(
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
    t.redefine({ indexes: [] });
    t.delete({ id: 2, name: 'same' });
    t.insert({ id: 1, name: 'other' });
    t.redefine({ indexes: [...t.table.definition.indexes, unique(1)] });
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
    t.redefine({ indexes: [...t.table.definition.indexes, unique(1)] });
    t.rollback();
    expect(t.insert({ id: 2, name: 'other' })).toBe(UNIQUE_VIOLATION);
  });

  test('with an index made meanwhile, an update finds the row of before that was deleted', () => {
    const t = new OneTable(person, []);
    t.insert({ id: 1, name: 'same' });
    t.insert({ id: 1, name: 'other' });
    t.commit();
    t.delete({ id: 1, name: 'same' });
    t.redefine({ indexes: [unique(0)] });
    t.update(1, { id: 1, name: 'same' });
    expect(t.commit()).toEqual({ inserts: [], deletes: [{ id: 1, name: 'other' }], isTruncated: false });
  });

  test('a sequence can be added and is forgotten by rollback', () => {
    const t = new OneTable(person);
    t.redefine({ sequences: [counting(0, { allocated: 50n })] });
    t.insert({ id: 0, name: 'x' });
    expect(t.rows()).toEqual([{ id: 50, name: 'x' }]);
    t.rollback();
    t.insert({ id: 0, name: 'x' });
    expect(t.rows()).toEqual([{ id: 0, name: 'x' }]);
    t.commit();
    expect(t.saved).toEqual([]);
    t.redefine({ sequences: [counting(0)] });
    t.redefine({ sequences: [] });
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

describe('another definition', () => {
  const colours = (...variants: (readonly [string, AlgebraicType])[]): Fields => [['id', types.u32], ['colour', types.sum(variants)]]; // prettier-ignore
  const red = { id: 1, colour: { tag: 'red', value: 7 } };
  const blue = { id: 2, colour: { tag: 'blue', value: {} } };
  const before = colours(['red', types.u8]);
  const after = colours(['red', types.u8], ['blue', types.unit]);
  const rowOf = (fields: Fields): TableDefinition['row'] => compileRow(types.product(fields), []);

  test('of another row type keeps the rows and what the sequence has given, and shows no change', () => {
    const t = new OneTable(before, [unique(0)], { sequences: [counting(0)] });
    t.insert({ ...red, id: 0 });
    t.commit();
    t.redefine({ row: rowOf(after) });
    expect(t.rows()).toEqual([red]);
    expect(t.commit()).toBeUndefined();
    t.insert({ ...blue, id: 0 });
    expect(t.commit()).toEqual({ inserts: [blue], deletes: [], isTruncated: false });
    expect(t.insert({ ...red, id: 2 })).toBe(UNIQUE_VIOLATION);
    expect(t.saved).toEqual([[1, 4097n]]);
  });

  test('of another row type is undone by rollback, rows that came after it too', () => {
    const t = new OneTable(before, [unique(0)], { sequences: [counting(0)] });
    t.insert(red);
    t.commit();
    const { table } = t;
    t.redefine({ row: rowOf(after) });
    t.insert({ ...blue, id: 0 });
    t.insert({ ...blue, id: 0 });
    t.rollback();
    expect(t.table).toBe(table);
    expect(t.rows()).toEqual([red]);
    expect(t.insert({ ...red, id: 0 })).toBeGreaterThanOrEqual(0);
    t.commit();
    expect(t.rows().map(({ id }) => id)).toEqual([1, 3]); // what the sequence gave is not given back
    expect(t.saved).toEqual([[1, 4097n]]);
  });

  test('a boundary that a rolled-back transaction moved is saved although the table got another row type', () => {
    const t = new OneTable(before, [], { sequences: [counting(0)] });
    t.insert({ ...red, id: 0 });
    t.rollback();
    t.redefine({ row: rowOf(after) });
    t.commit();
    expect(t.saved).toEqual([[1, 4097n]]);
  });

  test.each<{ name: string; change: Partial<TableDefinition>; code: string }>([
    { name: 'a row type that rows are not of', change: { row: rowOf(colours(['red', types.u16])) }, code: 'STORE_INVALID_DEFINITION' }, // prettier-ignore
    { name: 'a row type without the index\'s column', change: { row: rowOf([['id', types.u32]]), indexes: [unique(1)] }, code: 'STORE_INVALID_DEFINITION' }, // prettier-ignore
    { name: 'another id', change: { id: 2 }, code: 'STORE_INVALID_DEFINITION' },
    { name: 'another event flag', change: { isEvent: true }, code: 'STORE_INVALID_DEFINITION' },
    { name: 'a unique index that rows break', change: { indexes: [{ ...unique(1), isUnique: true }] }, code: 'STORE_UNIQUE_VIOLATION' }, // prettier-ignore
  ])('is refused: $name', ({ change, code }) => {
    const t = new OneTable(before);
    t.insert(red);
    t.insert({ ...red, id: 2 });
    t.commit();
    const definition = t.table.definition;
    expect(() => t.redefine(change)).toThrow(expect.objectContaining({ code }));
    expect(t.table.definition).toBe(definition);
    expect(t.store.table(1)).toBe(t.table);
    expect(t.commit()).toBeUndefined();
    expect(t.insert(red)).toBeGreaterThanOrEqual(0);
    expect(t.rows()).toHaveLength(2);
  });

  test('of another row type is refused once rows have changed; the old handle is refused after it', () => {
    const t = new OneTable(before);
    const { table } = t;
    t.insert(red);
    expect(() => t.redefine({ row: rowOf(after) })).toThrow(expect.objectContaining({ code: 'STORE_TABLE_CHANGED' }));
    t.commit();
    t.redefine({ row: rowOf(after) });
    expect(() => t.transaction.clear(table)).toThrow(expect.objectContaining({ code: 'STORE_UNKNOWN_TABLE' }));
    t.redefine({ row: rowOf(before) });
    expect(t.rows()).toEqual([red]);
  });

  test('an index becomes unique and is so no more', () => {
    const t = new OneTable(person, [{ ...unique(0), isUnique: false }]);
    t.insert(ann);
    t.commit();
    t.redefine({ indexes: [unique(0)] });
    expect(t.insert({ id: 1, name: 'Eve' })).toBe(UNIQUE_VIOLATION);
    t.commit();
    expect(t.insert({ id: 1, name: 'Eve' })).toBe(UNIQUE_VIOLATION);
    t.redefine({ indexes: [{ ...unique(0), isUnique: false }] });
    expect(t.insert({ id: 1, name: 'Eve' })).toBeGreaterThanOrEqual(0);
    t.rollback();
    expect(t.insert({ id: 1, name: 'Eve' })).toBe(UNIQUE_VIOLATION);
  });

  test('parts that both definitions have are kept, though the definition is another object', () => {
    const t = new OneTable(person, [unique(0)], { sequences: [counting(0)] });
    const [index] = t.table.indexes;
    t.insert({ id: 0, name: 'x' });
    t.redefine({ row: rowOf(person), indexes: [{ ...unique(0) }], sequences: [counting(0)] });
    expect(t.table.indexes[0]).toBe(index);
    t.insert({ id: 0, name: 'y' });
    expect(t.rows().map(({ id }) => id)).toEqual([1, 2]);
  });

  test('a sequence goes on where it is when its column becomes wider', () => {
    const t = new OneTable([['id', types.u8]], [], { sequences: [counting(0)], isEvent: true });
    t.insert({ id: 0 });
    t.commit();
    t.redefine({ row: rowOf([['id', types.u64]]) });
    t.insert({ id: 0n });
    expect(t.rows()).toEqual([{ id: 2n }]);
    t.commit();
    expect(t.saved.at(-1)).toEqual([1, 4098n]);
  });
});

describe('keys that rows share', () => {
  const rows = [{ id: 3, name: 'b' }, { id: 1, name: 'a' }, { id: 2, name: 'b' }, { id: 4, name: 'c' }, { id: 5, name: 'b' }, { id: 6, name: 'c' }]; // prettier-ignore

  test.each([
    {
      columns: [1],
      limit: 10,
      expected: [
        { text: '"b"', rowCount: 3 },
        { text: '"c"', rowCount: 2 },
      ],
    },
    { columns: [1], limit: 1, expected: [{ text: '"b"', rowCount: 3 }] },
    { columns: [0], limit: 10, expected: [] },
    { columns: [1, 0], limit: 10, expected: [] },
  ])('in columns $columns, at most $limit', ({ columns, limit, expected }) => {
    const t = new OneTable(person);
    expect(findDuplicateKeys(t.table, columns, limit)).toEqual([]);
    for (const row of rows) t.insert(row);
    expect(findDuplicateKeys(t.table, columns, limit)).toEqual(expected);
  });

  test('of several columns', () => {
    const t = new OneTable([...person, ['age', types.u8]]);
    for (const age of [1, 2]) t.insert({ ...ann, age });
    expect(findDuplicateKeys(t.table, [0, 1], 10)).toEqual([{ text: '(0 = 1, 1 = "Ann")', rowCount: 2 }]);
  });
});

describe('a table rebuilt', () => {
  const wide: Fields = [...person, ['age', types.u8]];
  const definition = (parts: Partial<TableDefinition> = {}): TableDefinition => ({
    id: 9,
    name: 't',
    row: compileRow(types.product(wide), []),
    indexes: [{ ...unique(0), id: 90 }],
    sequences: [counting(0, { id: 90 })],
    isEvent: false,
    isEphemeral: false,
    ...parts,
  });
  const addAge = (bytes: Uint8Array, start: number, end: number, row: ByteWriter): void => {
    row.slice(bytes, start, end);
    row.u8(18);
  };

  /** Rows 1 and 2; row 3 is one that the rebuilding transaction inserted. */
  function filled(): OneTable {
    const t = new OneTable(person, [unique(0)], { sequences: [counting(0)] });
    t.insert({ id: 0, name: 'a' });
    t.insert({ id: 0, name: 'b' });
    t.commit();
    t.insert({ id: 0, name: 'c' });
    return t;
  }

  test('has all rows in their order, and the delta shows them go and come', () => {
    const t = filled();
    const old = t.table;
    t.table = t.transaction.rebuildTable(t.table, definition(), addAge);
    expect(t.rows().map(({ id, name, age }) => [id, name, age])).toEqual([[1, 'a', 18], [2, 'b', 18], [3, 'c', 18]]); // prettier-ignore
    const deltas = t.transaction.commit().tables;
    expect(deltas.map(({ table }) => table)).toEqual([old, t.table]);
    expect(deltas.map(({ inserts, deletes }) => [inserts.length, deletes.length])).toEqual([[0, 2], [3, 0]]); // prettier-ignore
    expect(deltas[0]!.isTruncated).toBe(true);
    expect(t.store.tables.has(1)).toBe(false);
  });

  test('goes on with the value and the boundary of its sequence, under its new id', () => {
    const t = filled();
    t.table = t.transaction.rebuildTable(t.table, definition(), addAge);
    t.insert({ id: 0, name: 'd', age: 1 });
    expect(t.rows().at(-1)).toEqual({ id: 4, name: 'd', age: 1 });
    t.commit();
    expect(t.saved).toEqual([[1, 4097n], [90, 4097n]]); // prettier-ignore
  });

  test('keeps zeros in columns that a sequence fills', () => {
    const t = new OneTable(person);
    t.insert({ id: 0, name: 'zero' });
    t.table = t.transaction.rebuildTable(t.table, definition(), addAge);
    expect(t.rows()).toEqual([{ id: 0, name: 'zero', age: 18 }]);
  });

  test('is undone by rollback', () => {
    const t = filled();
    t.table = t.transaction.rebuildTable(t.table, definition(), addAge);
    t.insert({ id: 0, name: 'd', age: 1 });
    t.rollback();
    expect(t.rows().map(({ id }) => id)).toEqual([1, 2]);
    expect(t.store.tables.has(9)).toBe(false);
    expect(t.insert({ id: 2, name: 'x' })).toBe(UNIQUE_VIOLATION);
    expect(t.commit()).toBeUndefined();
  });

  test('is refused where rows break an index, where what comes out is no row, and under an id that is taken', () => {
    const t = filled();
    const byAge = { indexes: [{ ...unique(2), id: 91 }] };
    expect(() => t.transaction.rebuildTable(t.table, definition(byAge), addAge)).toThrow('value: 18');
    t.rollback();
    expect(() => t.transaction.rebuildTable(t.table, definition(), (b, s, e, row) => row.slice(b, s, e))).toThrow(SatsError); // prettier-ignore
    t.rollback();
    expect(() => t.transaction.rebuildTable(t.table, definition({ id: 1 }), addAge)).toThrow('id 1 is taken');
    expect(t.rows()).toHaveLength(2);
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
