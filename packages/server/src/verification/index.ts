export { listGivenFolder } from '../given-folder.ts';
export { isSound } from './directory-report.ts';
export type { DirectoryProblem, DirectoryReport, Finding, GoodPart, ReplicaReport } from './directory-report.ts';
export { refuseRunning } from './refuse-running.ts';
export { salvageDataDirectory } from './salvage.ts';
export type { Salvage, SalvagedDatabase } from './salvage.ts';
export { verifyDataDirectory } from './verify-data-directory.ts';
export type { VerifyOptions } from './verify-data-directory.ts';
