import {
  type AlgebraicType,
  type AlgebraicValue,
  ByteReader,
  ByteWriter,
  bytesToHex,
  compileRow,
  types,
} from '@lightcone/sats';
import { fc, test as property } from '@fast-check/vitest';
import { expect } from 'vitest';
import {
  type Bound,
  INDEX_NOT_UNIQUE,
  type IndexDefinition,
  NO_SUCH_ROW,
  PointerList,
  type RowPointer,
  SEQUENCE_EXHAUSTED,
  type SequenceDefinition,
  Store,
  StoreError,
  type Table,
  type TableDefinition,
  type TableDelta,
  type Transaction,
  UNIQUE_VIOLATION,
} from '../src/index.ts';
import {
  type ModelBound,
  type ModelOutcome,
  type ModelRow,
  ModelSequence,
  ModelTable,
  inColumnOrder,
} from './model.ts';

/** Column types with a few values each, so that rows and keys meet often. Zeros come first. */
const DOMAINS: readonly { type: AlgebraicType; values: readonly AlgebraicValue[] }[] = [
  { type: types.u8, values: [0, 1, 2, 200, 255] },
  { type: types.u32, values: [0, 1, 2, 3, 4, 1000, 70_000, 0xffff_ffff] },
  { type: types.u64, values: [0n, 1n, 2n, 3n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 64n - 1n] },
  { type: types.i64, values: [0n, -1n, 1n, -(2n ** 63n), 2n ** 63n - 1n, -(2n ** 53n) - 1n, -(2n ** 53n)] },
  { type: types.i16, values: [0, -1, 1, -32_768, 32_767] },
  { type: types.i128, values: [0n, -1n, 1n, 2n ** 100n, -(2n ** 100n), 2n ** 70n] },
  { type: types.bool, values: [false, true] },
  { type: types.f64, values: [0, -0, NaN, Infinity, -Infinity, 1.5, -1.5] },
  { type: types.f32, values: [0, -0, NaN, Infinity, 1.5, -1.5] },
  { type: types.string, values: ['', 'a', 'ab', 'abcdef', 'abcdefg', 'abcdefh', '\u{ffff}', '\u{10000}', 'a\0'] },
  { type: types.string, values: ['', 'x'.repeat(100), 'y'.repeat(9000), 'z'.repeat(70_000)] },
  { type: types.bytes, values: [new Uint8Array(0), Uint8Array.of(255), Uint8Array.of(1, 2), Uint8Array.of(1)] },
  {
    type: types.identity,
    values: [{ __identity__: 0n }, { __identity__: 1n }, { __identity__: 2n ** 255n }, { __identity__: 256n }],
  },
  {
    type: types.option(types.u16),
    values: [
      { tag: 'none', value: {} },
      { tag: 'some', value: 3 },
      { tag: 'some', value: 256 },
    ],
  },
  { type: types.sum([['a', types.unit], ['b', types.unit], ['c', types.unit]]), values: ['a', 'b', 'c'].map((tag) => ({ tag, value: {} })) }, // prettier-ignore
  { type: types.array(types.i8), values: [[], [1], [-1], [1, 2], [1, -2]] },
  { type: types.product([['x', types.i32], ['y', types.u8]]), values: [{ x: 0, y: 0 }, { x: -1, y: 2 }, { x: 0, y: 1 }, { x: 7, y: 0 }] }, // prettier-ignore
];

interface Schema {
  readonly columns: readonly number[];
  readonly indexes: readonly {
    algorithm: IndexDefinition['algorithm'];
    columns: readonly number[];
    isUnique: boolean;
  }[];
  readonly sequences: readonly { column: number; kind: number }[];
  readonly isEvent: boolean;
}

const indexes = fc.array(
  fc.record({
    algorithm: fc.constantFrom('btree', 'btree', 'hash', 'direct'),
    columns: fc.array(fc.nat(3), { minLength: 1, maxLength: 3 }),
    isUnique: fc.boolean(),
  }),
  { maxLength: 3 },
);
const schemas: fc.Arbitrary<Schema> = fc.record({
  columns: fc.array(fc.nat(DOMAINS.length - 1), { minLength: 1, maxLength: 4 }),
  indexes,
  sequences: fc.array(fc.record({ column: fc.nat(3), kind: fc.nat(3) }), { maxLength: 1 }),
  isEvent: fc.oneof({ arbitrary: fc.constant(false), weight: 5 }, { arbitrary: fc.constant(true), weight: 1 }),
});

