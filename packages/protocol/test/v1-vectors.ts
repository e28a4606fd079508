import type { RowList } from '../src/index.ts';
import type { ClientMessage, ProcedureStatus, ServerMessage, TableUpdate, UpdateStatus } from '../src/v1/index.ts';
import { type Fields, bytes, fromHex, list, nested, number, rowList, text, variant } from './vectors.ts';

/** A message of v1 from the notation of the recorded frames; see `vectors.ts`. */
export function v1ClientMessage(name: string, f: Fields): ClientMessage {
  const requestId = number(f, 'request_id');
  switch (name) {
    case 'CallReducer': {
      const noSuccessNotify = number(f, 'flags') === 1;
      return { tag: name, requestId, reducer: text(f, 'reducer'), args: bytes(f, 'args'), noSuccessNotify };
    }
    case 'Subscribe':
      return { tag: name, requestId, queries: list(f, 'query_strings') };
    case 'OneOffQuery':
      return { tag: name, messageId: bytes(f, 'message_id'), query: text(f, 'query_string') };
    case 'SubscribeSingle':
      return { tag: name, requestId, queryId: queryId(f), query: text(f, 'query') };
    case 'SubscribeMulti':
      return { tag: name, requestId, queryId: queryId(f), queries: list(f, 'query_strings') };
    case 'Unsubscribe':
    case 'UnsubscribeMulti':
      return { tag: name, requestId, queryId: queryId(f) };
    case 'CallProcedure':
      return { tag: name, requestId, procedure: text(f, 'procedure'), args: bytes(f, 'args') };
    default:
      throw new Error(`no such client message: ${name}`);
  }
}

export function v1ServerMessage(name: string, f: Fields): ServerMessage<RowList, Uint8Array> {
  const requestId = number(f, 'request_id');
  switch (name) {
    case 'IdentityToken': {
      const identity = bytes(f, 'identity').reverse();
      return { tag: name, identity, connectionId: bytes(f, 'connection_id').reverse(), token: text(f, 'token') };
    }
    case 'InitialSubscription':
      return { tag: name, requestId, tables: tables(nested(f, 'database_update')), durationMicros: duration(f) };
    case 'TransactionUpdate': {
      const call = nested(f, 'reducer_call');
      return {
        tag: name,
        status: status(nested(f, 'status')),
        timestampMicros: BigInt(text(f, 'timestamp')),
        callerIdentity: bytes(f, 'caller_identity').reverse(),
        callerConnectionId: bytes(f, 'caller_connection_id').reverse(),
        reducerCall: {
          reducerName: text(call, 'reducer_name'),
          reducerId: number(call, 'reducer_id'),
          args: bytes(call, 'args'),
          requestId: number(call, 'request_id'),
        },
        energyUsed: BigInt(text(nested(f, 'energy_quanta_used'), 'quanta')),
        durationMicros: duration(f),
      };
    }
    case 'TransactionUpdateLight':
      return { tag: name, requestId, tables: tables(nested(f, 'update')) };
    case 'OneOffQueryResponse':
      return {
        tag: name,
        messageId: bytes(f, 'message_id'),
        error: nested(f, 'error')['some'] as string | undefined,
        tables: list<Fields>(f, 'tables').map((table) => ({
          table: text(table, 'table_name'),
          rows: rowList(nested(table, 'rows')),
        })),
        durationMicros: duration(f),
      };
    case 'SubscribeApplied':
    case 'UnsubscribeApplied': {
      const table = tableUpdate(nested(nested(f, 'rows'), 'table_rows'));
      return { tag: name, requestId, queryId: queryId(f), table, durationMicros: durationCount(f) };
    }
    case 'SubscribeMultiApplied':
    case 'UnsubscribeMultiApplied': {
      const durationMicros = durationCount(f);
      return { tag: name, requestId, queryId: queryId(f), tables: tables(nested(f, 'update')), durationMicros };
    }
    case 'SubscriptionError':
      return {
        tag: name,
        requestId: nested(f, 'request_id')['some'] as number | undefined,
        queryId: nested(f, 'query_id')['some'] as number | undefined,
        tableId: nested(f, 'table_id')['some'] as number | undefined,
        error: text(f, 'error'),
        durationMicros: durationCount(f),
      };
    case 'ProcedureResult':
      return {
        tag: name,
        requestId,
        status: procedureStatus(nested(f, 'status')),
        timestampMicros: BigInt(text(f, 'timestamp')),
        durationMicros: duration(f),
      };
    default:
      throw new Error(`no such server message: ${name}`);
  }
}

function status(f: Fields): UpdateStatus<RowList> {
  const [tag, payload] = variant(f);
  if (tag === 'Committed') return { tag, tables: tables(payload) };
  return tag === 'Failed' ? { tag, error: text(f, tag) } : { tag: 'OutOfEnergy' };
}

function procedureStatus(f: Fields): ProcedureStatus<Uint8Array> {
  const [tag] = variant(f);
  if (tag === 'Returned') return { tag, value: fromHex(text(f, tag)) };
  return tag === 'InternalError' ? { tag, error: text(f, tag) } : { tag: 'OutOfEnergy' };
}

function tables(f: Fields): TableUpdate<RowList>[] {
  return list<Fields>(f, 'tables').map(tableUpdate);
}

function tableUpdate(f: Fields): TableUpdate<RowList> {
  return {
    tableId: number(f, 'table_id'),
    table: text(f, 'table_name'),
    rowCount: Number(text(f, 'num_rows')),
    updates: list<Fields>(f, 'updates').map((update) => {
      const [, { deletes, inserts }] = variant(update);
      return { deletes: rowList(deletes as Fields), inserts: rowList(inserts as Fields) };
    }),
  };
}

const queryId = (f: Fields): number => number(nested(f, 'query_id'), 'id');
const duration = (f: Fields): bigint => BigInt(text(f, 'total_host_execution_duration'));
const durationCount = (f: Fields): bigint => BigInt(text(f, 'total_host_execution_duration_micros'));
