import type { Named } from '../module-tree.ts';
import type { ColumnDef, IndexDef, SequenceDef, TableDef, UniqueConstraintDef, ViewDef } from '../module-def.ts';

/**
 * How to bring a running database from one definition to the next.
 *
 * Reducers, procedures, HTTP handlers and types need no steps: they are in the definition only.
 */
export interface MigrationPlan {
  /** What keeps the database from being migrated, sorted, one line each. If there are any, follow no step. */
  readonly problems: readonly string[];
  /** What the data must fulfil before the first step. */
  readonly prechecks: readonly MigrationPrecheck[];
  /** In the order to follow them. */
  readonly steps: readonly MigrationStep[];
  /** Whether connected clients would hold wrong rows or types, so that all have to connect anew. */
  readonly breaksClients: boolean;
}

/** A name like the table's own is a full one: with the namespaces of submodules before it. */
type Table = Named<TableDef>;

export type MigrationPrecheck =
  | { readonly kind: 'tableIsEmpty'; readonly table: Table }
  | { readonly kind: 'hasNoDuplicates'; readonly table: Table; readonly constraint: Named<UniqueConstraintDef> }
  | { readonly kind: 'hasNoValuesInRange'; readonly table: Table; readonly sequence: Named<SequenceDef> };

/** Tables and their parts are those of the next definition, except in removals. */
export type MigrationStep =
  | { readonly kind: 'removeIndex'; readonly table: Table; readonly index: Named<IndexDef> }
  | { readonly kind: 'removeConstraint'; readonly table: Table; readonly constraint: Named<UniqueConstraintDef> }
  | { readonly kind: 'removeSequence'; readonly table: Table; readonly sequence: Named<SequenceDef> }
  | { readonly kind: 'removeView'; readonly view: Named<ViewDef> }
  | { readonly kind: 'removeRowLevelSecurity'; readonly sql: string }
  | { readonly kind: 'removeTable'; readonly table: Table }
  /** Enums got more variants: stored rows stay as they are, the row type changes. */
  | { readonly kind: 'changeColumnTypes'; readonly table: Table }
  /** The table is made anew, each row with the default values of the added columns at its end. */
  | { readonly kind: 'addColumns'; readonly table: Table; readonly columns: readonly ColumnDef[] }
  /** An event table, which has no rows, gets other columns. */
  | { readonly kind: 'replaceColumns'; readonly table: Table }
  /** Source names of the table, its columns or its indexes. */
  | { readonly kind: 'changeAccessorNames'; readonly table: Table }
  | { readonly kind: 'addTable'; readonly table: Table }
  | { readonly kind: 'addIndex'; readonly table: Table; readonly index: Named<IndexDef> }
  | { readonly kind: 'addConstraint'; readonly table: Table; readonly constraint: Named<UniqueConstraintDef> }
  | { readonly kind: 'addSequence'; readonly table: Table; readonly sequence: Named<SequenceDef> }
  | { readonly kind: 'addView'; readonly view: Named<ViewDef> }
  | { readonly kind: 'addRowLevelSecurity'; readonly sql: string }
  | { readonly kind: 'changeAccess'; readonly table: Table }
  | { readonly kind: 'changePrimaryKey'; readonly table: Table }
  /** The view is there as before; its rows, its names in the source and the enums in its rows may be others. */
  | { readonly kind: 'refreshView'; readonly view: Named<ViewDef> };

/** What is freed first, what is needed later first: steps are followed in the order of their kinds. */
export const STEP_ORDER: readonly MigrationStep['kind'][] = [
  'removeIndex',
  'removeConstraint',
  'removeSequence',
  'removeView',
  'removeRowLevelSecurity',
  'removeTable',
  'changeColumnTypes',
  'addColumns',
  'replaceColumns',
  'changeAccessorNames',
  'addTable',
  'addIndex',
  'addConstraint',
  'addSequence',
  'addView',
  'addRowLevelSecurity',
  'changeAccess',
  'changePrimaryKey',
  'refreshView',
];
