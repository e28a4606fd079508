import {
  type AlgebraicValue,
  ByteWriter,
  type RowType,
  SatsError,
  bytesToHex,
  compileRow,
  types,
} from '@lightcone/sats';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { PointerList, type Replay, Store, type Table, type TableDefinition, UNIQUE_VIOLATION } from '../src/index.ts';

const row = compileRow(types.product([['id', types.u32], ['name', types.string]]), []); // prettier-ignore
const definition: TableDefinition = {
  id: 1,
  name: 'person',
  row,
  indexes: [
    { id: 1, name: 'person_id_idx_btree', algorithm: 'btree', columns: [0], isUnique: true },
    { id: 2, name: 'person_name_idx_hash', algorithm: 'hash', columns: [1], isUnique: false },
  ],
  sequences: [{ id: 1, column: 0, start: 1n, min: 1n, max: 2n ** 127n - 1n, increment: 1n, allocated: 4097n }],
  isEvent: false,
  isEphemeral: false,
};

function encode(id: number, name: string): Uint8Array {
  const writer = new ByteWriter();
  row.encode(writer, { id, name } satisfies Record<string, AlgebraicValue>);
  return writer.finish();
}

function insert(replay: Replay, table: Table, id: number, name: string): boolean {
  const bytes = encode(id, name);
  return replay.insert(table, bytes, 0, bytes.length);
}

function remove(replay: Replay, table: Table, id: number, name: string): boolean {
  const bytes = encode(id, name);
  return replay.delete(table, bytes, 0, bytes.length);
}

function count(table: Table): number {
  const rows = new PointerList();
  table.collect(rows);
  return rows.length;
}

test('rows come and go, and say when they were there already or were not there', () => {
  const store = new Store();
  const replay = store.replay();
  const table = replay.define(definition);
  expect(insert(replay, table, 1, 'Ann')).toBe(true);
  expect(insert(replay, table, 1, 'Ann')).toBe(false);
  expect(insert(replay, table, 1, 'Bob')).toBe(true); // constraints are for the end
  expect(remove(replay, table, 1, 'Ann')).toBe(true);
  expect(remove(replay, table, 1, 'Ann')).toBe(false);
  expect(count(table)).toBe(1); // readable meanwhile
  replay.clear(table);
  expect(count(table)).toBe(0);
  expect(insert(replay, table, 7, 'Eve')).toBe(true);
  replay.finish();

  const transaction = store.begin();
  expect(table.index(2).key.columns).toHaveLength(1);
  const found = new PointerList();
  table.index(2).seekPoint(Uint8Array.of(3, 0, 0, 0, 0x45, 0x76, 0x65), 0, 7, found);
  expect(found.length).toBe(1);
  const generated = new ByteWriter();
  const bytes = encode(0, 'x');
  transaction.insert(table, bytes, 0, bytes.length, generated);
  expect([...generated.written()]).toEqual([1, 0x10, 0, 0]); // goes on at the boundary
  const same = encode(7, 'other');
  expect(transaction.insert(table, same, 0, same.length)).toBe(UNIQUE_VIOLATION);
  expect(transaction.commit().tables[0]?.inserts.length).toBe(1); // replayed rows are no change
});

test('two rows with one unique key are an error that names index and key, not a crash', () => {
  const replay = new Store().replay();
  const table = replay.define(definition);
  insert(replay, table, 3, 'Ann');
  insert(replay, table, 3, 'Bob');
  expect(() => replay.finish()).toThrow(
    `Unique constraint violation 'person_id_idx_btree' in table 'person': column(s): '["id"]' value: 3`,
  );
});

test('bytes that are no row are refused', () => {
  const replay = new Store().replay();
  const table = replay.define(definition);
  expect(() => replay.insert(table, Uint8Array.of(1, 2, 3), 0, 3)).toThrow(SatsError);
  expect(() => replay.delete(table, Uint8Array.of(1, 2, 3), 0, 3)).toThrow(SatsError);
});

test('a table may get another definition or go, and tables that were there are replayed into', () => {
  const store = new Store();
  const transaction = store.begin();
  const table = transaction.createTable(definition);
  const bytes = encode(1, 'Ann');
  transaction.insert(table, bytes, 0, bytes.length);
  transaction.commit();

  const replay = store.replay();
  expect(insert(replay, table, 1, 'Ann')).toBe(false);
  expect(insert(replay, table, 2, 'Bob')).toBe(true);
  expect(replay.define({ ...definition, indexes: [], sequences: [] })).toBe(table);
  const other = compileRow(types.product([['x', types.u8]]), []);
  expect(() => replay.define({ ...definition, row: other })).toThrow('a row that is there is not of the new row type');
  replay.define({ ...definition, id: 2 });
  replay.drop(2);
  replay.drop(2);
  replay.finish();
  expect([...store.tables.keys()]).toEqual([1]);
  expect(table.indexes).toEqual([]);
  expect(count(table)).toBe(2);
});

