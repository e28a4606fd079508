import type { RowsPlan } from './plan-rows.ts';

/** The ids of the tables of which a plan reads every row when it is run, each as often as it does. */
export function wholeTables(plan: RowsPlan): number[] {
  if (plan.kind === 'table') return plan.accesses.flatMap(({ point }) => (point ? [] : [plan.table.id]));
  const steps = plan.branches.flatMap(({ full }) => full);
  return steps.flatMap(({ access, table }) => (access.kind === 'scan' || access.kind === 'hash' ? [table.id] : []));
}
