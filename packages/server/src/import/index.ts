export { importDataDirectory } from './import-data-directory.ts';
export type { ImportOptions } from './import-data-directory.ts';
export type { ImportFinding, ImportProblem, ImportReport, ImportedDatabase } from './import-report.ts';
