export { hiddenBytes } from './catalog.ts';
export type { Catalog, CatalogColumn, CatalogIndex, CatalogTable, RowRules, ViewInstance } from './catalog.ts';
export { checkRowRule, parseRowRule } from './check/row-rule.ts';
export type { RowRule } from './check/row-rule.ts';
export { QueryError } from './errors.ts';
export type { QueryErrorCode } from './errors.ts';
export { printType } from './check/print-type.ts';
export { executeMutation } from './execute/execute-mutation.ts';
export type { MutationStatistics, RowWriter } from './execute/execute-mutation.ts';
export { executeSelect } from './execute/execute-select.ts';
export { JoinEvaluator } from './execute/join-evaluator.ts';
export { explainPlan } from './explain/explain-plan.ts';
export { visitRows } from './execute/visit-rows.ts';
export type { JoinPlan } from './plan/join-plan.ts';
export type { RowsPlan } from './plan/plan-rows.ts';
export type { ColumnOutput, Output, SelectPlan } from './plan/plan-select.ts';
export { estimateScannedRows } from './plan/estimate-rows.ts';
export type { TableStatistics } from './plan/estimate-rows.ts';
export { interestsOf, isWide } from './plan/row-interests.ts';
export type { RowInterest, TableInterest } from './plan/row-interests.ts';
export { planStatement } from './plan/plan-statement.ts';
export type {
  DeletePlan,
  ExplainPlan,
  InsertPlan,
  MutationPlan,
  ReplacePlan,
  StatementPlan,
  UpdatePlan,
} from './plan/plan-statement.ts';
export type { Predicate } from './plan/predicate.ts';
export { planQuery, planSubscription } from './plan/plan-subscription.ts';
export { wholeTables } from './plan/whole-tables.ts';
export type { IndexPoint, TableAccess, TablePlan } from './plan/table-plan.ts';
export type { RowChanges, RowSource, RowVisitor } from './row-source.ts';
export type { RowTuple } from './row-tuple.ts';
