import { ByteReader, Identity } from '@lightcone/sats';
import type { Transaction } from '@lightcone/store';
import type { Core } from '../core.ts';
import type { LoadedModule } from '../loaded-module.ts';
import { insertRow, readRows } from '../system-rows.ts';
import { SYSTEM_TABLE_IDS } from '../system-tables.ts';

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

/** Puts the program into `st_module`, which has one row. */
export function writeModuleRow(core: Core, transaction: Transaction, module: LoadedModule, owner: Identity): void {
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
