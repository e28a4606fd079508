import { type MigrationPlan, type MigrationStep, describeMigration, planMigration } from '@lightcone/schema';
import { StoreError, type Transaction } from '@lightcone/store';
import { ByteReader, ConnectionId, Identity } from '@lightcone/sats';
import { ActiveCaller } from './client.ts';
import type { Core } from './core.ts';
import { EngineError } from './errors.ts';
import type { LoadedModule } from './loaded-module.ts';
import { FATAL_ERROR_TEXT, runLifecycleReducer } from './reducer-calls.ts';
import { createIndex, createTable, dropTable, insertRow, readRows } from './schema-objects.ts';
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
    if (transaction.isOpen) transaction.rollback();
    throw error;
  }
  core.transactions.commit(transaction, undefined);
  core.transactions.publish(undefined);
  core.logLine('Info', 'Database initialized');
}

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
  const plan = planMigration(current.def, next.def);
  return {
    problems: [...plan.problems, ...unsupportedSteps(plan)],
    description: describeMigration(plan),
    breaksClients: plan.breaksClients,
    isMajorUpgrade: current.def.version === 'v9OrEarlier' && next.def.version === 'v10',
  };
}

/**
 * Brings the database from one module to the next, in one transaction.
 * @returns whether all clients have to connect anew
 * @throws EngineError `ENGINE_UPDATE_REJECTED`, and nothing is changed
 */
export function update(
  core: Core,
  current: LoadedModule,
  next: LoadedModule,
  owner: Identity,
  mayBreakClients: boolean,
): boolean {
  const plan = planMigration(current.def, next.def);
  const problems = [...plan.problems, ...unsupportedSteps(plan)];
  if (problems.length > 0) {
    throw new EngineError(
      'ENGINE_UPDATE_REJECTED',
      `Database update rejected: Errors occurred:\n${problems.join('\n')}`,
    );
  }
  if (plan.breaksClients && !mayBreakClients) throw rejected(BREAKS_CLIENTS);

  const transaction = core.transactions.begin();
  try {
    for (const step of plan.steps) migrate(core, transaction, next, step);
    writeModuleRow(core, transaction, next, owner);
  } catch (error) {
    if (transaction.isOpen) transaction.rollback();
    core.catalog.refresh();
    if (error instanceof StoreError) throw rejected(error.message, error);
    throw error;
  }
  core.transactions.commit(transaction, undefined);
  core.transactions.publish(undefined);
  core.catalog.refresh();
  core.logLine('Info', 'Database updated');
  return plan.breaksClients;
}

const BREAKS_CLIENTS = 'Migration plan contains a client-breaking change which is disallowed under current policy';

function rejected(reason: string, cause?: unknown): EngineError {
  return new EngineError('ENGINE_UPDATE_REJECTED', `Failed to create or update the database: ${reason}`, { cause });
}

function unsupportedSteps(plan: MigrationPlan): string[] {
  return plan.steps.flatMap((step) => {
    switch (step.kind) {
      case 'addTable':
      case 'removeTable':
      case 'addIndex':
        return [];
      default:
        return [
          `This version of Lightcone cannot do this step yet: ${describeMigration({ ...plan, steps: [step], breaksClients: false })}`,
        ];
    }
  });
}

function migrate(core: Core, transaction: Transaction, next: LoadedModule, step: MigrationStep): void {
  switch (step.kind) {
    case 'addTable':
      createTable(core.store, transaction, step.table.definition, next.def.typespace);
      break;
    case 'removeTable': {
      const table = core.store.table(core.catalog.findTableId(step.table.fullName) ?? -1);
      if (table.rowCount > 0) {
        throw rejected(
          `Cannot remove table \`${step.table.fullName}\`: table contains data. Remove its rows first (for example with a reducer), or publish with --delete-data.`,
        );
      }
      dropTable(core.store, transaction, table);
      break;
    }
    case 'addIndex':
      createIndex(
        core.store,
        transaction,
        core.store.table(core.catalog.findTableId(step.table.fullName) ?? -1),
        step.index.definition,
      );
      break;
    default:
      throw new Error(`${step.kind} passed as supported`);
  }
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
