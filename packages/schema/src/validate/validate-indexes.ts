import { type AlgebraicType, typeEquals, types } from '@lightcone/sats';
import type { IndexAlgorithm, IndexDef, UniqueConstraintDef } from '../module-def.ts';
import { constraintName, indexName } from '../names/generated-names.ts';
import type { RawConstraintDef, RawIndexAlgorithm, RawIndexDef } from '../raw/raw-parts.ts';
import { typeText } from '../typespace/type-text.ts';
import type { TableScope } from './table-scope.ts';

export function validateIndexes(scope: TableScope, indexes: readonly RawIndexDef[]): IndexDef[] {
  return indexes.map((raw) => {
    const algorithm = algorithmOf(raw.algorithm);
    const name = canonicalName(scope, raw, algorithm);
    const user = `index \`${name}\``;
    scope.checkColumns(algorithm.columns, user);
    if (algorithm.kind === 'direct') checkDirect(scope, algorithm, name);
    if (scope.context.isV10 && raw.name === undefined) {
      scope.add('INDEX_WITHOUT_SOURCE_NAME', `${user} in ${scope.where} has no source name`);
    }
    const sourceName = (scope.context.isV10 ? raw.name : undefined) ?? name;
    scope.context.takeEntityName(name, raw, scope.where);
    scope.context.takeEntityName(sourceName, raw, scope.where);
    return { name, sourceName, accessorName: raw.accessorName, algorithm };
  });
}

function algorithmOf(raw: RawIndexAlgorithm): IndexAlgorithm {
  switch (raw.tag) {
    case 'BTree':
      return { kind: 'btree', columns: raw.columns };
    case 'Hash':
      return { kind: 'hash', columns: raw.columns };
    case 'Direct':
      return { kind: 'direct', columns: [raw.column] };
  }
}

/** Before version 10 the name that the module gives; in version 10 that is the source name, and only an explicit one counts. */
function canonicalName(scope: TableScope, raw: RawIndexDef, algorithm: IndexAlgorithm): string {
  const generated = indexName(scope.name, scope.columnNames, algorithm);
  if (raw.name === undefined) return generated;
  if (!scope.context.isV10) return raw.name;
  const explicit = scope.context.names.explicitIndex(raw.name);
  if (explicit !== undefined) scope.context.checkIdentifier(explicit, `${scope.where} index \`${explicit}\``);
  return explicit ?? generated;
}

function checkDirect(scope: TableScope, { columns }: IndexAlgorithm, name: string): void {
  const [position] = columns;
  const column = position === undefined ? undefined : scope.columns[position];
  if (column === undefined || isDirectKey(column.type) || isDirectKey(scope.context.resolveRef(column.type))) return;
  scope.add(
    'DIRECT_INDEX_ON_BAD_TYPE',
    `Direct index does not support type \`${typeText(column.type)}\` in column \`${column.name}\` in index \`${name}\``,
  );
}

function isDirectKey(type: AlgebraicType): boolean {
  switch (type.tag) {
    case 'U8':
    case 'U16':
    case 'U32':
    case 'U64':
      return true;
    case 'Sum':
      return type.variants.every((variant) => typeEquals(variant.type, types.unit));
    default:
      return false;
  }
}

/** @param indexes of the same table: every unique constraint needs one */
export function validateUniqueConstraints(
  scope: TableScope,
  constraints: readonly RawConstraintDef[],
  indexes: readonly IndexDef[],
): UniqueConstraintDef[] {
  const indexedColumns = new Set(indexes.map((index) => String(ascending(index.algorithm.columns))));
  return constraints.map((raw) => {
    const generated = constraintName(scope.name, scope.columnNames, raw.columns);
    const name = (scope.context.isV10 ? undefined : raw.name) ?? generated;
    const user = `constraint \`${name}\``;
    const areColumnsSound = scope.checkColumns(raw.columns, user);
    scope.context.takeEntityName(name, raw, scope.where);
    const columns = ascending(raw.columns);
    if (areColumnsSound && !indexedColumns.has(String(columns))) {
      const names = columns.map((column) => scope.columnNames[column]).join(', ');
      const message = `No index found in ${scope.where} to support unique constraint \`${name}\` for columns ${names}`;
      scope.add('UNIQUE_CONSTRAINT_WITHOUT_INDEX', message);
    }
    return { name, columns };
  });
}

function ascending(columns: readonly number[]): number[] {
  return columns.toSorted((a, b) => a - b);
}
