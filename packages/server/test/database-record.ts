import type { DatabaseRecord } from '../src/control/control-database.ts';

/** Of some database, for what only hands it on. */
export const record: DatabaseRecord = {
  identity: 'c2'.repeat(32),
  owner: 'ab'.repeat(32),
  initialProgram: '12'.repeat(32),
  replica: 1,
  isLocked: false,
};
