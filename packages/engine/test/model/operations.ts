import { ERRNO } from '@lightcone/host';
import { expect } from 'vitest';
import type { Choices } from './choices.ts';
import type { Answers, Script, ScriptFunction } from './interpreter.ts';
import { type Bound, type NaiveDatabase, type WriteResult } from './naive-database.ts';
import { type ModelIndex, type ModelRow, type ModelTable, TABLES, decodeRows, modelRow } from './tables.ts';
import { type ColumnType, type Value, compareValues, encodeValue } from './values.ts';

/** The engine's ids of the model's tables and indexes. */
export interface Ids {
  readonly tables: readonly number[];
  readonly indexes: readonly (readonly number[])[];
}

export const OPERATIONS = [
  'insert',
  'insertSimilar',
  'insertMany',
  'update',
  'updateExisting',
  'deleteByValue',
  'point',
  'range',
  'scan',
  'openScan',
  'count',
  'deleteByPoint',
  'deleteByRange',
  'clear',
  'mistake',
] as const;
export type OperationKind = (typeof OPERATIONS)[number];

const UNKNOWN_ID = 99_999;
/** Rows that fill more than one node of a tree. */
const MANY = 60;
/** More than expected, so that a scan that finds too much still fits and is seen. */
const SPARE_BYTES = 256;

/**
 * Writes operations into a script, does them to the naive database, and keeps what the engine must have answered.
 * Everything that is random comes from `choices`.
 */
export class Operations {
  readonly #script: Script;
  readonly #naive: NaiveDatabase;
  readonly #ids: Ids;
  readonly #checks: ((answers: Answers) => void)[] = [];
  /** Scans that were opened and are read at the end, when other operations have changed what they saw. */
  readonly #later: (() => void)[] = [];

  constructor(script: Script, naive: NaiveDatabase, ids: Ids) {
    this.#script = script;
    this.#naive = naive;
    this.#ids = ids;
  }

  add(kind: OperationKind, table: number, choices: Choices): void {
    switch (kind) {
      case 'insert':
        this.#write('datastore_insert_bsatn', table, undefined, randomValues(TABLES[table]!, choices));
        break;
      case 'insertSimilar':
        this.#write('datastore_insert_bsatn', table, undefined, this.#similarValues(table, choices));
        break;
      case 'insertMany':
        for (let i = 0; i < MANY; i++) {
          this.#write('datastore_insert_bsatn', table, undefined, scatteredValues(TABLES[table]!, choices));
        }
        break;
      case 'update':
        this.#update(table, randomValues(TABLES[table]!, choices), choices);
        break;
      case 'updateExisting':
        this.#update(table, this.#similarValues(table, choices), choices);
        break;
      case 'deleteByValue':
        this.#deleteByValue(table, choices);
        break;
      case 'point':
        this.#point(table, choices);
        break;
      case 'range':
        this.#range(table, choices);
        break;
      case 'scan':
        this.#readNow(this.#openTable(table));
        break;
      case 'openScan': {
        const rows = this.#openTable(table);
        this.#later.push(() => this.#readNow(rows));
        break;
      }
      case 'count':
        this.#count('datastore_table_row_count', table, this.#naive.rows(table).length);
        break;
      case 'deleteByPoint':
        this.#deleteByPoint(table, choices);
        break;
      case 'deleteByRange':
        this.#deleteByRange(table, choices);
        break;
      case 'clear':
        this.#count('datastore_clear', table, this.#naive.delete(table, this.#naive.rows(table)));
        break;
      case 'mistake':
        this.#mistake(table, choices);
        break;
    }
  }

  /** Reads the scans that are still open. */
  end(): void {
    for (const read of this.#later) read();
  }

  check(answers: Answers): void {
    for (const check of this.#checks) check(answers);
  }

  #expectCode(call: number, expected: number, what: string): void {
    this.#checks.push((answers) => expect(answers.code(call), what).toBe(expected));
  }

  #update(table: number, values: readonly Value[], choices: Choices): void {
    const { indexes } = TABLES[table]!;
    if (indexes.length === 0) return;
    this.#write('datastore_update_bsatn', table, choices.below(indexes.length), values);
  }