test('rows are kept when a table gets another row type, of another size too', () => {
  const before = compileRow(types.product([['colour', types.sum([['red', types.u8]])]]), []);
  const after = compileRow(types.product([['colour', types.sum([['red', types.u8], ['blue', types.unit]])]]), []); // prettier-ignore
  expect([before.staticSize, after.staticSize]).toEqual([2, undefined]);
  const parts = { ...definition, indexes: [{ ...definition.indexes[0]!, columns: [0] }], sequences: [] };
  const store = new Store();
  const replay = store.replay();
  replay.insert(replay.define({ ...parts, row: before }), Uint8Array.of(0, 7), 0, 2);
  const table = replay.define({ ...parts, row: after });
  expect(replay.insert(table, Uint8Array.of(0, 7), 0, 2)).toBe(false);
  expect(replay.insert(table, Uint8Array.of(1), 0, 1)).toBe(true);
  expect(replay.delete(table, Uint8Array.of(0, 7), 0, 2)).toBe(true);
  replay.finish();
  expect(store.table(1)).toBe(table);
  expect(count(table)).toBe(1);
  expect(table.index(1).findUnique(Uint8Array.of(1), 0, 1)).toBeGreaterThanOrEqual(0);
});

const NAMES = ['', 'a', 'b', 'longer than the others', 'longer than the rest'];
const fixedRow = compileRow(types.product([['id', types.u32], ['name', types.u32]]), []); // prettier-ignore
const anyName = fc.constantFrom(...NAMES);
const anyRow = fc.tuple(fc.nat(5), anyName);
const step = fc.record({
  updated: fc.array(fc.tuple(fc.nat(), anyName), { maxLength: 4 }),
  deleted: fc.array(fc.nat(), { maxLength: 2 }),
  inserted: fc.array(anyRow, { maxLength: 3 }),
  missed: fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, fc.array(anyRow, { maxLength: 1 })),
  isReversed: fc.boolean(),
});

describe('records of transactions', () => {
  test.each([
    { what: 'of one size', type: types.u32, before: 1, after: 2 },
    { what: 'that fit', type: types.string, before: 'one', after: 'two' },
  ])('a row takes the place of the one that it replaces: rows $what', ({ type, before, after }) => {
    const pairs = compileRow(types.product([['id', types.u32], ['value', type]]), []); // prettier-ignore
    const of = (id: number, value: string | number): Uint8Array => encodeWith(pairs, { id, value });
    const replay = new Store().replay();
    const table = replay.define({ ...definition, row: pairs, indexes: [definition.indexes[0]!], sequences: [] });
    for (const id of [1, 2, 3]) replay.insert(table, of(id, before), 0, of(id, before).length);
    const place = (bytes: Uint8Array): number => table.find(bytes, 0, bytes.length);
    const places = [1, 2, 3].map((id) => place(of(id, before)));

    expect(apply(replay, table, [of(2, after), of(4, after), of(3, after)], [of(2, before), of(1, before), of(3, before)])).toBe(true); // prettier-ignore
    expect([place(of(2, after)), place(of(3, after))]).toEqual(places.slice(1));
    replay.finish();
    expect(table.index(1).findUnique(Uint8Array.of(3, 0, 0, 0), 0, 4)).toBe(places[2]);
  });

  const [a, b] = [encodeFixed(1, 'a'), encodeFixed(2, 'a')];
  const [x, y] = [encodeFixed(1, 'b'), encodeFixed(2, 'b')];
  test.each([
    { what: 'inserts a row twice that it deletes', inserts: [x, x], deletes: [a, x] },
    { what: 'deletes a row twice that another replaces', inserts: [x, y], deletes: [b, a, b] },
  ])('what $what is refused', ({ inserts, deletes }) => {
    const replay = new Store().replay();
    const table = replay.define({ ...definition, row: fixedRow, indexes: [definition.indexes[0]!], sequences: [] });
    expect(apply(replay, table, [a, b], [])).toBe(true);
    expect(apply(replay, table, inserts, deletes)).toBe(false);
  });

  property.prop([
    fc.constantFrom<Shape>('without key', 'of varying size', 'guessed'),
    fc.array(step, { maxLength: 12 }),
  ])('whatever they are, they do or are refused what they would be one row after another', (shape, steps) => {
    const encodeRow = shape === 'guessed' ? encodeFixed : encode;
    const tested = {
      ...definition,
      row: shape === 'guessed' ? fixedRow : row,
      indexes: shape === 'without key' ? [] : [definition.indexes[0]!],
      sequences: [],
    };
    let rows = new Set<string>();
    const records: [inserts: Uint8Array[], deletes: Uint8Array[]][] = [];
    const replay = new Store().replay();
    const table = replay.define(tested);
    const attempt = (inserts: Uint8Array[], deletes: Uint8Array[]): void => {
      const expected = applyToSet(rows, inserts, deletes);
      if (expected === undefined) {
        const other = new Store().replay();
        const copy = other.define(tested);
        for (const [added, removed] of records) apply(other, copy, added, removed);
        expect(apply(other, copy, inserts, deletes)).toBe(false);
      } else {
        expect(apply(replay, table, inserts, deletes)).toBe(true);
        records.push([inserts, deletes]);
        rows = expected;
      }
      expect(contents(table)).toEqual([...rows].toSorted());
      expect(table.rowCount).toBe(rows.size);
    };
    if (shape === 'guessed') {
      // Twenty rows side by side, each found once: from then on they are guessed.
      const all = (name: string): Uint8Array[] => Array.from({ length: 20 }, (_, id) => encodeRow(id, name));
      attempt(all('a'), []);
      attempt(all('b'), all('a'));
    }
    for (const taken of steps) attempt(...recordOf(taken, rows, encodeRow));
    for (const hex of rows) expect(replay.delete(table, Buffer.from(hex, 'hex'), 0, hex.length / 2)).toBe(true);
    expect(table.first()).toBe(-1);
  });
});

