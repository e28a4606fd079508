import { resolveType, typeEquals } from '@lightcone/sats';
import type { ColumnDef, TableDef } from '../module-def.ts';
import type { Named } from '../module-tree.ts';
import { typeText } from '../typespace/type-text.ts';
import { typeChange } from './type-change.ts';

/** How the columns of a table differ from those of its predecessor. */
export type ColumnsChange =
  | { readonly kind: 'none' | 'typesExtended' }
  | { readonly kind: 'columnsAdded'; readonly columns: readonly ColumnDef[] }
  | { readonly kind: 'impossible'; readonly problems: readonly string[] };

/** Compares the columns of a table that holds rows. */
export function compareColumns(old: Named<TableDef>, next: Named<TableDef>): ColumnsChange {
  const before = old.definition.columns;
  const after = next.definition.columns;
  const table = next.fullName;
  const nextPositions = new Map(after.map((column, position) => [column.name, position]));
  const problems: string[] = [];
  let areTypesExtended = false;
  let areReordered = false;

  for (const [position, column] of before.entries()) {
    const nextPosition = nextPositions.get(column.name);
    const successor = nextPosition === undefined ? undefined : after[nextPosition];
    if (successor === undefined) {
      problems.push(
        `Removing a column ${column.name} from table ${table} requires a manual migration. Keep it, or publish with --delete-data.`,
      );
      continue;
    }
    if (nextPosition !== position) areReordered = true;
    const oldType = resolveType(column.type, old.module.typespace);
    const nextType = resolveType(successor.type, next.module.typespace);
    const change = typeChange(oldType, nextType);
    if (change.kind === 'extended') areTypesExtended = true;
    if (change.kind === 'incompatible') {
      const reason = change.reason === '' ? '' : `, ${change.reason},`;
      problems.push(
        `Changing the type of column ${column.name} in table ${table} from ${typeText(oldType)} to ${typeText(nextType)}${reason} requires a manual migration. Add a new column instead, or publish with --delete-data.`,
      );
    }
  }
  if (areReordered) {
    problems.push(
      `Reordering table ${table} requires a manual migration. Keep its columns in the order ${before.map((column) => column.name).join(', ')} with new ones at the end, or publish with --delete-data.`,
    );
  }
  const oldNames = new Set(before.map((column) => column.name));
  const added = after.filter((column) => !oldNames.has(column.name));
  for (const column of added) {
    if (column.defaultValue !== undefined) continue;
    problems.push(
      `Adding a column ${column.name} to table ${table} requires a default value annotation. Give it one, or publish with --delete-data.`,
    );
  }

  if (problems.length > 0) return { kind: 'impossible', problems };
  if (added.length > 0) return { kind: 'columnsAdded', columns: added };
  return { kind: areTypesExtended ? 'typesExtended' : 'none' };
}

/** Whether two tables have columns of the same names and types in the same order. */
export function areColumnsEqual(old: Named<TableDef>, next: Named<TableDef>): boolean {
  const before = old.definition.columns;
  const after = next.definition.columns;
  return (
    before.length === after.length &&
    before.every((column, position) => {
      const successor = after[position]!; // as many as before
      return (
        column.name === successor.name &&
        typeEquals(resolveType(column.type, old.module.typespace), resolveType(successor.type, next.module.typespace))
      );
    })
  );
}
