import { readFileSync, readdirSync } from 'node:fs';
import { type AlgebraicValue, ByteReader, compileRow, types } from '@lightcone/sats';
import { describe, expect, test } from 'vitest';
import {
  QueryError,
  executeMutation,
  executeSelect,
  planQuery,
  planStatement,
  planSubscription,
  visitRows,
} from '../src/index.ts';
import type { RowsPlan, SelectPlan } from '../src/index.ts';
import { MemoryDatabase } from './memory-database.ts';
import { parseScript } from './sqllogictest/parse-script.ts';
import { generateScript } from './sqllogictest/generate-script.ts';
import { SEEDS, scriptFile } from './sqllogictest/generated-scripts.ts';
import { type Answer, found, splitScript, wanted } from './sqllogictest/run-script.ts';
import type { ScriptSchema } from './sqllogictest/script-schema.ts';

const folder = new URL('../vectors/sqllogictest/', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.slt'));
const sender = new Uint8Array(32).fill(0x55);

function databaseOf({ tables, filters }: ScriptSchema): MemoryDatabase {
  if (filters.length > 0) throw new Error('scripts with filters are the engine’s');
  return new MemoryDatabase(
    tables.map(({ name, isPublic, isEvent, columns, indexes }) => ({
      name,
      isPrivate: !isPublic,
      isEvent,
      columns,
      indexes,
      unique: columns.flatMap(({ isUnique }, column) =>
        isUnique ? [{ column, indexName: `${name}_${columns[column]?.name}_idx_btree` }] : [],
      ),
    })),
  );
}

/** How the connections of scripts run SQL. */
const connections: Readonly<Record<string, (database: MemoryDatabase, sql: string) => Answer>> = {
  owner: runStatement,
  subscription: (database, sql) => runPlan(planSubscription(sql, database), database),
  'one-off': (database, sql) => runPlan(planQuery(sql, database), database),
};

function runStatement(database: MemoryDatabase, sql: string): Answer {
  const plan = planStatement(sql, database);
  if (plan.kind === 'select') return select(plan, database);
  if (plan.kind === 'explain') throw new Error('scripts with EXPLAIN are the engine’s');
  const counts = database.transaction(() => executeMutation(plan, database, sender, database));
  return { kind: 'changes', count: counts.rowsInserted + counts.rowsDeleted + counts.rowsUpdated };
}

function select(plan: SelectPlan, database: MemoryDatabase): Answer {
  const { decode } = compileRow(plan.result, []);
  const rows: AlgebraicValue[] = [];
  executeSelect(plan, database, sender, {
    row(bytes, start, end) {
      rows.push(decode(new ByteReader(bytes, start, end)));
      return true;
    },
  });
  return { kind: 'rows', columns: plan.result, rows };
}

function runPlan(plan: RowsPlan, database: MemoryDatabase): Answer {
  const rows: AlgebraicValue[] = [];
  visitRows(plan, database, sender, {
    row(bytes, start, end) {
      rows.push(plan.table.row.decode(new ByteReader(bytes, start, end)));
      return true;
    },
  });
  return { kind: 'rows', columns: types.product(plan.table.columns.map(({ name, type }) => [name, type])), rows };
}

function answer(connection: string, database: MemoryDatabase, sql: string): Answer {
  const run = connections[connection];
  if (!run) throw new Error(`no connection is called ${connection}`);
  try {
    return run(database, sql);
  } catch (error) {
    if (error instanceof QueryError) return { kind: 'error', message: error.message };
    throw error;
  }
}

/** Whether a query of the statement dialect is one of the subscription dialect. */
function isWholeRows(sql: string): boolean {
  return /^SELECT (\w+\.)?\* /i.test(sql) && !/\bLIMIT\b/i.test(sql);
}

describe.each(files)('%s', (file) => {
  const { schema, statements } = splitScript(parseScript(readFileSync(new URL(file, folder), 'utf8')));
  const database = databaseOf(schema);
  test.each(statements)('$line: $sql', (record) => {
    expect(found(record, answer(record.connection, database, record.sql))).toEqual(wanted(record));
    if (record.kind === 'query' && record.connection === 'owner' && isWholeRows(record.sql)) {
      expect(found(record, answer('one-off', database, record.sql))).toEqual(wanted(record));
    }
  });
});

test('the corpus has more than a thousand statements', () => {
  const scripts = files.map((file) => parseScript(readFileSync(new URL(file, folder), 'utf8')));
  expect(scripts.flat().length).toBeGreaterThan(1000);
});

test.each(SEEDS)('the script of seed %i is what the generator writes', (seed) => {
  expect(generateScript(seed)).toBe(readFileSync(scriptFile(seed), 'utf8'));
});
