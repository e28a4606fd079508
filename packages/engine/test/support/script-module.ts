import { types } from '@lightcone/sats';
import type { ScriptSchema, ScriptTable } from '../../../query/test/sqllogictest/script-schema.ts';
import type { RawTableDefV10 } from '../../../schema/src/raw/raw-v10.ts';
import { btree, rawTable, sequence, unique } from '../../../schema/test/raw-modules.ts';
import { anyModule } from './any-module.ts';

/** The module whose tables a sqllogictest script declares. */
export function scriptModule({ tables, filters }: ScriptSchema): Uint8Array {
  return anyModule({
    typespace: tables.map(({ columns }) => types.product(columns.map(({ name, type }) => [name, type]))),
    types: tables.map(({ name }, ref) => ({ scope: [], name: `Row_${name}`, ref, customOrdering: true })),
    tables: tables.map(rawTableOf),
    rowLevelSecurity: filters,
  });
}

function rawTableOf(table: ScriptTable, productTypeRef: number): RawTableDefV10 {
  const { name, isPublic, isEvent, columns, indexes } = table;
  const positions = (has: (column: ScriptTable['columns'][number]) => boolean): number[] =>
    columns.flatMap((column, position) => (has(column) ? [position] : []));
  return rawTable({
    name,
    productTypeRef,
    isEvent,
    tableAccess: isPublic ? 'Public' : 'Private',
    primaryKey: positions(({ isPrimaryKey }) => isPrimaryKey),
    constraints: positions(({ isUnique }) => isUnique).map((position) => unique(position)),
    sequences: positions(({ isAutoIncremented }) => isAutoIncremented).map((column) => sequence({ column })),
    indexes: indexes.map((on) => ({
      ...btree(...on),
      name: `${name}_${on.map((position) => columns[position]?.name).join('_')}_idx_btree`,
    })),
  });
}
