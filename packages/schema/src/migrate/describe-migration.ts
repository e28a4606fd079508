import type { MigrationPlan, MigrationStep } from './migration-plan.ts';

/** A plan for people: a line per step, and what it means for clients. */
export function describeMigration(plan: MigrationPlan): string {
  const lines = plan.steps.map((step) => `- ${describeStep(step)}`);
  if (lines.length === 0) lines.push('- tables stay as they are');
  if (plan.breaksClients) lines.push('- all clients are disconnected');
  return lines.join('\n');
}

function describeStep(step: MigrationStep): string {
  switch (step.kind) {
    case 'removeIndex':
      return `remove index ${step.index.fullName} of table ${step.table.fullName}`;
    case 'removeConstraint':
      return `remove unique constraint ${step.constraint.fullName} of table ${step.table.fullName}`;
    case 'removeSequence':
      return `remove sequence ${step.sequence.fullName} of table ${step.table.fullName}`;
    case 'removeView':
      return `remove view ${step.view.fullName}`;
    case 'removeRowLevelSecurity':
      return `remove row-level security rule ${step.sql}`;
    case 'removeTable':
      return `remove table ${step.table.fullName}, which must be empty`;
    case 'changeColumnTypes':
      return `extend the enums of table ${step.table.fullName}`;
    case 'addColumns':
      return `add to table ${step.table.fullName}: ${step.columns.map((column) => column.name).join(', ')}`;
    case 'replaceColumns':
      return `replace the columns of event table ${step.table.fullName}`;
    case 'changeAccessorNames':
      return `change the source names of table ${step.table.fullName}`;
    case 'addTable':
      return `add table ${step.table.fullName}`;
    case 'addIndex':
      return `add index ${step.index.fullName} to table ${step.table.fullName}`;
    case 'addConstraint':
      return `add unique constraint ${step.constraint.fullName} to table ${step.table.fullName}`;
    case 'addSequence':
      return `add sequence ${step.sequence.fullName} to table ${step.table.fullName}`;
    case 'addView':
      return `add view ${step.view.fullName}`;
    case 'addRowLevelSecurity':
      return `add row-level security rule ${step.sql}`;
    case 'changeAccess':
      return `make table ${step.table.fullName} ${step.table.definition.access}`;
    case 'changePrimaryKey': {
      const { columns, primaryKey } = step.table.definition;
      const column = primaryKey === undefined ? undefined : columns[primaryKey];
      return `change the primary key of table ${step.table.fullName} to ${column?.name ?? 'none'}`;
    }
    case 'refreshView':
      return `refresh view ${step.view.fullName}`;
  }
}
