import type { Operation } from '@lightcone/serializability';
import { listName, registerName } from './call.ts';
import type { Rows, TableName } from './tables.ts';

/** A query that is asked once: of the list or the register of one key, or of the view, which has both of some keys. */
export interface OneOffQuery {
  readonly table: Exclude<TableName, 'outcome'>;
  readonly key: number;
}

/** @param random from 0 to below 1 */
export function randomQuery(random: () => number, keys: readonly number[]): OneOffQuery {
  const tables = ['element', 'register', 'key_content'] as const;
  const any = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!; // there are some
  return { table: any(tables), key: any(keys) };
}

export function queryText({ table, key }: OneOffQuery): string {
  return table === 'key_content' ? 'SELECT * FROM key_content' : `SELECT * FROM ${table} WHERE key = ${key}`;
}

/** What the answer says of the database. @param rows of the table that the query is of */
export function queryReads({ table, key }: OneOffQuery, rows: readonly Rows[TableName][]): Operation[] {
  if (table === 'element') {
    const elements = rows as Rows['element'][];
    return [{ kind: 'readList', key: listName(key), values: valuesOf(elements) }];
  }
  if (table === 'register') {
    const [register] = rows as Rows['register'][];
    return [{ kind: 'readRegister', key: registerName(key), value: register && Number(register.value) }];
  }
  return (rows as Rows['key_content'][]).flatMap((row): Operation[] => [
    { kind: 'readList', key: listName(row.key), values: row.list.map(Number) },
    { kind: 'readRegister', key: registerName(row.key), value: numberIn(row.register) },
  ]);
}

function valuesOf(elements: readonly Rows['element'][]): number[] {
  const sorted = elements.toSorted((left, right) => (left.position < right.position ? -1 : 1));
  return sorted.map(({ value }) => Number(value));
}

/** The number of an option. */
export function numberIn(option: unknown): number | undefined {
  if (typeof option === 'bigint') return Number(option);
  const { tag, value } = (option ?? { tag: 'none' }) as { tag: string; value?: bigint };
  return tag === 'some' && value !== undefined ? Number(value) : undefined;
}
