export { DiskJournal } from './disk-journal.ts';
export type { CrashPoint } from './disk-journal.ts';
export { SimulatedDisk, seededRandom } from './simulated-disk.ts';
export type { DiskOperation } from './simulated-disk.ts';
