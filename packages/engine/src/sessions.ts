import { type AlgebraicValue, ByteWriter, ConnectionId, Identity, equalBytes } from '@lightcone/sats';
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
  /** `outOfEnergy`: the module did not get to say; `diskFull`: it wrote more than there is room for. */
  readonly cause: 'rejected' | 'outOfEnergy' | 'diskFull';
  readonly message: string;
}

/**
 * Makes a caller known: its rows in `st_client` and `st_connection_credentials`, then the module's
 * `client_connected`, in one transaction, which is published. The rows are there already if the caller
 * has another connection of this id, as who comes back may have before the old one is known to be gone.
 *
 * On a full disk `client_connected` says whether to let the caller in, and leaves nothing behind.
 * @returns why the module refuses the caller, which is counted; undefined if it does not
 */
export function connectCaller(core: Core, caller: ActiveCaller): ConnectRefusal | undefined {
  const refusal = letIn(core, caller);
  if (refusal !== undefined) core.refusedConnections[refusal.cause]++;
  return refusal;
}

function letIn(core: Core, caller: ActiveCaller): ConnectRefusal | undefined {
  const { identity, connectionId } = caller;
  const holder = findCredentials(core, caller);
  const isShared = holder !== NO_ROW;
  if (isShared && !isSameCaller(core, caller, holder)) {
    const message = `connection id ${connectionId.toHex()} is in use by another client than ${identity.toHex()}`;
    return { cause: 'rejected', message };
  }
  const transaction = core.transactions.begin();
  try {
    insertRow(core.store, transaction, SYSTEM_TABLE_IDS.client, clientRow(caller));
    insertRow(core.store, transaction, SYSTEM_TABLE_IDS.connectionCredentials, credentialsRow(caller));
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
  if (core.isReadOnly) {
    transaction.rollback();
    return undefined;
  }
  const failed = commitCall(core, transaction, inputsOf(core, CONNECTED, caller), reducer);
  if (failed !== undefined) {
    return { cause: failed.kind === 'viewFailed' ? 'rejected' : 'diskFull', message: failed.message };
  }
  if (isShared) core.sharedConnectionIds.add(connectionId);
  core.transactions.publish(undefined);
  return undefined;
}

/**
 * Forgets a caller: the module's `client_disconnected` and the removal of its rows in one
 * transaction, or the removal alone if the reducer or a view fails, or the disk has no room for it. Nothing happens if
 * the rows are gone. They stay until the last connection of the id goes. On a full disk there is nothing to be undone.
 */
export function disconnectCaller(core: Core, caller: ActiveCaller): void {
  if (core.isReadOnly) return;
  const isLast = !core.sharedConnectionIds.remove(caller.connectionId);
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
      if (isLast) removeRows(core, transaction, caller);
      if (commitCall(core, transaction, inputsOf(core, reducer, caller), reducer) === undefined) {
        core.transactions.publish(undefined);
        return;
      }
    }
  }
  if (!isLast) return;
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

function credentialsRow({ connectionId, jwtPayload }: ActiveCaller): { connection_id: bigint; jwt_payload: string } {
  return { connection_id: connectionId.toBigInt(), jwt_payload: jwtPayload };
}

function encodeRow(tableId: number, row: AlgebraicValue): Uint8Array {
  const writer = new ByteWriter();
  systemRowType(tableId).encode(writer, row);
  return writer.written();
}

function isKnown(core: Core, caller: ActiveCaller): boolean {
  const table = core.store.table(SYSTEM_TABLE_IDS.client);
  const row = encodeRow(SYSTEM_TABLE_IDS.client, clientRow(caller));
  // The index over both columns has the whole row as its key.
  return table.indexes[0]!.findUnique(row, 0, row.length) !== NO_ROW;
}

/** Whether the caller whose credentials hold the connection id is this one: of the same identity, by the same token. */
function isSameCaller(core: Core, caller: ActiveCaller, holder: RowPointer): boolean {
  const tableId = SYSTEM_TABLE_IDS.connectionCredentials;
  const table = core.store.table(tableId);
  const row = encodeRow(tableId, credentialsRow(caller));
  const start = table.start(holder);
  const isSameToken =
    table.end(holder) - start === row.length && equalBytes(table.bytes(holder), start, row, 0, row.length);
  return isSameToken && isKnown(core, caller);
}

function removeRows(core: Core, transaction: Transaction, caller: ActiveCaller): void {
  const clients = core.store.table(SYSTEM_TABLE_IDS.client);
  const row = encodeRow(SYSTEM_TABLE_IDS.client, clientRow(caller));
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
