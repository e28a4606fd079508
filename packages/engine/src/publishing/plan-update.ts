import { describeMigration, planMigration } from '@lightcone/schema';
import type { LoadedModule } from '../loaded-module.ts';

/** What publishing a program over a database would do. */
export interface UpdatePlan {
  /** Why it cannot be done, a line each; empty if it can. */
  readonly problems: readonly string[];
  /** For people: a line for each step. */
  readonly description: string;
  /** Whether all clients have to connect anew. */
  readonly breaksClients: boolean;
  /** The stored module is of the definitions before version 10, the new one is not. */
  readonly isMajorUpgrade: boolean;
}

/** Compares definitions; what depends on the rows shows only when the update is made. */
export function planUpdate(current: LoadedModule, next: LoadedModule): UpdatePlan {
  const migration = planMigration(current.def, next.def);
  return {
    problems: migration.problems,
    description: describeMigration(migration),
    breaksClients: migration.breaksClients,
    isMajorUpgrade: current.def.version === 'v9OrEarlier' && next.def.version === 'v10',
  };
}