  #write(
    name: 'datastore_insert_bsatn' | 'datastore_update_bsatn',
    table: number,
    index: number | undefined,
    values: readonly Value[],
  ): void {
    const of = TABLES[table]!;
    const row = Buffer.from(modelRow(of, values).hex, 'hex');
    const rowAt = this.#script.place(row);
    const lengthAt = this.#script.placeU32(row.length);
    const ids = [this.#ids.tables[table]!, ...(index === undefined ? [] : [this.#ids.indexes[table]![index]!])];
    const call = this.#script.call(name, ...ids, rowAt, lengthAt);
    const result: WriteResult =
      index === undefined ? this.#naive.insert(table, values) : this.#naive.update(table, of.indexes[index]!, values);
    const what = `${name} ${of.name} ${index === undefined ? '' : of.indexes[index]!.name} (${values.join(', ')})`;
    this.#expectCode(call, result.code, what);
    const generated = Buffer.concat(
      result.generated
        .toSorted((a, b) => a.column - b.column)
        .map(({ column, value }) => encodeValue(of.columns[column]!.type, value)),
    );
    this.#checks.push((answers) => {
      // A refused row stays as it was; of a written one only the generated columns are written back.
      const length = result.code === 0 ? generated.length : row.length;
      expect(answers.u32(lengthAt), `length written by ${what}`).toBe(length);
      const start = answers.bytes(rowAt, row.length);
      const expected = result.code === 0 ? Buffer.concat([generated, row.subarray(generated.length)]) : row;
      expect(start.toString('hex'), `row memory after ${what}`).toBe(expected.toString('hex'));
    });
  }

  #deleteByValue(table: number, choices: Choices): void {
    const of = TABLES[table]!;
    const count = choices.below(4);
    const rows = Array.from({ length: count }, () =>
      choices.oneIn(4) ? modelRow(of, randomValues(of, choices)) : this.#existingRow(table, choices),
    );
    const relation = Buffer.concat([
      encodeValue('U32', BigInt(rows.length)),
      ...rows.map(({ hex }) => Buffer.from(hex, 'hex')),
    ]);
    const at = this.#script.place(relation);
    const out = this.#script.reserve(4);
    const call = this.#script.call(
      'datastore_delete_all_by_eq_bsatn',
      this.#ids.tables[table]!,
      at,
      relation.length,
      out,
    );
    this.#expectDeleted(call, out, this.#naive.delete(table, rows), `delete by value in ${of.name}`);
  }

  #deleteByPoint(table: number, choices: Choices): void {
    const key = this.#randomKey(table, choices);
    if (key === undefined) return;
    const { index, values } = key;
    const bytes = this.#keyBytes(table, index, values);
    const out = this.#script.reserve(4);
    const call = this.#script.call(
      'datastore_delete_by_index_scan_point_bsatn',
      this.#indexId(table, index),
      this.#script.place(bytes),
      bytes.length,
      out,
    );
    const rows = this.#naive.point(table, index, values);
    this.#expectDeleted(
      call,
      out,
      this.#naive.delete(table, rows),
      `delete by point in ${index.name} (${values.join()})`,
    );
  }

  #expectDeleted(call: number, out: number, expected: number, what: string): void {
    this.#expectCode(call, 0, what);
    this.#checks.push((answers) => expect(answers.u32(out), `count of ${what}`).toBe(expected));
  }

  #count(name: 'datastore_table_row_count' | 'datastore_clear', table: number, expected: number): void {
    const out = this.#script.reserve(8);
    const call = this.#script.call(name, this.#ids.tables[table]!, out);
    this.#expectCode(call, 0, name);
    this.#checks.push((answers) => expect(answers.u64(out), `${name} ${TABLES[table]!.name}`).toBe(BigInt(expected)));
  }

  #openTable(table: number): OpenScan {
    const out = this.#script.reserve(4);
    const call = this.#script.call('datastore_table_scan_bsatn', this.#ids.tables[table]!, out);
    this.#expectCode(call, 0, 'scan');
    return { table, index: undefined, out, expected: this.#naive.rows(table), what: `scan of ${TABLES[table]!.name}` };
  }

  #point(table: number, choices: Choices): void {
    const key = this.#randomKey(table, choices);
    if (key === undefined) return;
    const { index, values } = key;
    const bytes = this.#keyBytes(table, index, values);
    const out = this.#script.reserve(4);
    const what = `point scan of ${index.name} (${values.join(', ')})`;
    const call = this.#script.call(
      'datastore_index_scan_point_bsatn',
      this.#indexId(table, index),
      this.#script.place(bytes),
      bytes.length,
      out,
    );
    this.#expectCode(call, 0, what);
    this.#readNow({ table, index: undefined, out, expected: this.#naive.point(table, index, values), what });
  }

  #range(table: number, choices: Choices): void {
    const out = this.#script.reserve(4);
    const range = this.#callRange('datastore_index_scan_range_bsatn', table, choices, out);
    if (range?.rows !== undefined) {
      this.#readNow({ table, index: range.index, out, expected: range.rows, what: range.what });
    }
  }

  #deleteByRange(table: number, choices: Choices): void {
    const out = this.#script.reserve(4);
    const range = this.#callRange('datastore_delete_by_index_scan_range_bsatn', table, choices, out);
    if (range?.rows === undefined) return;
    const deleted = this.#naive.delete(table, range.rows);
    this.#checks.push((answers) => expect(answers.u32(out), `count of ${range.what}`).toBe(deleted));
  }

  /** Calls an import over a random range. @returns the rows in it, undefined if the index has no ranges */
  #callRange(
    name: ScriptFunction,
    table: number,
    choices: Choices,
    out: number,
  ): { index: ModelIndex; rows: ModelRow[] | undefined; what: string } | undefined {
    const key = this.#randomKey(table, choices);
    if (key === undefined) return undefined;
    const { index, values } = key;
    const prefix = values.slice(0, choices.below(values.length));
    const type = TABLES[table]!.columns[index.columns[prefix.length]!]!.type;
    const lower = randomBound(type, choices);
    const upper = choices.oneIn(4) ? lower : randomBound(type, choices);
    const prefixBytes = this.#keyBytes(table, index, prefix);
    const [lowerBytes, upperBytes] = [boundBytes(type, lower), boundBytes(type, upper)];
    const call = this.#script.call(
      name,
      this.#indexId(table, index),
      this.#script.place(prefixBytes),
      prefixBytes.length,
      prefix.length,
      this.#script.place(lowerBytes),
      lowerBytes.length,
      this.#script.place(upperBytes),
      upperBytes.length,
      out,
    );
    const what = `${name} ${index.name} [${prefix.join()}] ${lower.kind} ${lower.value} to ${upper.kind} ${upper.value}`;
    const hasRanges = index.kind !== 'Hash';
    this.#expectCode(call, hasRanges ? 0 : ERRNO.wrongIndexAlgorithm, what);
    return { index, rows: hasRanges ? this.#naive.range(table, index, prefix, lower, upper) : undefined, what };
  }

  /** Takes all rows of an open scan at once, and compares them. */
  #readNow({ table, index, out, expected, what }: OpenScan): void {
    const capacity = expected.reduce((sum, { hex }) => sum + hex.length / 2, 0) + SPARE_BYTES;
    const buffer = this.#script.reserve(capacity);
    const lengthAt = this.#script.placeU32(capacity);
    const call = this.#script.call('row_iter_bsatn_advance', { at: out }, buffer, lengthAt);
    this.#expectCode(call, -1, `rows of ${what}`);
    const again = this.#script.call('row_iter_bsatn_close', { at: out });
    this.#expectCode(again, ERRNO.noSuchIterator, `closing what is closed after ${what}`);
    this.#checks.push((answers) => {
      const rows = decodeRows(TABLES[table]!, answers.bytes(buffer, answers.u32(lengthAt)));
      expectSameRows(rows, expected, what);
      if (index !== undefined) expectSorted(rows, index, what);
    });
  }

  /** What a module should not do, and what it is told. */
  #mistake(table: number, choices: Choices): void {
    const of = TABLES[table]!;
    const row = Buffer.from(modelRow(of, randomValues(of, choices)).hex, 'hex');
    const at = this.#script.place(row);
    const out = this.#script.reserve(8);
    const [tableId] = [this.#ids.tables[table]!];
    const { noSuchTable, noSuchIndex, bsatnDecodeError, noSuchIterator } = ERRNO;
    switch (choices.below(9)) {
      case 0:
        this.#expectCode(
          this.#script.call('datastore_insert_bsatn', UNKNOWN_ID, at, this.#script.placeU32(row.length)),
          noSuchTable,
          'insert into no table',
        );
        break;
      case 1: {
        const length = choices.below(row.length);
        const code = this.#script.call('datastore_insert_bsatn', tableId, at, this.#script.placeU32(length));
        this.#expectCode(code, bsatnDecodeError, `insert of ${length} of ${row.length} bytes into ${of.name}`);
        break;
      }
      case 2: {
        const longer = this.#script.place(Buffer.concat([row, Buffer.from([0])]));
        const code = this.#script.call(
          'datastore_insert_bsatn',
          tableId,
          longer,
          this.#script.placeU32(row.length + 1),
        );
        this.#expectCode(code, bsatnDecodeError, `insert of a row and a byte into ${of.name}`);
        break;
      }
      case 3: {
        // An index of another table.
        const other = TABLES.findIndex((candidate, i) => i !== table && candidate.indexes.length > 0);
        const index = this.#ids.indexes[other]![0]!;
        const code = this.#script.call('datastore_update_bsatn', tableId, index, at, this.#script.placeU32(row.length));
        this.#expectCode(code, noSuchIndex, `update of ${of.name} by an index of another table`);
        break;
      }
      case 4:
        this.#expectCode(
          this.#script.call('datastore_index_scan_point_bsatn', UNKNOWN_ID, at, row.length, out),
          noSuchIndex,
          'scan of no index',
        );
        break;
      case 5:
        this.#expectCode(this.#script.call('row_iter_bsatn_close', UNKNOWN_ID), noSuchIterator, 'close of no iterator');
        break;
      case 6:
        this.#expectCode(this.#script.call('datastore_clear', UNKNOWN_ID, out), noSuchTable, 'clear of no table');
        break;
      case 7: {
        const relation = this.#script.place(Buffer.concat([encodeValue('U32', 2n), row]));
        const code = this.#script.call('datastore_delete_all_by_eq_bsatn', tableId, relation, row.length + 4, out);
        this.#expectCode(code, bsatnDecodeError, `delete of two rows of which one is there, in ${of.name}`);
        break;
      }
      case 8: {
        const index = of.indexes.find(({ kind }) => kind !== 'Hash');
        if (index === undefined) return;
        const [one, id] = [this.#script.place(Buffer.from([3])), this.#indexId(table, index)];
        const code = this.#script.call('datastore_index_scan_range_bsatn', id, one, 1, 0, one, 1, one, 1, out);
        this.#expectCode(code, bsatnDecodeError, `a bound of no kind over ${index.name}`);
        break;
      }
      default:
    }
  }

  /** The values of a row that is there, some of them changed. */
  #similarValues(table: number, choices: Choices): readonly Value[] {
    const of = TABLES[table]!;
    const values = [...this.#existingRow(table, choices).values];
    const column = choices.below(of.columns.length);
    values[column] = randomValue(of.columns[column]!.type, choices);
    return values;
  }

  #existingRow(table: number, choices: Choices): ModelRow {
    const rows = this.#naive.rows(table);
    return rows.length === 0 ? modelRow(TABLES[table]!, randomValues(TABLES[table]!, choices)) : choices.pick(rows);
  }

  /** A key of some index: of a row that is there, most times. */
  #randomKey(table: number, choices: Choices): { index: ModelIndex; values: Value[] } | undefined {
    const { indexes, columns } = TABLES[table]!;
    if (indexes.length === 0) return undefined;
    const index = choices.pick(indexes);
    const row = this.#existingRow(table, choices);
    const values = index.columns.map((column) =>
      choices.oneIn(3) ? randomValue(columns[column]!.type, choices) : row.values[column]!,
    );
    return { index, values };
  }

  #keyBytes(table: number, { columns }: ModelIndex, values: readonly Value[]): Buffer {
    return Buffer.concat(values.map((value, i) => encodeValue(TABLES[table]!.columns[columns[i]!]!.type, value)));
  }

  #indexId(table: number, index: ModelIndex): number {
    return this.#ids.indexes[table]![TABLES[table]!.indexes.indexOf(index)]!;
  }
}

