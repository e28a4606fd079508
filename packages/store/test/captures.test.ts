import { fc, test as property } from '@fast-check/vitest';
import { type AlgebraicValue, ByteWriter, bytesToHex, compileRow, types } from '@lightcone/sats';
import { expect, test } from 'vitest';
import {
  type CapturedTable,
  Captures,
  NO_ROW,
  PointerList,
  type SavedPage,
  Store,
  type Table,
  type TableDefinition,
  type Transaction,
} from '../src/index.ts';

/** Rows of 640 bytes, so that a few of them make several pages. */
const FIXED = definition(1, [
  ['id', types.u32],
  ...Array.from({ length: 20 }, (_, i) => [`filler${i}`, types.u256] as const),
]);
const VARYING = definition(2, [
  ['id', types.u32],
  ['text', types.string],
]);
const EVENTS = { ...definition(3, [['id', types.u32]]), isEvent: true };
const EPHEMERAL = { ...definition(4, [['id', types.u32]]), isEphemeral: true };
const WITHOUT_INDEX = { ...definition(5, [['id', types.u32]]), indexes: [] };
const DEFINITIONS = [FIXED, VARYING, EVENTS, EPHEMERAL, WITHOUT_INDEX];
const TEXT_LENGTHS = [0, 3, 100, 3000, 9000, 70_000];

function definition(
  id: number,
  columns: readonly (readonly [string, Parameters<typeof types.array>[0]])[],
): TableDefinition {
  const byId = { id, name: `by_id_${id}`, algorithm: 'btree', columns: [0], isUnique: true } as const;
  const row = compileRow(types.product(columns.map(([name, type]) => [name, type])), []);
  return { id, name: `table_${id}`, row, indexes: [byId], sequences: [], isEvent: false, isEphemeral: false };
}

/** Rows in hex, by table. */
type State = Map<number, Set<string>>;

/** A store with a capture now and then, and what it ought to hold. */
class Scenario {
  store = new Store();
  captures = new Captures<Uint8Array>(this.store);
  committed: State = new Map();
  captured: State = new Map();
  savedPages = 0;
  readonly #random: () => number;

  constructor(seed: number) {
    let state = seed >>> 0;
    this.#random = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    const transaction = this.store.begin();
    for (const each of DEFINITIONS) transaction.createTable(each);
    transaction.commit();
    this.committed = stateOf(this.store);
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  transact(): void {
    const transaction = this.store.begin();
    for (let steps = this.below(40); steps > 0; steps--) {
      this.#step(transaction);
      // Waiting pages are saved between transactions only; what a transaction changes, it saves itself.
    }
    if (this.below(3) === 0) transaction.rollback();
    else {
      const delta = transaction.commit();
      if (this.below(2) === 0) delta.release();
      this.committed = stateOf(this.store);
    }
  }

  begin(): void {
    this.captures.begin((bytes, start, end, isImmutable) => {
      this.savedPages++;
      return isImmutable ? bytes.subarray(start, end) : bytes.slice(start, end);
    });
    this.captured = this.committed;
  }

  /** Ends the capture and checks it: the rows, and those of a store that is made of them. */
  finish(): void {
    while (!this.captures.continue(100_000));
    const tables = this.captures.finish();
    const expected = new Map(this.captured);
    for (const { id, isEvent, isEphemeral } of DEFINITIONS) if (isEvent || isEphemeral) expected.delete(id);
    expect(new Set(tables.map(({ id }) => id))).toEqual(new Set(expected.keys()));
    const { store, captures } = restore(tables);
    expect(stateOf(store, [...expected.keys()])).toEqual(expected);

    captures.begin(() => expect.unreachable('nothing has changed'));
    expect(captures.continue(1)).toBe(true);
    expect(captures.finish()).toEqual(tables);
    if (this.below(3) > 0) return;
    this.store = store;
    this.captures = captures;
    this.committed = stateOf(store);
  }

  #step(transaction: Transaction): void {
    const tables = [...this.store.tables.values()];
    const missing = DEFINITIONS.find(({ id }) => !this.store.tables.has(id));
    const choice = this.below(100);
    if (missing !== undefined && (tables.length === 0 || choice < 10)) return void transaction.createTable(missing);
    const table = tables[this.below(tables.length)]!;
    if (choice < 60) return this.#insert(transaction, table);
    if (choice < 90) return this.#delete(transaction, table);
    if (choice < 92) return void transaction.clear(table);
    if (choice < 95 && !table.changes.isTouched) {
      const { definition } = table;
      const isBack = definition.row !== DEFINITIONS.find(({ id }) => id === definition.id)!.row;
      const columns = isBack ? DEFINITIONS.find(({ id }) => id === definition.id)!.row : renamed(definition);
      return void transaction.redefineTable(table, { ...definition, row: columns });
    }
    if (choice === 99) transaction.dropTable(table);
  }

