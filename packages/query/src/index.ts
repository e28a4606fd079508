export { hiddenBytes } from './catalog.ts';
export type { Catalog, CatalogColumn, CatalogIndex, CatalogTable, ViewInstance } from './catalog.ts';
export { QueryError } from './errors.ts';
export type { QueryErrorCode } from './errors.ts';
export { executeMutation } from './execute/execute-mutation.ts';
export type { MutationStatistics, RowWriter } from './execute/execute-mutation.ts';
export { executeSelect } from './execute/execute-select.ts';
export type { IndexPoint } from './plan/index-point.ts';
export { planSubscription } from './plan/plan-select.ts';
export type { Output, SelectPlan } from './plan/plan-select.ts';
export { planStatement } from './plan/plan-statement.ts';
export type {
  DeletePlan,
  InsertPlan,
  MutationPlan,
  ReplacePlan,
  StatementPlan,
  UpdatePlan,
} from './plan/plan-statement.ts';
export type { Predicate } from './plan/predicate.ts';
export { visitRows } from './plan/table-plan.ts';
export type { TablePlan } from './plan/table-plan.ts';
export type { RowSource, RowVisitor } from './row-source.ts';
