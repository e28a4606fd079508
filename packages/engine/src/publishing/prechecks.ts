import type { MigrationPlan, MigrationPrecheck } from '@lightcone/schema';
import { type Table, findDuplicateKeys } from '@lightcone/store';
import { ByteReader } from '@lightcone/sats';
import type { Core } from '../core.ts';
import { sequenceValues } from '../schema-objects.ts';

/** As many keys are told of a constraint that rows break. */
const TOLD_DUPLICATES = 10;

type Precheck<Kind extends MigrationPrecheck['kind']> = Extract<MigrationPrecheck, { kind: Kind }>;

/** What in the rows of a database is in the way of a plan, a line each; reads only. */
export function failedPrechecks(core: Core, plan: MigrationPlan): string[] {
  return plan.prechecks.flatMap((precheck) => {
    // All of them are about tables that the old definition has too.
    const table = core.store.table(core.catalog.findTableId(precheck.table.fullName) ?? -1);
    const problem = failure(plan, precheck, table);
    return problem === undefined ? [] : [problem];
  });
}

function failure(plan: MigrationPlan, precheck: MigrationPrecheck, table: Table): string | undefined {
  switch (precheck.kind) {
    case 'tableIsEmpty':
      return table.rowCount === 0
        ? undefined
        : `Cannot remove table \`${precheck.table.fullName}\`: table contains data. Clear the table's rows (e.g. via a reducer) before removing it from your schema, or publish with --delete-data.`;
    case 'hasNoDuplicates':
      return duplicates(plan, precheck, table);
    case 'hasNoValuesInRange':
      return valuesInRange(precheck, table);
  }
}

function duplicates(plan: MigrationPlan, precheck: Precheck<'hasNoDuplicates'>, table: Table): string | undefined {
  const { columns } = precheck.constraint.definition;
  const names = columns.map((column) => precheck.table.definition.columns[column]!.name); // columns of the definition
  // Columns that are added are equal in all rows.
  const stored = columns.filter((column) => column < table.definition.row.columns.length);
  const found =
    stored.length > 0
      ? findDuplicateKeys(table, stored, TOLD_DUPLICATES)
      : table.rowCount > 1
        ? [{ text: 'the default value', rowCount: table.rowCount }]
        : [];
  const [first] = found;
  if (first === undefined) return undefined;
  const wayOut = `Change these rows before you add the constraint, or publish with --delete-data.`;
  const addedIndex = plan.steps.find(
    (step) =>
      step.kind === 'addIndex' &&
      step.table.fullName === precheck.table.fullName &&
      isSameSet(step.index.definition.algorithm.columns, columns),
  );
  if (addedIndex?.kind === 'addIndex') {
    return (
      `DatastoreError: IndexError: Unique constraint violation '${addedIndex.index.fullName}' in table ` +
      `'${precheck.table.fullName}': column(s): '${JSON.stringify(names)}' value: ${first.text} ` +
      `(${first.rowCount} rows have it). ${wayOut}`
    );
  }
  const told = found.map(({ text, rowCount }) => `${text} (${rowCount} rows)`).join(', ');
  return (
    `Precheck failed: added unique constraint ${precheck.constraint.fullName} of table ${precheck.table.fullName} ` +
    `finds duplicates in column(s) ${JSON.stringify(names)}: ${told}. ${wayOut}`
  );
}

function valuesInRange({ table: named, sequence }: Precheck<'hasNoValuesInRange'>, table: Table): string | undefined {
  const { min, max } = sequenceValues(sequence.definition);
  const column = table.definition.row.columns[sequence.definition.column]!; // a column of before: the plan says so
  for (let row = table.first(); row >= 0; row = table.next(row)) {
    const bytes = table.bytes(row);
    const reader = new ByteReader(bytes, column.start(bytes, table.start(row)), table.end(row));
    const value = BigInt(column.type.decode(reader) as number | bigint); // the column of a sequence is an integer
    if (value < min || value > max) continue;
    return (
      `Precheck failed: added sequence ${sequence.fullName} already has values in range: column ${column.name} of ` +
      `table ${named.fullName} has ${value}, which the sequence would give out again. Delete or change such rows, ` +
      `let the sequence start and end elsewhere, or publish with --delete-data.`
    );
  }
  return undefined;
}

function isSameSet(a: readonly number[], b: readonly number[]): boolean {
  return new Set(a).symmetricDifference(new Set(b)).size === 0;
}
