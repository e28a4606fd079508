import { type RowList, rowCount, rowStart } from '@lightcone/protocol';
import { ByteReader, compileType, parseJson, readJson, types } from '@lightcone/sats';

/** The rows of the module's public tables and its view, as plain values. */
export interface Rows {
  element: { readonly position: bigint; readonly key: number; readonly value: bigint };
  register: { readonly key: number; readonly value: bigint };
  outcome: { readonly transaction: bigint; readonly observed: bigint[][] };
  key_content: { readonly key: number; readonly list: bigint[]; readonly register: unknown };
}

export type TableName = keyof Rows;

export const TABLES: readonly TableName[] = ['element', 'register', 'outcome', 'key_content'];

const rowTypes = {
  element: types.product([['position', types.u64], ['key', types.u32], ['value', types.u64]]),
  register: types.product([['key', types.u32], ['value', types.u64]]),
  outcome: types.product([['transaction', types.u64], ['observed', types.array(types.array(types.u64))]]),
  key_content: types.product([['key', types.u32], ['list', types.array(types.u64)], ['register', types.option(types.u64)]]),
} as const; // prettier-ignore

export function isTable(name: string): name is TableName {
  return name in rowTypes;
}

export function decodeRows<Name extends TableName>(table: Name, list: RowList): Rows[Name][] {
  const type = compileType(rowTypes[table], []);
  return Array.from({ length: rowCount(list) }, (_, i) => {
    return type.decode(new ByteReader(list.data, rowStart(list, i), rowStart(list, i + 1))) as unknown as Rows[Name];
  });
}

/** @param rows each as JSON */
export function parseRows<Name extends TableName>(table: Name, rows: readonly string[]): Rows[Name][] {
  return rows.map((row) => readJson(rowTypes[table], [], parseJson(row)) as unknown as Rows[Name]);
}
