export { SchemaError } from './errors.ts';
export type { SchemaErrorCode, SchemaProblem, SchemaProblemCode } from './errors.ts';
export type {
  ColumnDef,
  HttpHandlerDef,
  HttpMethod,
  HttpRouteDef,
  IndexAlgorithm,
  IndexDef,
  Lifecycle,
  ModuleDef,
  ProcedureDef,
  ReducerDef,
  ScheduleDef,
  SequenceDef,
  SubmoduleDef,
  TableDef,
  TypeDef,
  UniqueConstraintDef,
  ViewColumnDef,
  ViewDef,
  Visibility,
} from './module-def.ts';
export { decodeRawModuleDef } from './raw/raw-module-def.ts';
export type { RawModuleDef } from './raw/raw-module-def.ts';
export { validateModuleDef } from './validate/validate-module-def.ts';
export { qualifiedTable, qualifiedView } from './module-tree.ts';
export type { Named } from './module-tree.ts';
export { schemaDocument } from './document/schema-document.ts';
export { describeMigration } from './migrate/describe-migration.ts';
export type { MigrationPlan, MigrationPrecheck, MigrationStep } from './migrate/migration-plan.ts';
export { planMigration } from './migrate/plan-migration.ts';
export { typeText } from './typespace/type-text.ts';
