import { resolveType, typeEquals } from '@lightcone/sats';
import type { IndexDef, ModuleDef, SequenceDef, TableDef, ViewDef } from '../module-def.ts';
import { type ModuleInTree, type Named, walkModules } from '../module-tree.ts';
import { areColumnsEqual, compareColumns } from './compare-columns.ts';
import { type MigrationPlan, type MigrationPrecheck, type MigrationStep, STEP_ORDER } from './migration-plan.ts';
import { typeChange } from './type-change.ts';

/**
 * Plans how a database that runs `old` becomes one that runs `next`. Looks at definitions only: what
 * depends on the rows is left to the plan's prechecks.
 */
export function planMigration(old: ModuleDef, next: ModuleDef): MigrationPlan {
  const planner = new MigrationPlanner();
  planner.compare(old, next);
  return planner.plan();
}

class MigrationPlanner {
  readonly #problems = new Set<string>();
  readonly #prechecks: MigrationPrecheck[] = [];
  readonly #steps: MigrationStep[] = [];
  #breaksClients = false;

  compare(old: ModuleDef, next: ModuleDef): void {
    const tables = diff(
      collect(old, (module) => module.tables),
      collect(next, (module) => module.tables),
    );
    for (const table of tables.removed) this.#removeTable(table);
    for (const [before, after] of tables.kept) this.#compareTables(before, after);
    for (const table of tables.added) this.#steps.push({ kind: 'addTable', table });

    const views = diff(
      collect(old, (module) => module.views),
      collect(next, (module) => module.views),
    );
    for (const view of views.removed) this.#removeView(view);
    for (const [before, after] of views.kept) this.#compareViews(before, after);
    for (const view of views.added) this.#steps.push({ kind: 'addView', view });

    this.#compareRowLevelSecurity(old, next);
  }

  plan(): MigrationPlan {
    return {
      problems: [...this.#problems].sort(),
      prechecks: this.#prechecks,
      // Sorting is stable: within a kind, the order of the definition stays.
      steps: this.#steps.sort((a, b) => STEP_ORDER.indexOf(a.kind) - STEP_ORDER.indexOf(b.kind)),
      breaksClients: this.#breaksClients,
    };
  }

  #removeTable(table: Named<TableDef>): void {
    this.#prechecks.push({ kind: 'tableIsEmpty', table });
    this.#steps.push({ kind: 'removeTable', table });
    this.#breaksClients = true;
  }

