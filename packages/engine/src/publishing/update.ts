import type { Identity } from '@lightcone/sats';
import { planMigration } from '@lightcone/schema';
import type { Core } from '../core.ts';
import { EngineError } from '../errors.ts';
import type { LoadedModule } from '../loaded-module.ts';
import { isViewFailure, ownersMessage } from '../views/view-failure.ts';
import { migrate } from './migrate.ts';
import { failedPrechecks } from './prechecks.ts';
import { replaceRowRules } from './row-rules.ts';
import { isStoreRefusal } from './store-refusal.ts';
import { writeModuleRow } from './stored-module.ts';

const BREAKS_CLIENTS = 'Migration plan contains a client-breaking change which is disallowed under current policy';

/**
 * Brings the database from one module to the next, in one transaction.
 * @param endSubscriptions called before the commit of an update that breaks clients: they are about to be
 *   disconnected, so they need not hear that their tables went
 * @returns whether all clients have to connect anew
 * @throws EngineError `ENGINE_UPDATE_REJECTED`, and nothing is changed
 */
export function update(
  core: Core,
  next: LoadedModule,
  owner: Identity,
  mayBreakClients: boolean,
  endSubscriptions: () => void,
): boolean {
  const current = core.module;
  const plan = planMigration(current.def, next.def);
  const { problems } = plan;
  if (problems.length > 0) {
    throw new EngineError('ENGINE_UPDATE_REJECTED', `Database update rejected: ${listed(problems)}`);
  }
  if (plan.breaksClients && !mayBreakClients) throw rejected(BREAKS_CLIENTS);
  // Before the transaction, so that most updates that cannot be made never begin.
  const failed = failedPrechecks(core, plan);
  if (failed.length > 0) throw rejected(failed.length === 1 ? failed[0]! : listed(failed));

  const transaction = core.transactions.begin();
  try {
    migrate(core.store, transaction, plan);
    writeModuleRow(core, transaction, next, owner);
    core.catalog.refresh();
    core.views.load(next);
    const rules = next.def.rowLevelSecurity;
    // Also where they are as before: their tables may have become others.
    if (rules.length > 0 || current.def.rowLevelSecurity.length > 0) replaceRowRules(core, transaction, rules);
    core.views.runAll(transaction);
    // From here on nothing refuses it: clients are about to hear of it.
    core.transactions.prepare(transaction, undefined);
  } catch (error) {
    transaction.rollback();
    core.catalog.refresh();
    core.views.load(current);
    if (isViewFailure(error)) throw rejected(ownersMessage(error), error);
    if (isStoreRefusal(error) || isInvalidRule(error)) throw rejected(error.message, error);
    throw error;
  }
  if (plan.breaksClients) endSubscriptions();
  // Before the commit, which evaluates queries on tables that are new to it; also those that are not let go yet.
  core.subscriptions.replan();
  core.transactions.commitPrepared(transaction, undefined);
  core.run(next);
  core.transactions.publish(undefined);
  core.logLine('Info', 'Database updated');
  return plan.breaksClients;
}

function isInvalidRule(error: unknown): error is EngineError {
  return error instanceof EngineError && error.code === 'ENGINE_INVALID_ROW_RULE';
}

function listed(problems: readonly string[]): string {
  return `Errors occurred:\n${problems.join('\n')}`;
}

function rejected(reason: string, cause?: unknown): EngineError {
  return new EngineError('ENGINE_UPDATE_REJECTED', `Failed to create or update the database: ${reason}`, { cause });
}
