import type { ControlDatabase } from '../control/control-database.ts';
import type { DatabaseDescription } from './database-copy.ts';

/** What the control database knows of a database; undefined if there is none. */
export function describeDatabase(control: ControlDatabase, identity: string): DatabaseDescription | undefined {
  const record = control.findDatabase(identity);
  if (record === undefined) return undefined;
  const { owner, initialProgram, isLocked } = record;
  return { identity, owner, names: control.namesOf(identity), initialProgram, isLocked };
}