  #insert(transaction: Transaction, table: Table): void {
    const bytes = this.#row(table);
    const index = table.indexes[0];
    if (index !== undefined && this.below(2) === 0) transaction.update(table, index, bytes, 0, bytes.length);
    else transaction.insert(table, bytes, 0, bytes.length);
  }

  #delete(transaction: Transaction, table: Table): void {
    const rows = new PointerList();
    table.collect(rows);
    if (rows.length > 0) transaction.delete(table, rows.at(this.below(rows.length)));
  }

  #row(table: Table): Uint8Array {
    const row: Record<string, AlgebraicValue> = {};
    for (const { name, type } of table.definition.row.columns) {
      if (type.type.tag === 'String') row[name!] = 'x'.repeat(TEXT_LENGTHS[this.below(TEXT_LENGTHS.length)]!);
      else row[name!] = type.type.tag === 'U32' ? this.below(300) : BigInt(this.below(3));
    }
    const writer = new ByteWriter();
    table.definition.row.encode(writer, row);
    return writer.finish();
  }
}

property.prop([fc.nat()], { numRuns: Number(process.env['LIGHTCONE_PROPERTY_RUNS'] ?? 60) })(
  'a capture holds exactly what was committed when it began, whatever happens until it is finished',
  (seed) => {
    const scenario = new Scenario(seed);
    for (let round = 0; round < 6; round++) {
      for (let count = scenario.below(5); count > 0; count--) scenario.transact();
      scenario.begin();
      for (let count = scenario.below(6); count > 0; count--) {
        scenario.transact();
        if (scenario.below(2) === 0) scenario.captures.continue(scenario.below(100_000));
      }
      if (scenario.below(6) === 0) scenario.captures.forget();
      else scenario.finish();
    }
  },
);

test('only pages that changed are saved again', () => {
  const scenario = new Scenario(1);
  const insert = (from: number, to: number): void => {
    const transaction = scenario.store.begin();
    for (let id = from; id < to; id++) {
      const bytes = new Uint8Array(FIXED.row.staticSize!);
      new DataView(bytes.buffer).setUint32(0, id, true);
      transaction.insert(scenario.store.table(1), bytes, 0, bytes.length);
    }
    transaction.commit();
    scenario.committed = stateOf(scenario.store);
  };
  insert(0, 64 * 10);
  scenario.begin();
  scenario.finish();
  expect(scenario.savedPages).toBe(10);
  insert(64 * 10, 64 * 10 + 1);
  scenario.begin();
  scenario.finish();
  expect(scenario.savedPages).toBe(11);
  scenario.captures.forget();
  scenario.begin();
  scenario.finish();
  expect(scenario.savedPages).toBe(11 + 11);
});