  #compareTables(old: Named<TableDef>, table: Named<TableDef>): void {
    this.#refuseTableChanges(old, table);
    this.#compareColumns(old, table);
    this.#compareIndexes(old, table);
    this.#compareConstraints(old, table);
    this.#compareSequences(old, table);
    if (haveAccessorNamesChanged(old.definition, table.definition)) {
      this.#steps.push({ kind: 'changeAccessorNames', table });
    }
    if (old.definition.access !== table.definition.access) this.#steps.push({ kind: 'changeAccess', table });
    if (old.definition.primaryKey !== table.definition.primaryKey)
      this.#steps.push({ kind: 'changePrimaryKey', table });
  }

  #refuseTableChanges({ definition: old }: Named<TableDef>, { definition: next, fullName }: Named<TableDef>): void {
    if (old.tableType !== next.tableType) {
      this.#problems.add(
        `Changing the table type of table ${fullName} from ${old.tableType} to ${next.tableType} requires a manual migration. Make a new table instead, or publish with --delete-data.`,
      );
    }
    if (old.isEvent !== next.isEvent) {
      this.#problems.add(
        `Changing the event flag of table ${fullName} from ${old.isEvent} to ${next.isEvent} requires a manual migration. Make a new table instead, or publish with --delete-data.`,
      );
    }
    const before = old.schedule;
    const after = next.schedule;
    if (before === undefined && after === undefined) return;
    if (before?.atColumn === after?.atColumn && before?.functionName === after?.functionName) return;
    const verb = before === undefined ? 'Adding' : after === undefined ? 'Removing' : 'Changing';
    this.#problems.add(
      `${verb} the schedule of table ${fullName} requires a manual migration. Make a new table instead, or publish with --delete-data.`,
    );
  }

  #compareColumns(old: Named<TableDef>, table: Named<TableDef>): void {
    if (old.definition.isEvent && table.definition.isEvent) {
      if (areColumnsEqual(old, table)) return;
      this.#steps.push({ kind: 'replaceColumns', table });
      this.#breaksClients = true;
      return;
    }
    const change = compareColumns(old, table);
    switch (change.kind) {
      case 'none':
        return;
      case 'typesExtended':
        this.#steps.push({ kind: 'changeColumnTypes', table });
        return;
      case 'columnsAdded':
        this.#steps.push({ kind: 'addColumns', table, columns: change.columns });
        this.#breaksClients = true;
        return;
      case 'impossible':
        for (const problem of change.problems) this.#problems.add(problem);
    }
  }

  #compareIndexes(old: Named<TableDef>, table: Named<TableDef>): void {
    const indexes = diff(parts(old, old.definition.indexes), parts(table, table.definition.indexes));
    for (const index of indexes.removed) this.#steps.push({ kind: 'removeIndex', table: old, index });
    for (const index of indexes.added) this.#steps.push({ kind: 'addIndex', table, index });
    for (const [before, index] of indexes.kept) {
      if (!isSameIndex(before.definition, index.definition)) {
        this.#steps.push({ kind: 'removeIndex', table: old, index: before }, { kind: 'addIndex', table, index });
      }
      // Before version 10 clients and modules know an index by its accessor alone.
      if (table.module.version === 'v9OrEarlier' && before.definition.accessorName !== index.definition.accessorName) {
        this.#problems.add(
          `Changing the accessor name on index ${index.fullName} from ${before.definition.accessorName} to ${index.definition.accessorName} requires a manual migration. Give the index another name, or publish with --delete-data.`,
        );
      }
    }
  }

  #compareConstraints(old: Named<TableDef>, table: Named<TableDef>): void {
    const constraints = diff(
      parts(old, old.definition.uniqueConstraints),
      parts(table, table.definition.uniqueConstraints),
    );
    for (const constraint of constraints.removed) {
      this.#steps.push({ kind: 'removeConstraint', table: old, constraint });
    }
    for (const constraint of constraints.added) {
      this.#prechecks.push({ kind: 'hasNoDuplicates', table, constraint });
      this.#steps.push({ kind: 'addConstraint', table, constraint });
    }
    for (const [before, after] of constraints.kept) {
      if (String(before.definition.columns) === String(after.definition.columns)) continue;
      if (table.definition.isEvent) {
        // There are no rows that it could have held for.
        this.#steps.push(
          { kind: 'removeConstraint', table: old, constraint: before },
          { kind: 'addConstraint', table, constraint: after },
        );
        continue;
      }
      this.#problems.add(
        `Changing the unique constraint ${after.fullName} of table ${table.fullName} requires a manual migration. Give it another name, or publish with --delete-data.`,
      );
    }
  }

  #compareSequences(old: Named<TableDef>, table: Named<TableDef>): void {
    const sequences = diff(parts(old, old.definition.sequences), parts(table, table.definition.sequences));
    const changed = sequences.kept.filter(([before, after]) => !isSameSequence(before.definition, after.definition));
    for (const sequence of [...sequences.removed, ...changed.map(([before]) => before)]) {
      this.#steps.push({ kind: 'removeSequence', table: old, sequence });
    }
    for (const sequence of [...sequences.added, ...changed.map(([, after]) => after)]) {
      // A column that is added as well has no values yet.
      if (sequence.definition.column < old.definition.columns.length) {
        this.#prechecks.push({ kind: 'hasNoValuesInRange', table, sequence });
      }
      this.#steps.push({ kind: 'addSequence', table, sequence });
    }
  }

  #removeView(view: Named<ViewDef>): void {
    this.#steps.push({ kind: 'removeView', view });
    this.#breaksClients = true;
  }

  #compareViews(old: Named<ViewDef>, view: Named<ViewDef>): void {
    if (isSameView(old, view)) {
      this.#steps.push({ kind: 'refreshView', view });
    } else {
      this.#removeView(old);
      this.#steps.push({ kind: 'addView', view });
    }
  }

  /** Rules may read tables that are made anew, so all are replaced even when none changed. */
  #compareRowLevelSecurity(old: ModuleDef, next: ModuleDef): void {
    const before = rowLevelSecurity(old);
    const after = rowLevelSecurity(next);
    for (const sql of before) this.#steps.push({ kind: 'removeRowLevelSecurity', sql });
    for (const sql of after) this.#steps.push({ kind: 'addRowLevelSecurity', sql });
    if (before.symmetricDifference(after).size > 0) this.#breaksClients = true;
  }
}

