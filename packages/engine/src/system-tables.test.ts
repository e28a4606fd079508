import { readFileSync } from 'node:fs';
import { ByteWriter, bytesToHex, writeType } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { systemTableDefinition } from './bootstrap.ts';
import { SYSTEM_TABLES } from './system-tables.ts';

interface RecordedTable {
  readonly id: number;
  readonly name: string;
  readonly access: 'public' | 'private';
  readonly primary_key: number[] | null;
  readonly columns: { name: string; bsatn_type_hex: string }[];
  readonly indexes: { id: number; name: string; algorithm: [number, number[]] }[];
  readonly constraints: { id: number; name: string; unique: number[] }[];
  readonly sequences: { id: number; column: number; allocated_at_bootstrap: number }[];
}

const recorded = JSON.parse(readFileSync(new URL('../vectors/system-tables.json', import.meta.url), 'utf8')) as {
  bootstrap_row_order: string[];
  tables: RecordedTable[];
};

test('the tables come in the order of the recorded bootstrap rows', () => {
  expect(SYSTEM_TABLES.map(({ name }) => name)).toEqual(recorded.bootstrap_row_order);
});

test.each(recorded.tables)('$name is as recorded', (expected) => {
  const table = SYSTEM_TABLES.find(({ id }) => id === expected.id)!;
  const definition = systemTableDefinition(table);
  expect({
    id: table.id,
    name: table.name,
    access: table.isPublic ? 'public' : 'private',
    primary_key: table.primaryKey === undefined ? null : [table.primaryKey],
    columns: table.columns.map(([name, type]) => {
      const writer = new ByteWriter();
      writeType(writer, type);
      return { name, type: bytesToHex(writer.written()) };
    }),
    indexes: definition.indexes.map(({ id, name, columns }) => ({ id, name, columns })),
    constraints: table.uniqueConstraints.map(({ id, columns }) => ({ id, columns })),
    sequences: definition.sequences.map(({ id, column, allocated }) => ({ id, column, allocated })),
  }).toEqual({
    id: expected.id,
    name: expected.name,
    access: expected.access,
    primary_key: expected.primary_key,
    columns: expected.columns.map(({ name, bsatn_type_hex }) => ({ name, type: bsatn_type_hex })),
    indexes: expected.indexes.map(({ id, name, algorithm }) => ({ id, name, columns: algorithm[1] })),
    constraints: expected.constraints.map(({ id, unique }) => ({ id, columns: unique })),
    sequences: expected.sequences.map(({ id, column, allocated_at_bootstrap }) => ({
      id,
      column,
      allocated: BigInt(allocated_at_bootstrap),
    })),
  });
});
