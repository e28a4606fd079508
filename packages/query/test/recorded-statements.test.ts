import { readFileSync } from 'node:fs';
import {
  ByteReader,
  ByteWriter,
  compileRow,
  formatJson,
  hexToBytes,
  isJsonArray,
  type JsonValue,
  parseJson,
  readJson,
  readType,
  typeToJson,
  types,
  writeJson,
} from '@lightcone/sats';
import { expect, test } from 'vitest';
import { QueryError, executeMutation, executeSelect, planStatement } from '../src/index.ts';
import type { SelectPlan } from '../src/index.ts';
import { MemoryDatabase, type TableShape } from './memory-database.ts';

/** Statements in order over two databases, with the answers of the reference server. Origin: see README.md. */
interface Recording {
  readonly schema: { readonly [database: string]: { readonly tables: readonly RecordedTable[] } };
  readonly entries: readonly Entry[];
}
interface RecordedTable {
  readonly name: string;
  readonly accessor?: string;
  readonly columns: readonly { readonly name: string; readonly type_bsatn_hex: string }[];
  readonly indexes?: readonly { readonly name: string; readonly columns: readonly number[] }[];
  readonly unique?: readonly (readonly number[])[];
}
interface Entry {
  readonly db: string;
  readonly caller?: string;
  readonly statement?: string;
  readonly call?: string;
  readonly args?: readonly unknown[];
  readonly error?: string;
  readonly columns?: readonly (readonly [name: string, type: string])[];
  readonly rows?: string;
  readonly stats?: readonly [inserted: number, deleted: number, updated: number];
}

const recording = JSON.parse(readFileSync(new URL('../vectors/sql.json', import.meta.url), 'utf8')) as Recording;

/** Why an entry is not run here, or undefined. */
function reasonToSkip({ statement = '', caller, error }: Entry): string | undefined {
  if (caller !== undefined) return 'permissions and row level security are the engine’s';
  if (/\bst_(?!var)/.test(statement)) return 'system tables are the engine’s';
  if (statement.includes('my_player')) return 'views are the engine’s';
  if (/\b(person|pk_multi_identity)\b/.test(statement) && error === undefined) return 'auto-increment is the store’s';
  if (statement.includes('person') && error?.startsWith('IndexError')) return 'auto-increment is the store’s';
  if (statement.endsWith('repeating_test_arg')) return 'the row comes from the module’s init';
  if (statement.startsWith('EXPLAIN')) return 'EXPLAIN is an extension';
  if (statement === 'SET row_limit = 6') return 'SET replaces the value, which the reference refuses';
  return undefined;
}

const VARIABLES: TableShape = {
  name: 'st_var',
  columns: [
    { name: 'name', type: types.string },
    {
      name: 'value',
      type: types.sum([
        ['Bool', types.bool],
        ['I8', types.i8],
        ['U8', types.u8],
        ['I16', types.i16],
        ['U16', types.u16],
        ['I32', types.i32],
        ['U32', types.u32],
        ['I64', types.i64],
        ['U64', types.u64],
        ['I128', types.i128],
        ['U128', types.u128],
        ['F32', types.f32],
        ['F64', types.f64],
        ['String', types.string],
      ]),
    },
  ],
};

const databases = new Map(
  Object.entries(recording.schema).map(([name, { tables }]) => [
    name,
    new MemoryDatabase([...tables.map(shapeOf), VARIABLES]),
  ]),
);
const sender = new Uint8Array(32).fill(0x55);

function shapeOf({ name, accessor, columns, indexes, unique }: RecordedTable): TableShape {
  return {
    name,
    accessorName: accessor,
    columns: columns.map((column) => ({
      name: column.name,
      type: readType(new ByteReader(hexToBytes(column.type_bsatn_hex) ?? new Uint8Array())),
    })),
    indexes: indexes?.map((index) => index.columns),
    unique: unique?.map(([column = 0]) => ({
      column,
      indexName: indexes?.find((index) => index.columns.join() === String(column))?.name ?? '',
    })),
  };
}

function databaseOf({ db }: Entry): MemoryDatabase {
  const database = databases.get(db);
  if (!database) throw new Error(`no database ${db}`);
  return database;
}

/** What is compared of an answer. */
interface Answer {
  readonly error?: string | undefined;
  readonly columns?: unknown;
  /** Rows as JSON texts, sorted: they come in no promised order. Of those that LIMIT chose only the number counts. */
  readonly rows?: readonly string[] | number | undefined;
  readonly stats?: readonly number[] | undefined;
}

function recordedAnswer({ statement = '', error, columns, rows, stats }: Entry): Answer {
  if (error?.startsWith('IndexError')) return { error: /Unique constraint violation '\w+'/.exec(error)?.[0] };
  if (error !== undefined) return { error };
  if (!columns || columns.length === 0) return { stats };
  const parsed = parseJson(rows ?? '');
  return { columns, rows: comparableRows(statement, isJsonArray(parsed) ? parsed : []) };
}

function ownAnswer(statement: string, database: MemoryDatabase): Answer {
  try {
    const plan = planStatement(statement, database);
    if (plan.kind === 'select') {
      const columns = plan.result.elements.map(({ name, type }) => [name, formatJson(typeToJson(type))]);
      return { columns, rows: comparableRows(statement, selectJson(plan, database)) };
    }
    if (plan.kind === 'explain') throw new Error('no recorded EXPLAIN is run');
    const counts = database.transaction(() => executeMutation(plan, database, sender, database));
    return { stats: [counts.rowsInserted, counts.rowsDeleted, counts.rowsUpdated] };
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    return { error: error.message };
  }
}

function comparableRows(statement: string, rows: readonly JsonValue[]): readonly string[] | number {
  return statement.includes('LIMIT') ? rows.length : rows.map(formatJson).toSorted();
}

function selectJson(plan: SelectPlan, database: MemoryDatabase): JsonValue[] {
  const rowType = compileRow(plan.result, []);
  const rows: JsonValue[] = [];
  executeSelect(plan, database, sender, {
    row(bytes, start, end) {
      const value = rowType.decode(new ByteReader(bytes, start, end));
      rows.push(parseJson(writeJson(plan.result, [], value, 'untyped')));
      return true;
    },
  });
  return rows;
}

/** A reducer `insert_<table>` of the recorded module inserts its arguments as one row. */
function callInsert(call: string, args: readonly unknown[]): Answer {
  for (const database of databases.values()) {
    const table = database.findTable(call.replace(/^insert_/, ''));
    if (!table) continue;
    const row = new ByteWriter();
    table.row.encode(row, readJson(table.row.type, [], parseJson(JSON.stringify(args))));
    database.insert(table.id, row.bytes, 0, row.length);
  }
  return {};
}

const entries = recording.entries.map((entry, index) => ({
  entry,
  index,
  title: entry.statement ?? `call ${entry.call}`,
  reason: reasonToSkip(entry),
}));

test.each(entries.filter(({ reason }) => reason === undefined))('$index: $title', ({ entry }) => {
  const { statement, call = '', args = [] } = entry;
  const answer = statement === undefined ? callInsert(call, args) : ownAnswer(statement, databaseOf(entry));
  expect(answer).toEqual(recordedAnswer(entry));
});

test('few entries are left out', () => {
  expect(entries.filter(({ reason }) => reason !== undefined)).toHaveLength(55);
});
