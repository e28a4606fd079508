import type { Transaction } from '@lightcone/store';
import { ByteReader, ConnectionId, Identity } from '@lightcone/sats';
import { ActiveCaller } from './client.ts';
import type { Core } from './core.ts';
import { EngineError } from './errors.ts';
import { LoadedModule } from './loaded-module.ts';
import { FATAL_ERROR_TEXT, runLifecycleReducer } from './reducer-calls.ts';
import { createTable, insertRow, readRows, systemRowType } from './schema-objects.ts';
import { SYSTEM_TABLE_IDS } from './system-tables.ts';

/** `st_module.program_kind`. */
const WASM = 0;

/** What a database remembers of its module. */
export interface StoredModule {
  readonly program: Uint8Array;
  readonly owner: Identity;
  readonly databaseIdentity: Identity;
}

/** The module that the recovered tables name; undefined before the first publish. */
export function storedModule(core: Core): StoredModule | undefined {
  const [row] = readRows(core.store, SYSTEM_TABLE_IDS.module);
  if (row === undefined) return undefined;
  return {
    program: row['program_bytes'] as Uint8Array,
    owner: Identity.fromBigInt(row['owner_identity'] as bigint),
    databaseIdentity: Identity.fromBigInt(row['database_identity'] as bigint),
  };
}

/**
 * The first publish: creates the module's tables, remembers the program and runs `init`, in one
 * transaction.
 * @throws EngineError `ENGINE_INIT_FAILED`, and nothing is changed
 */
export function initialise(core: Core, module: LoadedModule, owner: Identity): void {
  const transaction = core.transactions.begin();
  try {
    for (const table of module.def.tables.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      core.logLine('Info', `Creating table \`${table.name}\``);
      createTable(core.store, transaction, table, module.def.typespace);
    }
    writeModuleRow(core, transaction, module, owner);
    core.catalog.refresh();
    const init = module.lifecycleReducer('init');
    if (init !== undefined) {
      core.logLine('Info', 'Invoking `init` reducer');
      const caller = new ActiveCaller({ identity: owner, connectionId: ConnectionId.ZERO, jwtPayload: '{}' });
      const outcome = runLifecycleReducer(core, transaction, module, init, caller);
      if (outcome.kind !== 'ok') {
        const reason = outcome.kind === 'error' ? outcome.message : FATAL_ERROR_TEXT;
        throw new EngineError('ENGINE_INIT_FAILED', `the \`init\` reducer failed: ${reason}`);
      }
    }
  } catch (error) {
    core.transactions.rollback(transaction);
    throw error;
  }
  core.transactions.commit(transaction, undefined);
  core.transactions.publish(undefined);
  core.logLine('Info', 'Database initialized');
}

/** What publishing a program over a database would do. */
export interface UpdatePlan {
  /** Why it cannot be done; empty if it can. */
  readonly problems: readonly string[];
  readonly steps: readonly string[];
  readonly breaksClients: boolean;
}

export function planUpdate(current: LoadedModule, next: LoadedModule): UpdatePlan {
  return { problems: current.def === next.def ? [] : ['x'], steps: [], breaksClients: false };
}

export function update(
  core: Core,
  current: LoadedModule,
  next: LoadedModule,
  owner: Identity,
  mayBreakClients: boolean,
): UpdatePlan {
  return { problems: [], steps: [], breaksClients: false };
}

/** Puts the program into `st_module`, which has one row. */
function writeModuleRow(core: Core, transaction: Transaction, module: LoadedModule, owner: Identity): void {
  transaction.clear(core.store.table(SYSTEM_TABLE_IDS.module));
  insertRow(core.store, transaction, SYSTEM_TABLE_IDS.module, {
    database_identity: core.options.identity.toBigInt(),
    owner_identity: owner.toBigInt(),
    program_kind: WASM,
    program_hash: new ByteReader(module.hash).wideUnsigned(32),
    program_bytes: module.program,
    module_version: '',
  });
}