test('a slice saves what it was told to and at most a page more, however much there is', () => {
  const { store, captures } = new Scenario(1);
  const transaction = store.begin();
  for (let id = 0; id < 64 * 40; id++) {
    const bytes = new Uint8Array(FIXED.row.staticSize!);
    new DataView(bytes.buffer).setUint32(0, id, true);
    transaction.insert(store.table(1), bytes, 0, bytes.length);
  }
  transaction.commit();
  const pageBytes = 64 * FIXED.row.staticSize!;
  let sliceBytes = 0;
  captures.begin((_, start, end) => {
    sliceBytes += end - start;
    return new Uint8Array(0);
  });
  let slices = 0;
  for (let isLast = false; !isLast; slices++) {
    sliceBytes = 0;
    isLast = captures.continue(3 * pageBytes);
    expect(sliceBytes).toBeLessThan(3 * pageBytes + 2 * pageBytes);
  }
  captures.finish();
  expect(slices).toBeGreaterThan(8);
});

test('a slice looks at a bounded number of pages, also where hardly a row is left in them', () => {
  const { store, captures } = new Scenario(1);
  const pages = 100;
  const bytes = new Uint8Array(FIXED.row.staticSize!);
  const rows = new PointerList();
  let transaction = store.begin();
  for (let id = 0; id < 64 * pages; id++) {
    new DataView(bytes.buffer).setUint32(0, id, true);
    rows.push(transaction.insert(store.table(1), bytes, 0, bytes.length));
  }
  transaction.commit();
  transaction = store.begin();
  for (let i = 1; i < rows.length; i++) transaction.delete(store.table(1), rows.at(i));
  transaction.commit();
  let savedPages = 0;
  captures.begin(() => {
    savedPages++;
    return new Uint8Array(0);
  });
  let slices = 1;
  while (!captures.continue(10 * 4096)) slices++;
  captures.finish();
  expect(savedPages).toBe(1);
  expect(slices).toBe(pages / 10);
});

test('a page whose place is not to be used any more is saved again', () => {
  const scenario = new Scenario(1);
  const transaction = scenario.store.begin();
  transaction.insert(scenario.store.table(5), new Uint8Array(4), 0, 4);
  transaction.commit();
  const { captures } = scenario;
  const places: string[] = [];
  const capture = (name: string, mayReuse: boolean): void => {
    captures.begin(() => {
      places.push(name);
      return new Uint8Array(0);
    }, () => mayReuse); // prettier-ignore
    captures.continue(1);
    captures.finish();
  };
  capture('first', true);
  capture('second', true);
  capture('third', false);
  expect(places).toEqual(['first', 'third']);
});

test('a capture begins between transactions, one at a time', () => {
  const { store, captures } = new Scenario(1);
  const transaction = store.begin();
  expect(() => captures.begin(() => new Uint8Array(0))).toThrow(
    expect.objectContaining({ code: 'STORE_TRANSACTION_OPEN' }),
  );
  transaction.rollback();
  captures.begin(() => new Uint8Array(0));
  expect(() => captures.begin(() => new Uint8Array(0))).toThrow(
    expect.objectContaining({ code: 'STORE_CAPTURE_RUNNING' }),
  );
});

test.each([
  { name: 'too few bytes', bytes: 3, rows: 1 },
  { name: 'bytes left over', bytes: 9, rows: 2 },
  { name: 'more rows than a page holds', bytes: 4 * 20_000, rows: 20_000 },
  { name: 'a number of rows that is absurd', bytes: 0, rows: 2 ** 50 },
])('a page of $name is refused', ({ bytes, rows }) => {
  const store = new Store();
  const replay = store.replay();
  const table = replay.define(WITHOUT_INDEX);
  replay.reservePages(table, 1);
  expect(() => replay.fillPage(table, 0, new Uint8Array(bytes), 0, bytes, rows)).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^(SATS|STORE)_/) }),
  );
  expect(table.rowCount).toBe(0);
});