interface OpenScan {
  readonly table: number;
  /** In whose order the rows come; undefined for no order. */
  readonly index: ModelIndex | undefined;
  /** Where its handle is. */
  readonly out: number;
  readonly expected: readonly ModelRow[];
  readonly what: string;
}

export function expectSameRows(found: readonly ModelRow[], expected: readonly ModelRow[], what: string): void {
  const texts = (rows: readonly ModelRow[]): string[] => rows.map(({ values }) => values.join('|')).toSorted();
  // Hex first: comparing long lists of texts costs most of the time.
  const hex = (rows: readonly ModelRow[]): string =>
    rows
      .map((row) => row.hex)
      .toSorted()
      .join();
  if (hex(found) !== hex(expected)) expect(texts(found), what).toEqual(texts(expected));
}

function expectSorted(rows: readonly ModelRow[], { columns }: ModelIndex, what: string): void {
  for (let i = 1; i < rows.length; i++) {
    const order = columns
      .map((column) => compareValues(rows[i - 1]!.values[column]!, rows[i]!.values[column]!))
      .find((each) => each !== 0);
    expect(order ?? 0, `order of ${what}`).toBeLessThanOrEqual(0);
  }
}

const TEXTS = ['', 'a', 'b', 'ab', 'b\u0000', 'ä', 'zz', '\u{1f600}', 'x'.repeat(40)];