/** What to do, and numbers that choose with what. */
const operations = fc.array(fc.tuple(fc.nat(108), fc.nat(), fc.nat(), fc.nat()), {
  minLength: 1,
  maxLength: 120,
  size: 'max',
});

/** Some of `Comparison.run`, by number. */
const [INSERT, UPDATE, DELETE, DELETE_BY_VALUE, LOOK, COMMIT, ROLLBACK] = [0, 35, 50, 60, 81, 85, 93] as const;

const SEQUENCES: readonly Omit<SequenceDefinition, 'id' | 'column'>[] = [
  { start: 1n, min: 1n, max: 2n ** 127n - 1n, increment: 1n, allocated: 1n },
  { start: 1n, min: 1n, max: 5n, increment: 2n, allocated: 1n },
  { start: 3n, min: -4n, max: 4n, increment: -3n, allocated: 3n },
  { start: 1n, min: 1n, max: 2n ** 127n - 1n, increment: 1n, allocated: 2n ** 53n - 3n },
];

/** Drives a store and the model with the same operations and compares all that can be seen. */
class Comparison {
  domains: readonly (readonly AlgebraicValue[])[];
  readonly store: Store;
  model: ModelTable;
  tableId = 7;
  readonly #saved = new Map<number, bigint>();
  #nextId = 1;
  #transaction: Transaction | undefined;
  /** Whether the transaction has met the rows of the table. */
  #isTouched = false;
  /** Tables that the transaction rebuilt, by their ids. */
  readonly #rebuilt = new Map<number, ModelTable>();
  /** Puts everything back that the transaction defined anew. */
  #undo: () => void = () => undefined;