test('rows that share a page must fit it, and large ones have a page of their own', () => {
  const fill = (lengths: readonly number[]): number => {
    const writer = new ByteWriter();
    for (const [id, length] of lengths.entries()) VARYING.row.encode(writer, { id, text: 'x'.repeat(length) });
    const replay = new Store().replay();
    const table = replay.define(VARYING);
    replay.reservePages(table, 1);
    replay.fillPage(table, 0, writer.bytes, 0, writer.length, lengths.length);
    return table.rowCount;
  };
  const invalid = expect.objectContaining({ code: 'STORE_INVALID_PAGE' });
  expect(fill([8000, 8000, 8000, 8000, 8000, 8000, 8000, 8000])).toBe(8);
  expect(() => fill([8000, 8000, 8000, 8000, 8000, 8000, 8000, 8000, 8000])).toThrow(invalid);
  expect(fill([9000])).toBe(1);
  expect(fill([90_000])).toBe(1);
  expect(() => fill([9000, 1])).toThrow(invalid);
});

test('after pages were filled, rows come and go one by one, and doubles in the pages are found', () => {
  const store = new Store();
  const replay = store.replay();
  const table = replay.define(WITHOUT_INDEX);
  replay.reservePages(table, 1);
  replay.fillPage(table, 0, Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0), 0, 8, 2);
  expect(replay.insert(table, Uint8Array.of(2, 0, 0, 0), 0, 4)).toBe(false);
  expect(replay.delete(table, Uint8Array.of(1, 0, 0, 0), 0, 4)).toBe(true);
  expect(replay.delete(table, Uint8Array.of(1, 0, 0, 0), 0, 4)).toBe(false);
  expect(replay.insert(table, Uint8Array.of(3, 0, 0, 0), 0, 4)).toBe(true);
  replay.finish();
  expect(stateOf(store).get(5)).toEqual(new Set(['02000000', '03000000']));

  const other = new Store();
  const doubled = other.replay();
  const second = doubled.define(WITHOUT_INDEX);
  doubled.reservePages(second, 1);
  doubled.fillPage(second, 0, new Uint8Array(8), 0, 8, 2);
  expect(() => doubled.finish()).toThrow(expect.objectContaining({ code: 'STORE_UNIQUE_VIOLATION' }));
});

function restore(tables: readonly CapturedTable<Uint8Array>[]): { store: Store; captures: Captures<Uint8Array> } {
  const store = new Store();
  const captures = new Captures<Uint8Array>(store);
  const replay = store.replay();
  for (const { id } of tables) replay.define(DEFINITIONS.find((each) => each.id === id)!); // there are no others
  for (const each of DEFINITIONS) if (each.isEvent || each.isEphemeral) replay.define(each);
  for (const { id, pages } of tables) {
    const table = store.table(id);
    replay.reservePages(table, pages.length);
    // In any order: objects are read as they come.
    for (const [number, page] of [...pages.entries()].toReversed()) {
      fillPage(captures, replay, table, number, page);
    }
  }
  replay.finish();
  return { store, captures };
}

function fillPage(
  captures: Captures<Uint8Array>,
  replay: ReturnType<Store['replay']>,
  table: Table,
  number: number,
  page: SavedPage<Uint8Array>,
): void {
  replay.fillPage(table, number, page.place, 0, page.place.length, page.rowCount);
  captures.restored(table, number, page);
}

function stateOf(store: Store, ids: readonly number[] = [...store.tables.keys()]): State {
  const state: State = new Map();
  for (const id of ids) {
    const table = store.table(id);
    const rows = new Set<string>();
    for (let row = table.first(); row !== NO_ROW; row = table.next(row)) {
      rows.add(bytesToHex(table.bytes(row).subarray(table.start(row), table.end(row))));
    }
    expect(rows.size).toBe(table.rowCount);
    state.set(id, rows);
  }
  return state;
}

/** The same columns under other names: another row type with the same bytes. */
function renamed({ row }: TableDefinition): TableDefinition['row'] {
  return compileRow(types.product(row.columns.map(({ name, type }) => [`${name}_`, type.type])), []);
}
