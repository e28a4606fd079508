import { ConnectionId, type Identity } from '@lightcone/sats';
import { ActiveCaller } from '../client.ts';
import type { Core } from '../core.ts';
import { EngineError, FATAL_ERROR_TEXT } from '../errors.ts';
import { runLifecycleReducer } from '../reducer-calls.ts';
import { createTable } from '../schema-objects.ts';
import { createView } from '../views/view-objects.ts';
import { replaceRowRules } from './row-rules.ts';
import { isStoreRefusal } from './store-refusal.ts';
import { writeModuleRow } from './stored-module.ts';

/**
 * The first publish: creates the module's tables, remembers the program and runs `init`, in one
 * transaction.
 * @throws EngineError `ENGINE_INIT_FAILED`, `ENGINE_INVALID_ROW_RULE`, and nothing is changed
 */
export function initialise(core: Core, owner: Identity): void {
  const { module } = core;
  const transaction = core.transactions.begin();
  try {
    for (const table of module.def.tables.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      core.logLine('Info', `Creating table \`${table.name}\``);
      createTable(core.store, transaction, table, module.def.typespace);
    }
    for (const view of module.def.views.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      createView(core.store, transaction, view, module.def.typespace);
    }
    writeModuleRow(core, transaction, module, owner);
    core.catalog.refresh();
    core.views.load(module);
    replaceRowRules(core, transaction, module.def.rowLevelSecurity);
    const init = module.lifecycleReducer('init');
    if (init !== undefined) {
      core.logLine('Info', 'Invoking `init` reducer');
      const caller = new ActiveCaller({ identity: owner, connectionId: ConnectionId.ZERO, jwtPayload: '{}' });
      const outcome = runLifecycleReducer(core, transaction, init, caller);
      if (outcome.kind !== 'ok') {
        const reason = outcome.kind === 'error' ? outcome.message : FATAL_ERROR_TEXT;
        throw new EngineError('ENGINE_INIT_FAILED', `the \`init\` reducer failed: ${reason}`);
      }
    }
  } catch (error) {
    if (transaction.isOpen) transaction.rollback();
    if (isStoreRefusal(error)) throw new EngineError('ENGINE_INIT_FAILED', error.message, { cause: error });
    throw error;
  }
  core.transactions.commit(transaction, undefined);
  core.transactions.publish(undefined);
  core.logLine('Info', 'Database initialized');
}
