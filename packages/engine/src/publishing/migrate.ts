import {
  type IndexDef,
  type MigrationPlan,
  type MigrationStep,
  type Named,
  type TableDef,
  qualifiedTable,
  qualifiedView,
} from '@lightcone/schema';
import type { AlgebraicValue } from '@lightcone/sats';
import type { Store, Table, Transaction } from '@lightcone/store';
import { describeTable } from '../describe-tables.ts';
import {
  createTable,
  describeAccessorNames,
  describeColumns,
  describeConstraint,
  describeIndex,
  describeSequence,
  dropTable,
  forgetAccessorNames,
} from '../schema-objects.ts';
import { deleteRows, insertRow } from '../system-rows.ts';
import { SYSTEM_TABLE_IDS as ID } from '../system-tables.ts';
import { createView, dropView, redescribeView } from '../views/view-objects.ts';
import { addColumns } from './add-columns.ts';

/**
 * Follows the steps of a plan in an open transaction.
 *
 * The system tables are changed first; a table of the store then becomes what they say of it.
 * @throws StoreError for rows that do not fit; the transaction has to be rolled back then
 */
export function migrate(store: Store, transaction: Transaction, plan: MigrationPlan): void {
  const migration = new Migration(store, transaction);
  // Tables and views may change names with each other, so all names go before the first comes.
  for (const step of plan.steps) {
    if (step.kind === 'changeAccessorNames') migration.forgetAccessorNames(step.table);
    if (step.kind === 'refreshView') migration.forgetAccessorNames(step.view);
  }
  for (const step of plan.steps) migration.follow(step);
}

class Migration {
  readonly #store: Store;
  readonly #transaction: Transaction;

  constructor(store: Store, transaction: Transaction) {
    this.#store = store;
    this.#transaction = transaction;
  }

  forgetAccessorNames(table: Named<unknown>): void {
    forgetAccessorNames(this.#store, this.#transaction, this.#table(table).definition);
  }

  follow(step: MigrationStep): void {
    const store = this.#store;
    const transaction = this.#transaction;
    switch (step.kind) {
      case 'removeIndex':
        this.#deleteNamed(ID.index, 'index_name', step.index.fullName);
        this.#deleteNamed(ID.indexAccessor, 'index_name', step.index.fullName);
        this.#redefine(step.table);
        break;
      case 'removeConstraint':
        this.#deleteNamed(ID.constraint, 'constraint_name', step.constraint.fullName);
        this.#redefine(step.table);
        break;
      case 'removeSequence':
        this.#deleteNamed(ID.sequence, 'sequence_name', step.sequence.fullName);
        this.#redefine(step.table);
        break;
      case 'removeTable':
        dropTable(store, transaction, this.#table(step.table));
        break;
      case 'changeColumnTypes':
      case 'replaceColumns':
        this.#replaceColumns(step.table);
        break;
      case 'addColumns':
        addColumns(store, transaction, this.#table(step.table), step.table);
        break;
      case 'changeAccessorNames':
        describeAccessorNames(store, transaction, qualifiedTable(step.table));
        break;
      case 'addTable':
        createTable(store, transaction, qualifiedTable(step.table), step.table.module.typespace);
        break;
      case 'addIndex':
        describeIndex(store, transaction, this.#id(step.table), qualifiedIndex(step.table, step.index.fullName));
        this.#redefine(step.table);
        break;
      case 'addConstraint': {
        const { definition, fullName } = step.constraint;
        describeConstraint(store, transaction, this.#id(step.table), { ...definition, name: fullName });
        this.#redefine(step.table);
        break;
      }
      case 'addSequence': {
        const { definition, fullName } = step.sequence;
        describeSequence(store, transaction, this.#id(step.table), { ...definition, name: fullName });
        this.#redefine(step.table);
        break;
      }
      case 'changeAccess':
        this.#changeTableRow(step.table, { table_access: step.table.definition.access });
        break;
      case 'changePrimaryKey': {
        const { primaryKey } = step.table.definition;
        const value = primaryKey === undefined ? { tag: 'none', value: {} } : { tag: 'some', value: [primaryKey] };
        this.#changeTableRow(step.table, { table_primary_key: value });
        break;
      }
      case 'addView':
        createView(store, transaction, qualifiedView(step.view), step.view.module.typespace);
        break;
      case 'removeView':
        dropView(store, transaction, step.view.fullName);
        break;
      case 'refreshView':
        // Its rows come when the steps are done: all views that are live run anew.
        redescribeView(store, transaction, qualifiedView(step.view), step.view.module.typespace);
        break;
      case 'addRowLevelSecurity':
      case 'removeRowLevelSecurity':
        break; // all rules are written anew when the steps are done
    }
  }

  #table({ fullName }: Named<unknown>): Table {
    // Not by the catalog, which does not know of this transaction.
    for (const table of this.#store.tables.values()) if (table.definition.name === fullName) return table;
    throw new Error(`the plan speaks of table ${fullName}, which the database does not have`);
  }

  #id(table: Named<TableDef>): number {
    return this.#table(table).definition.id;
  }

  /** Makes the table of the store what the system tables say of it by now. */
  #redefine(named: Named<TableDef>): void {
    const table = this.#table(named);
    this.#transaction.redefineTable(table, describeTable(this.#store, table.definition.id).definition);
  }

  /** Describes the columns as the next definition has them; rows of stored tables are of the new types too. */
  #replaceColumns(named: Named<TableDef>): void {
    const id = this.#id(named);
    const { fullName, module } = named;
    deleteRows(this.#store, this.#transaction, ID.column, (row) => row['table_id'] === id);
    deleteRows(this.#store, this.#transaction, ID.columnAccessor, (row) => row['table_name'] === fullName);
    describeColumns(this.#store, this.#transaction, id, qualifiedTable(named), module.typespace);
    this.#redefine(named);
  }

  #changeTableRow(named: Named<TableDef>, change: { readonly [column: string]: AlgebraicValue }): void {
    const id = this.#id(named);
    const [row] = deleteRows(this.#store, this.#transaction, ID.table, (candidate) => candidate['table_id'] === id);
    insertRow(this.#store, this.#transaction, ID.table, { ...row, ...change });
  }

  #deleteNamed(systemTable: number, column: string, name: string): void {
    deleteRows(this.#store, this.#transaction, systemTable, (row) => row[column] === name);
  }
}

function qualifiedIndex(table: Named<TableDef>, fullName: string): IndexDef {
  const index = qualifiedTable(table).indexes.find(({ name }) => name === fullName);
  if (index === undefined) throw new Error(`table ${table.fullName} has no index ${fullName}`);
  return index;
}
