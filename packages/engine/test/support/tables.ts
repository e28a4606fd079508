import { type AlgebraicType, types } from '@lightcone/sats';
import type { RawTableDefV10 } from '../../../schema/src/raw/raw-v10.ts';
import { KEYED, rawTable, sequence } from '../../../schema/test/raw-modules.ts';
import type { AnyModuleParts } from './any-module.ts';

export type Columns = readonly (readonly [string, AlgebraicType])[];

/** Columns that suit most tests. */
export const PERSON: Columns = [
  ['id', types.u64],
  ['name', types.string],
];
export const AUTO_KEYED: Partial<RawTableDefV10> = { ...KEYED, sequences: [sequence()] };
export const u8 = (value: number): Uint8Array => Uint8Array.of(value);
export const index = (
  name: string,
  tag: 'BTree' | 'Hash',
  ...columns: number[]
): RawTableDefV10['indexes'][number] => ({
  name,
  accessorName: undefined,
  algorithm: { tag, columns },
});

/** A module of one table, `person`. */
export function people(parts: Partial<RawTableDefV10> = {}, columns: Columns = PERSON): AnyModuleParts {
  return tables([{ name: 'person', ...parts }, columns]);
}

/** The parts of a module with some tables; their enums get names. */
export function tables(...list: (readonly [Partial<RawTableDefV10>, Columns])[]): AnyModuleParts {
  const typespace: AlgebraicType[] = list.map(([, columns]) => types.product(columns));
  const named = list.map(([{ name }], ref) => ({ scope: [], name: `Row${name}`, ref, customOrdering: true }));
  // Enums have to have names.
  for (const [ref, [, columns]] of list.entries()) {
    const fields = columns.map(([name, type]) => {
      if (type.tag !== 'Sum' || type === types.scheduleAt || type.variants[0]?.name === 'some')
        return [name, type] as const;
      named.push({ scope: [], name: `Enum${typespace.length}`, ref: typespace.length, customOrdering: true });
      return [name, types.ref(typespace.push(type) - 1)] as const;
    });
    typespace[ref] = types.product(fields);
  }
  return {
    typespace,
    types: named,
    tables: list.map(([parts], productTypeRef) => rawTable({ ...parts, productTypeRef })),
  };
}