type Shape = 'without key' | 'of varying size' | 'guessed';

function encodeFixed(id: number, name: string): Uint8Array {
  return encodeWith(fixedRow, { id, name: NAMES.indexOf(name) });
}

/** What a transaction does: updates and deletes of rows that are there, by position; other inserts and deletes. */
interface Step {
  readonly updated: readonly (readonly [position: number, name: string])[];
  readonly deleted: readonly number[];
  readonly inserted: readonly (readonly [id: number, name: string])[];
  readonly missed: readonly (readonly [id: number, name: string])[];
  readonly isReversed: boolean;
}

function recordOf(
  step: Step,
  rows: ReadonlySet<string>,
  encodeRow: (id: number, name: string) => Uint8Array,
): [inserts: Uint8Array[], deletes: Uint8Array[]] {
  const all = [...rows];
  const at = (position: number): Uint8Array[] =>
    all.length === 0 ? [] : [Uint8Array.from(Buffer.from(all[position % all.length]!, 'hex'))];
  const inserts = step.updated.flatMap(([position, name]) => at(position).map((old) => encodeRow(old[0]!, name)));
  const deletes = step.updated.flatMap(([position]) => at(position));
  inserts.push(...step.inserted.map(([id, name]) => encodeRow(id, name)));
  deletes.push(...step.deleted.flatMap(at), ...step.missed.map(([id, name]) => encodeRow(id, name)));
  return [inserts, step.isReversed ? deletes.toReversed() : deletes];
}

/** The naive replay: undefined if a row is double or missing. */
function applyToSet(
  before: ReadonlySet<string>,
  inserts: readonly Uint8Array[],
  deletes: readonly Uint8Array[],
): Set<string> | undefined {
  const rows = new Set(before);
  for (const bytes of inserts) {
    if (rows.has(bytesToHex(bytes))) return undefined;
    rows.add(bytesToHex(bytes));
  }
  return deletes.every((bytes) => rows.delete(bytesToHex(bytes))) ? rows : undefined;
}

/** Replays a record whose rows lie one behind the other. */
function apply(replay: Replay, table: Table, inserts: readonly Uint8Array[], deletes: readonly Uint8Array[]): boolean {
  const rows = replay.rowsOf(table);
  const record = Buffer.concat([...inserts, ...deletes]);
  let at = 0;
  return (
    inserts.every((row) => rows.insert(record, at, (at += row.length))) &&
    deletes.every((row) => rows.delete(record, at, (at += row.length))) &&
    replay.settle() === undefined
  );
}

function contents(table: Table): string[] {
  const rows: string[] = [];
  for (let row = table.first(); row >= 0; row = table.next(row)) {
    rows.push(bytesToHex(table.bytes(row).subarray(table.start(row), table.end(row))));
  }
  return rows.toSorted();
}

function encodeWith(type: RowType, value: AlgebraicValue): Uint8Array {
  const writer = new ByteWriter();
  type.encode(writer, value);
  return writer.finish();
}
