export { readComponent } from './component-facts.ts';
export type { ComponentPart, ComponentReading } from './component-facts.ts';
export type { ColumnSummary, DefinitionSummary, FunctionSummary, TableSummary } from './definition-summary.ts';
export { inspectProgram } from './inspect-program.ts';
export type { ModuleReport, Verdict } from './module-report.ts';
