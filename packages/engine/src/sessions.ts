import { ByteWriter, ConnectionId, Identity } from '@lightcone/sats';
import { NO_ROW, type RowPointer, type Transaction } from '@lightcone/store';
import { ActiveCaller } from './client.ts';
import type { Core } from './core.ts';
import { NO_ARGS, commitCall, failureText, runLifecycleReducer } from './reducer-calls.ts';
import { insertRow, readRows, systemRowType } from './system-rows.ts';
import { SYSTEM_TABLE_IDS } from './system-tables.ts';
import { type TransactionInputs, encodeReducerName } from './transaction-record.ts';

/** The names under which the log records a connection's begin and, without a reducer for it, its end. */
const CONNECTED = { encodedName: encodeReducerName('call_identity_connected') };
const DISCONNECTED = { encodedName: encodeReducerName('__identity_disconnected__') };

/** Why somebody is not let in. */
export interface ConnectRefusal {
  /** `outOfEnergy`: the module did not get to say. */
  readonly cause: 'rejected' | 'outOfEnergy';
  readonly message: string;
}

/**
 * Makes a caller known: its rows in `st_client` and `st_connection_credentials`, then the module's
 * `client_connected`, in one transaction, which is published.
 * @returns why the module refuses the caller; undefined if it does not
 */
export function connectCaller(core: Core, caller: ActiveCaller): ConnectRefusal | undefined {
  const { identity, connectionId, jwtPayload } = caller;
  if (findCredentials(core, caller) !== NO_ROW) {
    const message = `connection id ${connectionId.toHex()} is in use by another client than ${identity.toHex()}`;
    return { cause: 'rejected', message };
  }
  const transaction = core.transactions.begin();
  try {
    insertRow(core.store, transaction, SYSTEM_TABLE_IDS.client, clientRow(caller));
    const credentials = { connection_id: connectionId.toBigInt(), jwt_payload: jwtPayload };
    insertRow(core.store, transaction, SYSTEM_TABLE_IDS.connectionCredentials, credentials);
  } catch (error) {
    transaction.rollback();
    throw error;
  }
  const reducer = core.module.lifecycleReducer('onConnect');
  if (reducer !== undefined) {
    const outcome = runLifecycleReducer(core, transaction, reducer, caller);
    if (outcome.kind !== 'ok') {
      transaction.rollback();
      const cause = outcome.kind === 'outOfEnergy' ? 'outOfEnergy' : 'rejected';
      return { cause, message: failureText(outcome) };
    }
  }
  const failed = commitCall(core, transaction, inputsOf(core, CONNECTED, caller), reducer);
  if (failed === undefined) core.transactions.publish(undefined);
  return failed && { cause: 'rejected', message: failed.message };
}

/**
 * Forgets a caller: the module's `client_disconnected` and the removal of its rows in one
 * transaction, or the removal alone if the reducer or a view fails. Nothing happens if the rows are gone.
 */
export function disconnectCaller(core: Core, caller: ActiveCaller): void {
  const reducer = core.module.lifecycleReducer('onDisconnect');
  if (reducer !== undefined) {
    const transaction = core.transactions.begin();
    if (!isKnown(core, caller)) {
      transaction.rollback();
      return;
    }
    const outcome = runLifecycleReducer(core, transaction, reducer, caller);
    if (outcome.kind !== 'ok') transaction.rollback();
    else {
      removeRows(core, transaction, caller);
      if (commitCall(core, transaction, inputsOf(core, reducer, caller), reducer) === undefined) {
        core.transactions.publish(undefined);
        return;
      }
    }
  }
  // Nothing that the module does keeps a caller who is gone.
  core.transactions.run((transaction) => removeRows(core, transaction, caller), {
    inputs: inputsOf(core, DISCONNECTED, caller),
    onViewFailure: 'emptyView',
  });
}

/** The callers that a crash left connected. */
export function leftoverCallers(core: Core): ActiveCaller[] {
  const payloads = new Map(
    readRows(core.store, SYSTEM_TABLE_IDS.connectionCredentials).map((row) => [
      row['connection_id'],
      row['jwt_payload'],
    ]),
  );
  return readRows(core.store, SYSTEM_TABLE_IDS.client).map(
    (row) =>
      new ActiveCaller({
        identity: Identity.fromBigInt(row['identity'] as bigint),
        connectionId: ConnectionId.fromBigInt(row['connection_id'] as bigint),
        jwtPayload: (payloads.get(row['connection_id']!) as string | undefined) ?? '{}', // the column always has a value
      }),
  );
}

function inputsOf(core: Core, reducer: TransactionInputs['reducer'], caller: ActiveCaller): TransactionInputs {
  return { reducer, args: NO_ARGS, caller, timestampMicros: core.options.clock.nowMicros() };
}

function clientRow({ identity, connectionId }: ActiveCaller): { identity: bigint; connection_id: bigint } {
  return { identity: identity.toBigInt(), connection_id: connectionId.toBigInt() };
}

function encodedClientRow(caller: ActiveCaller): Uint8Array {
  const writer = new ByteWriter();
  systemRowType(SYSTEM_TABLE_IDS.client).encode(writer, clientRow(caller));
  return writer.written();
}

function isKnown(core: Core, caller: ActiveCaller): boolean {
  const table = core.store.table(SYSTEM_TABLE_IDS.client);
  const row = encodedClientRow(caller);
  // The index over both columns has the whole row as its key.
  return table.indexes[0]!.findUnique(row, 0, row.length) !== NO_ROW;
}

function removeRows(core: Core, transaction: Transaction, caller: ActiveCaller): void {
  const clients = core.store.table(SYSTEM_TABLE_IDS.client);
  const row = encodedClientRow(caller);
  transaction.deleteByValue(clients, row, 0, row.length);
  const credentials = findCredentials(core, caller);
  if (credentials !== NO_ROW) {
    transaction.delete(core.store.table(SYSTEM_TABLE_IDS.connectionCredentials), credentials);
  }
}

function findCredentials(core: Core, { connectionId }: ActiveCaller): RowPointer {
  const [byConnectionId] = core.store.table(SYSTEM_TABLE_IDS.connectionCredentials).indexes;
  return byConnectionId!.findUnique(connectionId.bytes, 0, connectionId.bytes.length); // the table's one index
}
