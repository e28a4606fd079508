import { type AlgebraicValue, ByteReader, type SumValue } from '@lightcone/sats';
import { type RowPointer, type Store, StoreError, type Table, findDuplicateKeys } from '@lightcone/store';
import { type TableDescription, describeTables } from '../describe-tables.ts';
import { readRows } from '../system-rows.ts';
import { SYSTEM_TABLE_IDS as ID, SYSTEM_TABLES } from '../system-tables.ts';
import type { DatabaseFinding } from './database-finding.ts';
import type { ReplayedDatabase } from './replayed-database.ts';

/** Keys that are named for one constraint; there may be more. */
const MAX_KEYS_NAMED = 10;

/**
 * Checks the tables of a database that was replayed: that what describes them fits together, that unique columns are
 * unique, and where sequences stand.
 */
export function checkState({ store }: ReplayedDatabase): DatabaseFinding[] {
  const findings = [...danglingReferences(store)];
  let descriptions: Iterable<TableDescription>;
  try {
    descriptions = describeTables(store).values();
  } catch (error) {
    return [...findings, undescribed(error)];
  }
  for (const description of descriptions) {
    const problem = describedWrongly(description);
    if (problem !== undefined) findings.push(damage('STATE_INVALID_DESCRIPTION', description.name, problem));
    const table = store.tables.get(description.id);
    if (problem !== undefined || table === undefined) continue;
    findings.push(...duplicateKeys(table, description), ...sequencesBehind(table, description));
  }
  return findings;
}

/**
 * Whether a server could make the tables with their indexes and sequences. Ends the replay: the tables are ready for
 * transactions then.
 */
export function findIndexProblem({ store, replay }: ReplayedDatabase): DatabaseFinding | undefined {
  try {
    for (const { definition } of describeTables(store).values()) replay.define(definition);
    replay.finish();
    return undefined;
  } catch (error) {
    if (error instanceof StoreError && error.code === 'STORE_UNIQUE_VIOLATION') {
      return damage('STATE_DUPLICATE_KEY', undefined, error.message);
    }
    return undescribed(error);
  }
}

function describedWrongly({ columns, definition }: TableDescription): string | undefined {
  if (columns.length === 0) return 'it has no columns in st_column';
  const inRange = (column: number): boolean => column < columns.length;
  for (const { name, columns: indexed } of definition.indexes) {
    if (indexed.length === 0 || !indexed.every(inRange)) {
      return `index ${name} is on columns [${indexed.join(', ')}], of which there are ${columns.length}`;
    }
  }
  const sequence = definition.sequences.find(({ column }) => !inRange(column));
  if (sequence === undefined) return undefined;
  return `sequence ${sequence.id} is on column ${sequence.column}, of which there are ${columns.length}`;
}

function* duplicateKeys(table: Table, { name, definition }: TableDescription): Generator<DatabaseFinding> {
  for (const index of definition.indexes) {
    if (!index.isUnique) continue;
    for (const { text, rowCount } of findDuplicateKeys(table, index.columns, MAX_KEYS_NAMED)) {
      const message = `${rowCount} rows have the value ${text}, which ${index.name} allows once`;
      yield damage('STATE_DUPLICATE_KEY', name, message);
    }
  }
}

/**
 * A row may have a value that its sequence has not handed out, since callers may give one. The sequence will run into
 * it: that is no damage, and worth knowing.
 */
function* sequencesBehind(table: Table, { name, columns, definition }: TableDescription): Generator<DatabaseFinding> {
  for (const { id, column, increment, allocated, min, max } of definition.sequences) {
    let furthest: bigint | undefined;
    for (let row = table.first(); row >= 0; row = table.next(row)) {
      const value = integerAt(table, row, column);
      if (value === undefined || value < min || value > max) continue;
      if (furthest === undefined || (increment > 0n ? value > furthest : value < furthest)) furthest = value;
    }
    if (furthest === undefined || (increment > 0n ? furthest < allocated : furthest > allocated)) continue;
    yield {
      severity: 'warning',
      code: 'STATE_SEQUENCE_BEHIND',
      txOffset: undefined,
      table: name,
      message:
        `column ${columns[column]!.name} has the value ${furthest}, and sequence ${id} goes on from ${allocated}: ` +
        'unless rows with a value of their own were inserted, it should be past that',
    };
  }
}

function integerAt(table: Table, row: RowPointer, column: number): bigint | undefined {
  const access = table.definition.row.columns[column]!; // checked with the description
  const bytes = table.bytes(row);
  const value = access.type.decode(new ByteReader(bytes, access.start(bytes, table.start(row)), table.end(row)));
  return typeof value === 'number' || typeof value === 'bigint' ? BigInt(value) : undefined;
}

interface Reference {
  readonly from: number;
  readonly column: string;
  readonly to: number;
  readonly target: string;
}

const REFERENCES: readonly Reference[] = [
  ...[ID.column, ID.index, ID.constraint, ID.sequence, ID.scheduled, ID.rowLevelSecurity, ID.eventTable, ID.view].map(
    (from) => ({ from, column: 'table_id', to: ID.table, target: 'table_id' }),
  ),
  ...[ID.viewParam, ID.viewColumn].map((from) => ({ from, column: 'view_id', to: ID.view, target: 'view_id' })),
  ...[ID.tableAccessor, ID.columnAccessor].map((from) => {
    return { from, column: 'table_name', to: ID.table, target: 'table_name' };
  }),
  { from: ID.indexAccessor, column: 'index_name', to: ID.index, target: 'index_name' },
  { from: ID.connectionCredentials, column: 'connection_id', to: ID.client, target: 'connection_id' },
];

const systemTableNames = new Map(SYSTEM_TABLES.map(({ id, name }) => [id, name]));

/** Rows of system tables about something that is not there. */
function* danglingReferences(store: Store): Generator<DatabaseFinding> {
  for (const { from, column, to, target } of REFERENCES) {
    const known = new Set(readRows(store, to).map((row) => row[target]));
    const name = systemTableNames.get(from);
    for (const row of readRows(store, from)) {
      const value = presentValue(row[column]);
      if (value === undefined || known.has(value)) continue;
      const message = `a row has ${column} ${JSON.stringify(String(value))}, which ${systemTableNames.get(to)} does not have`;
      yield { severity: 'warning', code: 'STATE_DANGLING_REFERENCE', txOffset: undefined, table: name, message };
    }
  }
}

/** What a column refers to; undefined for an option that is none. */
function presentValue(value: AlgebraicValue | undefined): string | number | bigint | undefined {
  // Columns that refer to something are texts, integers, or options of these.
  if (typeof value !== 'object') return value as string | number | bigint;
  const { tag, value: inner } = value as SumValue;
  return tag === 'none' ? undefined : (inner as number);
}

/** Rows that describe tables can be wrong in more ways than have a name, so that any error counts as theirs. */
function undescribed(error: unknown): DatabaseFinding {
  const reason = error instanceof Error ? error.message : String(error);
  return damage('STATE_INVALID_DESCRIPTION', undefined, `the tables cannot be made as they are described: ${reason}`);
}

function damage(code: DatabaseFinding['code'], table: string | undefined, message: string): DatabaseFinding {
  return { severity: 'damage', code, txOffset: undefined, table, message };
}
