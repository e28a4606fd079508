import { resolveType } from '@lightcone/sats';
import type { TableDef } from '../module-def.ts';
import { typeText } from '../typespace/type-text.ts';
import type { MigrationPlan, MigrationStep } from './migration-plan.ts';

/** What a line of a plan does: adds something, removes it, changes it, or needs care. */
type Mark = '+' | '-' | '~' | '!';

/** Escape sequences of ECMA-48: green, red, yellow and bold red. */
const COLOURS: Readonly<Record<Mark, string>> = {
  '+': '\u001B[32m',
  '-': '\u001B[31m',
  '~': '\u001B[33m',
  '!': '\u001B[1;31m',
};
const RESET = '\u001B[0m';

/**
 * A plan for people: a line for each step, then what it means for clients, then what is in its way.
 *
 *     + add column age: U8 to table person, at the end
 *     ! all clients are disconnected and need bindings of the new module
 *
 * @param obstacles what would let the plan fail now, a line each
 */
export function describeMigration(
  plan: MigrationPlan,
  obstacles: readonly string[] = [],
  hasColours: boolean = false,
): string {
  const lines = plan.steps.filter((step) => !isUndone(plan, step)).flatMap(describeStep);
  if (lines.length === 0) lines.push('  tables and views stay as they are');
  if (plan.breaksClients) lines.push('! all clients are disconnected and need bindings of the new module');
  lines.push(...obstacles.map((obstacle) => `! not with the rows there are now: ${obstacle}`));
  return (hasColours ? lines.map(coloured) : lines).join('\n');
}

/** All rules are removed and added anew, whatever changed: those that stay are no news. */
function isUndone(plan: MigrationPlan, step: MigrationStep): boolean {
  const opposite = OPPOSITES[step.kind];
  return opposite !== undefined && plan.steps.some((other) => other.kind === opposite && 'sql' in step && 'sql' in other && other.sql === step.sql); // prettier-ignore
}

const OPPOSITES: Readonly<Partial<Record<MigrationStep['kind'], MigrationStep['kind']>>> = {
  removeRowLevelSecurity: 'addRowLevelSecurity',
  addRowLevelSecurity: 'removeRowLevelSecurity',
};

function coloured(line: string): string {
  const colour = COLOURS[line[0] as Mark] as string | undefined;
  return colour === undefined ? line : colour + line + RESET;
}

function describeStep(step: MigrationStep): string[] {
  switch (step.kind) {
    case 'removeIndex':
      return [`- remove index ${step.index.fullName} of table ${step.table.fullName}`];
    case 'removeConstraint':
      return [`- remove unique constraint ${step.constraint.fullName} of table ${step.table.fullName}`];
    case 'removeSequence':
      return [`- remove auto-increment ${step.sequence.fullName} of table ${step.table.fullName}`];
    case 'removeView':
      return [`- remove view ${step.view.fullName}`];
    case 'removeRowLevelSecurity':
      return [`- remove row-level security rule ${step.sql}`];
    case 'addRowLevelSecurity':
      return [`+ add row-level security rule ${step.sql}`];
    case 'removeTable':
      return [`- remove table ${step.table.fullName}, which must be empty`];
    case 'changeColumnTypes':
      return [`~ extend the enums of table ${step.table.fullName}`];
    case 'addColumns':
      return step.columns.map(({ name, type }) => {
        const text = typeText(resolveType(type, step.table.module.typespace));
        return `+ add column ${name}: ${text} to table ${step.table.fullName}, with its default value in all rows`;
      });
    case 'replaceColumns':
      return [`~ replace the columns of event table ${step.table.fullName}`];
    case 'changeAccessorNames':
      return [`~ change the source names of table ${step.table.fullName}`];
    case 'addTable':
      return [`+ add ${step.table.definition.access} table ${step.table.fullName}`];
    case 'addIndex': {
      const { algorithm } = step.index.definition;
      return [`+ add index ${step.index.fullName} to table ${step.table.fullName}, on ${columnNames(step.table.definition, algorithm.columns)}`]; // prettier-ignore
    }
    case 'addConstraint': {
      const { columns } = step.constraint.definition;
      return [`+ add unique constraint ${step.constraint.fullName} to table ${step.table.fullName}, over ${columnNames(step.table.definition, columns)}`]; // prettier-ignore
    }
    case 'addSequence': {
      const { column } = step.sequence.definition;
      return [`+ add auto-increment ${step.sequence.fullName} to table ${step.table.fullName}, on ${columnNames(step.table.definition, [column])}`]; // prettier-ignore
    }
    case 'addView':
      return [`+ add view ${step.view.fullName}`];
    case 'changeAccess':
      return [`~ make table ${step.table.fullName} ${step.table.definition.access}`];
    case 'changePrimaryKey': {
      const { columns, primaryKey } = step.table.definition;
      const column = primaryKey === undefined ? undefined : columns[primaryKey];
      return [`~ change the primary key of table ${step.table.fullName} to ${column?.name ?? 'none'}`];
    }
    case 'refreshView':
      return []; // every view that stays is evaluated anew
  }
}

function columnNames({ columns }: TableDef, positions: readonly number[]): string {
  return positions.map((position) => columns[position]!.name).join(', '); // positions of the definition
}
