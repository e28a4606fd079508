import { describeMigration, planMigration } from '@lightcone/schema';
import type { Core } from '../core.ts';
import type { LoadedModule } from '../loaded-module.ts';
import { failedPrechecks } from './prechecks.ts';

/** What publishing a program over a database would do. */
export interface UpdatePlan {
  /** Why it cannot be done, a line each; empty if it can. */
  readonly problems: readonly string[];
  /** What in the rows of now is in its way, a line each. Only the update itself decides: rows may change. */
  readonly obstacles: readonly string[];
  /** For people: a line for each step, and the obstacles. */
  readonly description: string;
  /** Whether all clients have to connect anew. */
  readonly breaksClients: boolean;
  /** The stored module is of the definitions before version 10, the new one is not. */
  readonly isMajorUpgrade: boolean;
}

/** @param hasColours whether the description has the escape sequences of a terminal */
export function planUpdate(core: Core, next: LoadedModule, hasColours: boolean): UpdatePlan {
  const current = core.module;
  const migration = planMigration(current.def, next.def);
  const obstacles = migration.problems.length > 0 ? [] : failedPrechecks(core, migration);
  return {
    problems: migration.problems,
    obstacles,
    description: describeMigration(migration, obstacles, hasColours),
    breaksClients: migration.breaksClients,
    isMajorUpgrade: current.def.version === 'v9OrEarlier' && next.def.version === 'v10',
  };
}
