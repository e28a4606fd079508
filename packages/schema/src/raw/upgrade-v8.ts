import { type AlgebraicType, SatsError, type Typespace, resolveType, typeEquals } from '@lightcone/sats';
import type { Problems } from '../validate/problems.ts';
import type { RawConstraintDef, RawIndexDef, RawLifecycle, RawSequenceDef, RawTypeDef } from './raw-parts.ts';
import {
  CONSTRAINT_AUTO_INC,
  CONSTRAINT_INDEXED,
  CONSTRAINT_PRIMARY_KEY,
  CONSTRAINT_UNIQUE,
  type RawConstraintDefV8,
  type RawIndexDefV8,
  type RawModuleDefV8,
  type RawTableDefV8,
} from './raw-v8.ts';
import type { RawModuleDefV9, RawReducerDefV9, RawScheduleDefV9, RawTableDefV9 } from './raw-v9.ts';

const LIFECYCLE_BY_REDUCER = new Map<string, RawLifecycle>([
  ['__init__', 'Init'],
  ['__identity_connected__', 'OnConnect'],
  ['__identity_disconnected__', 'OnDisconnect'],
]);

/** Says in the words of version 9 what a definition of version 8 means. */
export function upgradeV8(raw: RawModuleDefV8, problems: Problems): RawModuleDefV9 {
  return {
    version: 9,
    typespace: raw.typespace,
    tables: raw.tables.map((table) => upgradeTable(table, raw.typespace, problems)),
    reducers: raw.reducers.map(({ name, params }): RawReducerDefV9 => ({
      name,
      params,
      lifecycle: LIFECYCLE_BY_REDUCER.get(name),
    })),
    types: raw.typeAliases.map(({ name, ref }): RawTypeDef => {
      const segments = name.split(/::|\./);
      return { scope: segments.slice(0, -1), name: segments.at(-1) ?? '', ref, customOrdering: true };
    }),
    miscExports: [],
    rowLevelSecurity: [],
  };
}

function upgradeTable(table: RawTableDefV8, typespace: Typespace, problems: Problems): RawTableDefV9 {
  checkColumns(table, typespace, problems);
  // Each list is completed from the others as the module wrote them, not from what was added.
  const constraints = [...table.constraints, ...constraintsOfIndexes(table)];
  const indexes = [...table.indexes, ...indexesOfConstraints(table)];
  return {
    name: table.name,
    productTypeRef: table.productTypeRef,
    primaryKey: primaryKeyOf(constraints),
    indexes: indexes.map(({ name, algorithm, columns }): RawIndexDef => ({
      name,
      accessorName: name,
      algorithm: { tag: algorithm, columns },
    })),
    constraints: constraints
      .filter((constraint) => has(constraint, CONSTRAINT_UNIQUE))
      .map(({ name, columns }): RawConstraintDef => ({ name, columns })),
    sequences: [...table.sequences, ...sequencesOfConstraints(table)],
    schedule: scheduleOf(table),
    tableType: table.tableType,
    tableAccess: table.tableAccess,
  };
}

/** A table of version 8 lists its columns itself, and they must be those of its row type. */
function checkColumns(table: RawTableDefV8, typespace: Typespace, problems: Problems): void {
  const rowType = typespace[table.productTypeRef];
  if (rowType?.tag !== 'Product') return; // reported with the table
  const where = `table \`${table.name}\``;
  const count = Math.max(table.columns.length, rowType.elements.length);
  for (let position = 0; position < count; position++) {
    const column = table.columns[position];
    const element = rowType.elements[position];
    const agrees =
      column !== undefined &&
      element !== undefined &&
      column.name === element.name &&
      areEqualResolved(column.type, element.type, typespace);
    if (agrees) continue;
    const message = `${where} column ${position} (\`${column?.name ?? ''}\`) does not agree with its row type &${table.productTypeRef}`;
    problems.add('COLUMN_DEF_MALFORMED', where, message);
  }
}

function areEqualResolved(a: AlgebraicType, b: AlgebraicType, typespace: Typespace): boolean {
  try {
    return typeEquals(a, b) || typeEquals(resolveType(a, typespace), resolveType(b, typespace));
  } catch (error) {
    if (error instanceof SatsError) return false;
    throw error;
  }
}

function has({ attributes }: RawConstraintDefV8, bit: number): boolean {
  return (attributes & bit) !== 0;
}

/** An index whose columns no constraint mentions becomes a constraint as well. */
function constraintsOfIndexes(table: RawTableDefV8): RawConstraintDefV8[] {
  const constrained = new Set(
    table.constraints.filter(({ attributes }) => attributes !== 0).map(({ columns }) => String(columns)),
  );
  return table.indexes
    .filter(({ columns }) => !constrained.has(String(columns)))
    .map(({ columns, isUnique }) => {
      const joined = columns.map((column) => table.columns[column]?.name ?? `col_${column}`).join('_');
      return {
        name: `ct_${table.name}_${joined}_${isUnique ? 'unique' : 'indexed'}`,
        attributes: isUnique ? CONSTRAINT_UNIQUE | CONSTRAINT_INDEXED : CONSTRAINT_INDEXED,
        columns,
      };
    });
}

/** The part of a constraint's name that generated names are made of. */
function stem(table: RawTableDefV8, constraint: RawConstraintDefV8): string {
  const prefix = `ct_${table.name}_`;
  return constraint.name.startsWith(prefix) ? constraint.name.slice(prefix.length) : constraint.name;
}

function indexesOfConstraints(table: RawTableDefV8): RawIndexDefV8[] {
  const names = new Set(table.indexes.map((index) => index.name));
  return table.constraints.flatMap((constraint) => {
    if (!has(constraint, CONSTRAINT_INDEXED)) return [];
    const isUnique = has(constraint, CONSTRAINT_UNIQUE);
    const suffix = isUnique ? '_unique' : '_non_unique';
    const name = `idx_${table.name}_${stem(table, constraint).replace(new RegExp(`${suffix}$`), '')}${suffix}`;
    if (names.has(name)) return [];
    names.add(name);
    return { name, isUnique, algorithm: 'BTree', columns: constraint.columns };
  });
}

function sequencesOfConstraints(table: RawTableDefV8): RawSequenceDef[] {
  const names = new Set(table.sequences.map((sequence) => sequence.name));
  const columnsWithSequence = new Set(table.sequences.map((sequence) => sequence.column));
  return table.constraints.flatMap((constraint) => {
    const [column] = constraint.columns;
    if (!has(constraint, CONSTRAINT_AUTO_INC) || column === undefined || columnsWithSequence.has(column)) return [];
    const name = `seq_${table.name}_${stem(table, constraint)}`;
    if (names.has(name)) return [];
    names.add(name);
    return { name, column, start: undefined, minValue: undefined, maxValue: undefined, increment: 1n };
  });
}

/** More than one column is refused with the other rules. */
function primaryKeyOf(constraints: readonly RawConstraintDefV8[]): number[] {
  return constraints.flatMap((constraint) => (has(constraint, CONSTRAINT_PRIMARY_KEY) ? constraint.columns : []));
}

/** Without a column of the fixed name the table is not scheduled. */
function scheduleOf(table: RawTableDefV8): RawScheduleDefV9 | undefined {
  const atColumn = table.columns.findIndex((column) => column.name === 'scheduled_at');
  if (table.scheduledReducer === undefined || atColumn < 0) return undefined;
  return { name: undefined, functionName: table.scheduledReducer, atColumn };
}