export function randomValues({ columns, sequences }: ModelTable, choices: Choices): Value[] {
  return columns.map(({ type }, column) =>
    sequences.some((sequence) => sequence.column === column) && !choices.oneIn(3) ? 0n : randomValue(type, choices),
  );
}

/** Mostly few different values, so that rows meet; now and then the ends of the range. */
export function randomValue(type: ColumnType, choices: Choices): Value {
  if (type === 'String') return choices.pick(TEXTS);
  const bits = BigInt(type.slice(1));
  const isSigned = type.startsWith('I');
  if (choices.oneIn(12)) {
    const [min, max] = isSigned ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
    return choices.oneIn(2) ? min : max;
  }
  return BigInt(choices.below(isSigned ? 9 : 6) - (isSigned ? 3 : 0));
}

/** Values of the whole range, so that few rows meet. */
function scatteredValues(of: ModelTable, choices: Choices): Value[] {
  return of.columns.map(({ type }) => {
    if (type === 'String') return choices.pick(TEXTS) + String(choices.below(1000));
    const value = BigInt(choices.below(2 ** 31));
    return type.startsWith('I')
      ? BigInt.asIntN(Number(type.slice(1)), value)
      : BigInt.asUintN(Number(type.slice(1)), value);
  });
}

function randomBound(type: ColumnType, choices: Choices): Bound {
  return { kind: choices.pick(['included', 'excluded', 'unbounded']), value: randomValue(type, choices) };
}

function boundBytes(type: ColumnType, { kind, value }: Bound): Buffer {
  const tag = Buffer.from([['included', 'excluded', 'unbounded'].indexOf(kind)]);
  return kind === 'unbounded' ? tag : Buffer.concat([tag, encodeValue(type, value)]);
}