interface Diff<Definition> {
  readonly removed: readonly Named<Definition>[];
  readonly kept: readonly (readonly [old: Named<Definition>, next: Named<Definition>])[];
  readonly added: readonly Named<Definition>[];
}

function diff<Definition>(old: readonly Named<Definition>[], next: readonly Named<Definition>[]): Diff<Definition> {
  const oldByName = new Map(old.map((part) => [part.fullName, part]));
  const nextNames = new Set(next.map((part) => part.fullName));
  return {
    removed: old.filter((part) => !nextNames.has(part.fullName)),
    kept: next.flatMap((part) => {
      const before = oldByName.get(part.fullName);
      return before === undefined ? [] : [[before, part] as const];
    }),
    added: next.filter((part) => !oldByName.has(part.fullName)),
  };
}

/** Parts of the root and of all submodules. */
function collect<Definition extends { readonly name: string }>(
  root: ModuleDef,
  partsOf: (module: ModuleDef) => readonly Definition[],
): Named<Definition>[] {
  return [...walkModules(root)].flatMap(({ prefix, module }: ModuleInTree) =>
    partsOf(module).map((definition) => ({ fullName: prefix + definition.name, definition, module })),
  );
}

/** Parts of a table, in the namespace of the table. */
function parts<Definition extends { readonly name: string }>(
  table: Named<TableDef>,
  definitions: readonly Definition[],
): Named<Definition>[] {
  const prefix = table.fullName.slice(0, table.fullName.length - table.definition.name.length);
  return definitions.map((definition) => ({ fullName: prefix + definition.name, definition, module: table.module }));
}

function isSameIndex({ algorithm: old }: IndexDef, { algorithm: next }: IndexDef): boolean {
  return old.kind === next.kind && String(old.columns) === String(next.columns);
}

function isSameSequence(old: SequenceDef, next: SequenceDef): boolean {
  return (
    old.column === next.column &&
    old.start === next.start &&
    old.minValue === next.minValue &&
    old.maxValue === next.maxValue &&
    old.increment === next.increment
  );
}

/** Whether clients can tell no difference but in the rows, and in enums that they have as tables have them. */
function isSameView(old: Named<ViewDef>, next: Named<ViewDef>): boolean {
  const before = old.definition;
  const after = next.definition;
  return (
    before.isAnonymous === after.isAnonymous &&
    before.isPublic === after.isPublic &&
    before.primaryKey === after.primaryKey &&
    typeChange(rowType(old), rowType(next)).kind !== 'incompatible' &&
    typeEquals(resolveType(before.params, old.module.typespace), resolveType(after.params, next.module.typespace))
  );
}

function rowType({ definition, module }: Named<ViewDef>): ReturnType<typeof resolveType> {
  return resolveType({ tag: 'Ref', ref: definition.rowTypeRef }, module.typespace);
}

function rowLevelSecurity(root: ModuleDef): Set<string> {
  return new Set([...walkModules(root)].flatMap(({ module }) => module.rowLevelSecurity));
}

/** Whether the module itself knows the table, or a part that stays, by another name than before. */
function haveAccessorNamesChanged(old: TableDef, next: TableDef): boolean {
  const columnNames = new Map(old.columns.map((column) => [column.name, column.accessorName]));
  const indexNames = new Map(old.indexes.map((index) => [index.name, index.sourceName]));
  return (
    old.accessorName !== next.accessorName ||
    next.columns.some((column) => (columnNames.get(column.name) ?? column.accessorName) !== column.accessorName) ||
    next.indexes.some((index) => (indexNames.get(index.name) ?? index.sourceName) !== index.sourceName)
  );
}