  constructor(schema: Schema) {
    const chosen = schema.columns.map((domain) => DOMAINS[domain]!);
    this.domains = chosen.map(({ values }) => values);
    const row = compileRow(types.product(chosen.map(({ type }, i) => [`c${i}`, type])), []);
    const definitions = schema.indexes
      .map((index) => this.index(schema.columns, index))
      .filter((index) => index !== undefined);
    const sequences = schema.sequences
      .map(({ column, kind }) => ({ id: this.#nextId++, column: column % chosen.length, ...SEQUENCES[kind]! }))
      .filter(({ column }) => /^[IU]\d/.test(chosen[column]!.type.tag));
    const definition: TableDefinition = {
      id: this.tableId,
      name: 't',
      row,
      indexes: definitions,
      sequences,
      isEvent: schema.isEvent,
      isEphemeral: false,
    };
    this.store = new Store((_, table, sequence) => {
      expect(table).toBe(this.table);
      this.#saved.set(sequence.definition.id, sequence.allocated);
    });
    this.model = new ModelTable(row, schema.isEvent, definitions, sequences);
    const transaction = this.store.begin();
    transaction.createTable(definition);
    transaction.commit();
  }

  get table(): Table {
    return this.store.table(this.tableId);
  }

  index(columns: readonly number[], wanted: Schema['indexes'][number]): IndexDefinition | undefined {
    const id = this.#nextId++;
    const chosen = [...new Set(wanted.columns.map((column) => column % columns.length))];
    if (wanted.algorithm !== 'direct') {
      return { id, name: `i${id}`, algorithm: wanted.algorithm, columns: chosen, isUnique: wanted.isUnique };
    }
    const column = chosen.find((candidate) => [0, 1, 2, 14].includes(columns[candidate]!));
    return column === undefined
      ? undefined
      : { id, name: `i${id}`, algorithm: 'direct', columns: [column], isUnique: true };
  }

  run(operation: readonly [number, number, number, number]): void {
    const [what, a, b, c] = operation;
    if (what < 35) this.insert(a);
    else if (what < 50) this.update(a, b);
    else if (what < 60) this.delete(a);
    else if (what < 65) this.deleteByValue(a);
    else if (what < 67) this.clear();
    else if (what < 75) this.point(a, b);
    else if (what < 81) this.range(a, b, c);
    else if (what < 85) this.look();
    else if (what < 93) this.commit();
    else if (what < 97) this.rollback();
    else if (what < 99) this.createIndex(a);
    else if (what < 100) this.dropIndex(a);
    else if (what < 102) this.changeUniqueness(a);
    else if (what < 104) this.extendEnum(a);
    else if (what < 106) this.addColumn(a);
    else if (what < 108) this.createSequence(a, b);
    else this.dropSequence(a);
  }

  values(choice: number): AlgebraicValue[] {
    let rest = choice;
    return this.domains.map((domain) => {
      const value = domain[rest % domain.length]!;
      rest = Math.floor(rest / domain.length);
      return value;
    });
  }

  insert(choice: number): void {
    const values = this.values(choice);
    const generated = new ByteWriter();
    const bytes = this.encode(values);
    const result = this.#touched().insert(this.table, bytes, 3, bytes.length, generated);
    this.checkOutcome(result, generated, this.model.insert(values));
  }

  update(indexChoice: number, choice: number): void {
    const definition = this.chooseIndex(indexChoice);
    if (definition === undefined) return;
    const values = this.values(choice);
    const generated = new ByteWriter();
    const bytes = this.encode(values);
    const index = this.table.index(definition.id);
    const result = this.#touched().update(this.table, index, bytes, 3, bytes.length, generated);
    this.checkOutcome(result, generated, this.model.update(definition, values));
  }

  checkOutcome(result: RowPointer, generated: ByteWriter, expected: ModelOutcome): void {
    switch (expected.kind) {
      case 'done':
      case 'unchanged': {
        expect(this.hexOf(result)).toBe(expected.row.hex);
        const reader = new ByteReader(generated.written());
        const told = expected.generated.map(({ column }) => ({
          column,
          value: this.model.type.columns[column]!.type.decode(reader),
        }));
        expect(told).toEqual(expected.generated);
        expect(reader.offset).toBe(generated.length);
        break;
      }
      case 'uniqueViolation': {
        expect(result).toBe(UNIQUE_VIOLATION);
        const violation = this.#transactionOf().lastViolation;
        expect(violation.table).toBe(this.table);
        expect(violation.message()).toContain(`'${violation.index?.definition.name}' in table 't'`);
        expect(violation.index?.definition).toEqual(expected.index);
        break;
      }
      case 'sequenceExhausted':
        expect(result).toBe(SEQUENCE_EXHAUSTED);
        break;
      case 'noSuchRow':
        expect(result).toBe(NO_SUCH_ROW);
        break;
      case 'indexNotUnique':
        expect(result).toBe(INDEX_NOT_UNIQUE);
        break;
    }
    expect(this.table.rowCount).toBe(this.model.visible.size);
  }

  delete(choice: number): void {
    const rows = new PointerList();
    this.table.collect(rows);
    if (rows.length === 0) return;
    const row = rows.at(choice % rows.length);
    this.model.visible.delete(this.hexOf(row));
    expect(this.#touched().delete(this.table, row)).toBe(true);
    expect(this.#touched().delete(this.table, row)).toBe(false);
  }

  deleteByValue(choice: number): void {
    const values = this.values(choice);
    const bytes = this.encode(values);
    const isThere = this.model.visible.delete(this.model.row(values).hex);
    expect(this.#touched().deleteByValue(this.table, bytes, 3, bytes.length)).toBe(isThere);
  }

  clear(): void {
    expect(this.#touched().clear(this.table)).toBe(this.model.visible.size);
    this.model.visible.clear();
  }

  point(indexChoice: number, choice: number): void {
    const definition = this.chooseIndex(indexChoice);
    if (definition === undefined) return;
    const row = this.model.row(this.values(choice));
    const key = this.model.keyOf(definition, row);
    const bytes = this.encodeKey(definition, key);
    const index = this.table.index(definition.id);
    const found = new PointerList();
    found.push(12_345); // what the list holds already stays
    index.seekPoint(bytes, 3, bytes.length, found);
    const expected = this.model.withKey(definition, key);
    expect(this.hexesOf(found, 1)).toEqual(hexes(expected));
    if (definition.isUnique) expect(index.findUnique(bytes, 3, bytes.length)).toBe(found.length > 1 ? found.at(1) : -1);
  }

  range(indexChoice: number, choice: number, boundChoice: number): void {
    const definition = this.chooseIndex(indexChoice);
    if (definition === undefined) return;
    const prefixColumns = boundChoice % definition.columns.length;
    const prefix = this.model.keyOf(definition, this.model.row(this.values(choice))).slice(0, prefixColumns);
    const column = definition.columns[prefixColumns]!;
    const domain = this.domains[column]!;
    const bounds = [Math.floor(boundChoice / 4), Math.floor(boundChoice / 64)].map((n): ModelBound => ({
      kind: (['included', 'excluded', 'unbounded'] as const)[n % 3]!,
      value: domain[Math.floor(n / 3) % domain.length]!,
    }));
    const [lower, upper] = bounds as [ModelBound, ModelBound];

    const writer = new ByteWriter();
    this.encodeColumns(writer, definition.columns, prefix);
    const prefixEnd = writer.length;
    const [lowerBound, upperBound] = bounds.map(({ kind, value }): Bound => {
      const start = writer.length;
      if (kind !== 'unbounded') this.encodeColumns(writer, [column], [value]);
      return { kind, start, end: writer.length };
    }) as [Bound, Bound];
    const found = new PointerList();
    const index = this.table.index(definition.id);
    const scan = (): void => index.scanRange(writer.bytes, 0, prefixEnd, prefixColumns, lowerBound, upperBound, found);
    if (definition.algorithm === 'hash') {
      expect(scan).toThrow(StoreError);
      return;
    }
    scan();
    expect(this.hexesOf(found)).toEqual(hexes(this.model.inRange(definition, prefix, lower, upper)));
    if (definition.algorithm === 'btree') this.checkOrder(definition, found);
  }

  checkOrder(definition: IndexDefinition, found: PointerList): void {
    for (let i = 1; i < found.length; i++) {
      const before = this.model.keyOf(definition, this.rowOf(found.at(i - 1)));
      const after = this.model.keyOf(definition, this.rowOf(found.at(i)));
      expect(this.model.compareKeys(definition, before, after)).toBeLessThanOrEqual(0);
    }
  }

  createIndex(choice: number): void {
    const columns = this.domains.map((values) => DOMAINS.findIndex((domain) => domain.values === values));
    const algorithm = (['btree', 'hash', 'direct'] as const)[choice % 3]!;
    const definition = this.index(columns, {
      algorithm,
      columns: [choice % 5, choice % 7],
      isUnique: choice % 2 === 0,
    });
    if (definition === undefined || this.model.indexes.length > 4) return;
    this.redefineIndexes([...this.model.indexes, definition], definition);
  }

  changeUniqueness(choice: number): void {
    const definition = this.chooseIndex(choice);
    if (definition === undefined || definition.algorithm === 'direct') return;
    const changed = { ...definition, isUnique: !definition.isUnique };
    this.redefineIndexes(
      this.model.indexes.map((index) => (index === definition ? changed : index)),
      changed,
    );
  }

  redefineIndexes(indexes: readonly IndexDefinition[], changed: IndexDefinition): void {
    const keys = [...this.model.visible.values()].map((row) => this.model.keyOf(changed, row));
    const hasDuplicates = keys.some((key) => this.model.withKey(changed, key).length > 1);
    if (changed.isUnique && hasDuplicates) {
      expect(() => this.redefine({ indexes })).toThrow(/Unique constraint violation/);
    } else {
      this.redefine({ indexes });
      this.model.indexes = indexes;
    }
  }

  dropIndex(choice: number): void {
    const definition = this.chooseIndex(choice);
    if (definition === undefined) return;
    const indexes = this.model.indexes.filter((index) => index !== definition);
    this.redefine({ indexes });
    this.model.indexes = indexes;
  }

  /** Columns of enums get one more variant, with a payload or without. */
  extendEnum(choice: number): void {
    const columns = this.model.type.columns.map(({ name, type: { type } }, i) => {
      if (type.tag !== 'Sum') return { name, type, values: this.domains[i]! };
      const tag = `v${type.variants.length}`;
      const [payload, value] = choice % 2 === 0 ? [types.unit, {}] : [types.u8, 9];
      const variants = type.variants.map((variant) => [variant.name!, variant.type] as const);
      return { name, type: types.sum([...variants, [tag, payload]]), values: [...this.domains[i]!, { tag, value }] };
    });
    const row = compileRow(types.product(columns.map(({ name, type }) => [name!, type])), []);
    const isChanged = columns.some(({ type }, i) => type !== this.model.type.columns[i]!.type.type);
    // A direct index is on plain enums only.
    const canKeep = this.model.indexes.every(({ algorithm, columns: [column] }) => algorithm !== 'direct' || choice % 2 === 0 || columns[column!]!.type.tag !== 'Sum'); // prettier-ignore
    if (!canKeep) {
      expect(() => this.redefine({ row })).toThrow(isChanged && this.#isTouched ? 'changed its rows' : 'direct index');
    } else if (isChanged && this.#isTouched) {
      expect(() => this.redefine({ row })).toThrow('changed its rows');
    } else {
      this.redefine({ row });
      this.domains = columns.map(({ values }) => values);
      this.model.type = row;
    }
  }

  /** The table is rebuilt under another id. */
  addColumn(choice: number): void {
    if (this.domains.length > 6) return;
    const transaction = this.#touched();
    const { type, values } = DOMAINS[choice % DOMAINS.length]!;
    const value = values[choice % values.length]!;
    const fields = this.model.type.columns.map((column) => [column.name!, column.type.type] as const);
    const row = compileRow(types.product([...fields, [`c${fields.length}`, type]]), []);
    const indexes = this.model.indexes.map((index) => ({ ...index, id: this.#nextId++ }));
    const sequences = this.model.sequences.map(({ definition }) => ({ ...definition, id: this.#nextId++ }));
    const definition = { ...this.table.definition, id: this.tableId + 1, row, indexes, sequences };
    transaction.rebuildTable(this.table, definition, (bytes, start, end, writer) => {
      writer.slice(bytes, start, end);
      row.columns.at(-1)!.type.encode(writer, value);
    });
    this.#rebuilt.set(this.tableId, this.model);
    this.model = this.model.rebuilt(row, indexes, sequences, value);
    this.tableId++;
    this.domains = [...this.domains, values];
  }

  createSequence(choice: number, kind: number): void {
    const column = choice % this.domains.length;
    const isInteger = /^[IU]\d/.test(this.model.type.columns[column]!.type.type.tag);
    if (!isInteger || this.model.sequences.some((sequence) => sequence.column === column)) return;
    const definition = { id: this.#nextId++, column, ...SEQUENCES[kind % SEQUENCES.length]! };
    this.redefine({ sequences: [...this.model.sequences.map((sequence) => sequence.definition), definition] });
    this.model.sequences = inColumnOrder([...this.model.sequences, new ModelSequence(definition, this.model.type)]);
  }

  dropSequence(choice: number): void {
    const dropped = this.model.sequences[choice % this.model.sequences.length];
    const sequences = this.model.sequences.filter((sequence) => sequence !== dropped);
    this.redefine({ sequences: sequences.map((sequence) => sequence.definition) });
    this.model.sequences = sequences;
  }

  redefine(changes: Partial<TableDefinition>): void {
    const before = this.table;
    const after = this.#transactionOf().redefineTable(before, { ...before.definition, ...changes });
    if (after !== before) this.#isTouched = false;
    expect(this.table).toBe(after);
  }

  /** The changes so far are what a commit would show, and looking changes nothing. */
  look(): void {
    const expected = this.#tables().map(([id, model]) => ({
      id,
      isEmpty: model.visible.size === 0,
      ...model.changes(),
    }));
    const touched = this.#transactionOf().touched.map((table) => table.settle());
    this.expectDeltas(
      touched
        .filter(({ inserts, deletes }) => inserts.length + deletes.length > 0)
        .toSorted((a, b) => a.table.definition.id - b.table.definition.id),
      expected,
    );
  }

  expectDeltas(
    deltas: readonly TableDelta[],
    expected: readonly { id: number; isEmpty: boolean; inserts: string[]; deletes: string[] }[],
  ): void {
    expect(
      deltas.map(({ table, inserts, deletes, isTruncated }) => ({
        id: table.definition.id,
        inserts: hexesIn(table, inserts),
        deletes: hexesIn(table, deletes),
        isTruncated,
      })),
    ).toEqual(
      expected
        .filter(({ inserts, deletes }) => inserts.length + deletes.length > 0)
        .map(({ id, isEmpty, inserts, deletes }) => ({
          id,
          inserts,
          deletes,
          isTruncated: deletes.length > 0 && isEmpty,
        })),
    );
    if (this.#rebuilt.size === 0) expect(deltas.every(({ table }) => table === this.table)).toBe(true);
  }

  /** The tables that the transaction rebuilt, and the one there is. */
  #tables(): (readonly [id: number, model: ModelTable])[] {
    return [...this.#rebuilt, [this.tableId, this.model]];
  }

  commit(): void {
    const delta = this.#transactionOf().commit();
    const expected = this.#tables().map(([id, model]) => ({
      id,
      isEmpty: model.visible.size === 0,
      ...model.commit(),
    }));
    this.expectDeltas(delta.tables, expected);
    delta.release();
    this.#end();
    this.checkSaved();
    this.check();
  }

  /** A restart from the saved boundary would not hand out what was handed out. */
  checkSaved(): void {
    for (const { definition, next } of this.model.sequences) {
      const saved = this.#saved.get(definition.id) ?? definition.allocated;
      if (definition.max > 1000n) expect(saved >= next).toBe(true);
      expect(this.store.hasUnsavedSequences).toBe(false);
    }
  }

  rollback(): void {
    this.#transactionOf().rollback();
    this.#undo();
    this.model.rollback();
    this.#end();
    this.check();
  }

  #end(): void {
    this.#transaction = undefined;
    this.#rebuilt.clear();
    this.#isTouched = false;
  }

  /** The rows of a scan that takes those that lie side by side together. */
  #rowsOfRuns(): RowPointer[] {
    const { table } = this;
    const rows: RowPointer[] = [];
    for (let row = table.first(), last = row; row >= 0; row = table.next(last)) {
      last = table.lastOfRun(row);
      expect(table.end(last) - table.start(row)).toBe((table.end(row) - table.start(row)) * (last - row + 1));
      expect(table.bytes(last)).toBe(table.bytes(row));
      for (let each = row; each <= last; each++) rows.push(each);
    }
    return rows;
  }

  /** Every row, and every key of every index. */
  check(): void {
    const rows = new PointerList();
    this.table.collect(rows);
    expect(this.hexesOf(rows)).toEqual([...this.model.visible.keys()].toSorted());
    expect(this.table.rowCount).toBe(rows.length);
    expect(this.#rowsOfRuns()).toEqual(Array.from({ length: rows.length }, (_, i) => rows.at(i)));
    expect(this.table.indexes.map((index) => index.definition)).toEqual(
      expect.arrayContaining([...this.model.indexes]),
    );
    for (const definition of this.model.indexes) {
      const index = this.table.index(definition.id);
      for (const row of this.model.visible.values()) {
        const key = this.model.keyOf(definition, row);
        const bytes = this.encodeKey(definition, key);
        const found = new PointerList();
        index.seekPoint(bytes, 3, bytes.length, found);
        expect(this.hexesOf(found)).toEqual(hexes(this.model.withKey(definition, key)));
      }
      if (definition.algorithm === 'hash') continue;
      const all: Bound = { kind: 'unbounded', start: 0, end: 0 };
      const found = new PointerList();
      index.scanRange(new Uint8Array(0), 0, 0, 0, all, all, found);
      expect(this.hexesOf(found)).toEqual([...this.model.visible.keys()].toSorted());
    }
  }

  chooseIndex(choice: number): IndexDefinition | undefined {
    const { indexes: all } = this.model;
    return all.length === 0 ? undefined : all[choice % all.length];
  }

  /** A row with three bytes before it: offsets must count. */
  encode(values: readonly AlgebraicValue[]): Uint8Array {
    const writer = new ByteWriter();
    writer.raw(Uint8Array.of(9, 9, 9));
    this.encodeColumns(writer, [...values.keys()], values);
    return writer.finish();
  }

  encodeKey(index: IndexDefinition, key: readonly AlgebraicValue[]): Uint8Array {
    const writer = new ByteWriter();
    writer.raw(Uint8Array.of(9, 9, 9));
    this.encodeColumns(writer, index.columns, key);
    return writer.finish();
  }

  encodeColumns(writer: ByteWriter, columns: readonly number[], values: readonly AlgebraicValue[]): void {
    for (const [i, value] of values.entries()) this.model.type.columns[columns[i]!]!.type.encode(writer, value);
  }

  rowOf(row: RowPointer): ModelRow {
    return this.model.decode(this.table.bytes(row).subarray(this.table.start(row), this.table.end(row)));
  }

  hexOf(row: RowPointer): string {
    return hexIn(this.table, row);
  }

  hexesOf(rows: PointerList, from = 0): string[] {
    return hexesIn(this.table, rows, from);
  }

  /** The transaction, for a call that meets the table's rows. */
  #touched(): Transaction {
    const transaction = this.#transactionOf();
    this.#isTouched = true;
    return transaction;
  }

  #transactionOf(): Transaction {
    if (this.#transaction === undefined) {
      const { model, tableId, domains } = this;
      const { type, indexes: before, sequences } = model;
      this.#undo = () => {
        Object.assign(this, { model, tableId, domains });
        Object.assign(model, { type, indexes: before, sequences });
      };
      this.#transaction = this.store.begin();
    }
    return this.#transaction;
  }
}

function hexIn(table: Table, row: RowPointer): string {
  expect(row).toBeGreaterThanOrEqual(0);
  return bytesToHex(table.bytes(row).subarray(table.start(row), table.end(row)));
}

function hexesIn(table: Table, rows: PointerList, from = 0): string[] {
  return Array.from({ length: rows.length - from }, (_, i) => hexIn(table, rows.at(i + from))).toSorted();
}

function hexes(rows: readonly ModelRow[]): string[] {
  return rows.map(({ hex }) => hex).toSorted();
}

const numRuns = Number(process.env['LIGHTCONE_PROPERTY_RUNS'] ?? 150);

property.prop([schemas, operations], { numRuns })('a store does what the model does', (schema, list) => {
  const comparison = new Comparison(schema);
  for (const operation of list) comparison.run(operation);
  comparison.commit();
});

/** A table of many rows, in transactions that change most of them. */
const crowds: fc.Arbitrary<Schema> = fc.constantFrom(6, 9).map((column) => ({
  columns: [1, 2, column],
  indexes: [
    { algorithm: 'btree', columns: [0, 1], isUnique: true },
    { algorithm: 'hash', columns: [1, 0], isUnique: true },
    { algorithm: 'btree', columns: [2], isUnique: false },
  ],
  sequences: [],
  isEvent: false,
}));
const kinds = fc.oneof(
  { weight: 30, arbitrary: fc.constant(INSERT) },
  { weight: 45, arbitrary: fc.constant(UPDATE) },
  { weight: 12, arbitrary: fc.constant(DELETE) },
  { weight: 10, arbitrary: fc.constant(DELETE_BY_VALUE) },
  { weight: 2, arbitrary: fc.constant(LOOK) },
  { weight: 1, arbitrary: fc.constant(COMMIT) },
  { weight: 1, arbitrary: fc.constant(ROLLBACK) },
);
const manyRows = fc.array(fc.nat(), { minLength: 80, maxLength: 80 });
const manyOperations = fc.array(fc.tuple(kinds, fc.nat(), fc.nat(), fc.nat()), {
  minLength: 200,
  maxLength: 400,
  size: 'max',
});

// A failure is told with its seed and as it is: to shrink so long a list takes minutes.
property.prop([crowds, fc.noBias(manyRows), fc.noBias(manyOperations)], {
  numRuns: Math.ceil(numRuns / 5),
  endOnFailure: true,
})(
  'a store does what the model does, in transactions that delete, update and bring back many rows',
  (schema, rows, list) => {
    const comparison = new Comparison(schema);
    for (const row of rows) comparison.insert(row);
    comparison.commit();
    for (const operation of list) comparison.run(operation);
    comparison.commit();
  },
);
