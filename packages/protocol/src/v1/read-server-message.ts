import { type ByteReader, ByteWriter, compileType, parseJson, readJson } from '@lightcone/sats';
import { ProtocolError, inMessage } from '../errors.ts';
import { type RowList, checkedRowList } from '../row-list.ts';
import { BSATN_MESSAGES, JSON_MESSAGES } from './message-types.ts';
import type { ProcedureStatus, QueryUpdate, ServerMessage, TableUpdate, UpdateStatus } from './server-message.ts';

const bsatn = compileType(BSATN_MESSAGES.server, []);

/**
 * Reads the message of a binary frame, after its compression tag and uncompressed.
 * @throws ProtocolError, also for updates that are compressed by themselves, which no server sends
 */
export function readServerMessage(reader: ByteReader): ServerMessage<RowList, Uint8Array> {
  const start = reader.offset;
  try {
    // The cast: decoded by the type that the interfaces below describe.
    const wire = bsatn.decode(reader) as unknown as WireMessage<WireRowList, Uint8Array>;
    return new Translation<WireRowList, RowList, Uint8Array>((list) => toRowList(list, reader.offset)).message(wire);
  } catch (cause) {
    throw inMessage('server', start, cause);
  }
}

/** Reads the message of a text frame; rows are JSON texts. @throws ProtocolError */
export function parseServerMessage(text: string): ServerMessage<readonly string[], string> {
  try {
    const wire = readJson(JSON_MESSAGES.server, [], parseJson(text)) as unknown as WireMessage<string[], string>;
    return new Translation<string[], readonly string[], string>((rows) => rows).message(wire);
  } catch (cause) {
    throw inMessage('server', 0, cause);
  }
}

interface WireRowList {
  readonly size_hint: { tag: 'FixedSize'; value: number } | { tag: 'RowOffsets'; value: readonly bigint[] };
  readonly rows_data: Uint8Array;
}

type WireOption<T> = { tag: 'some'; value: T } | { tag: 'none' };
interface WireQueryUpdate<R> {
  readonly deletes: R;
  readonly inserts: R;
}
interface WireTableUpdate<R> {
  readonly table_id: number;
  readonly table_name: string;
  readonly num_rows: bigint;
  readonly updates: readonly (WireQueryUpdate<R> | { tag: string; value: WireQueryUpdate<R> })[];
}
interface WireDatabaseUpdate<R> {
  readonly tables: readonly WireTableUpdate<R>[];
}
interface WireDuration {
  readonly __time_duration_micros__: bigint;
}
interface WireTimestamp {
  readonly __timestamp_micros_since_unix_epoch__: bigint;
}
interface WireApplied {
  readonly request_id: number;
  readonly total_host_execution_duration_micros: bigint;
  readonly query_id: { readonly id: number };
}

/** A message as its type decodes; see `message-types.ts`. */
type WireMessage<R, V> =
  | {
      tag: 'InitialSubscription';
      value: {
        database_update: WireDatabaseUpdate<R>;
        request_id: number;
        total_host_execution_duration: WireDuration;
      };
    }
  | {
      tag: 'TransactionUpdate';
      value: {
        status:
          | { tag: 'Committed'; value: WireDatabaseUpdate<R> }
          | { tag: 'Failed'; value: string }
          | { tag: 'OutOfEnergy' };
        timestamp: WireTimestamp;
        caller_identity: { __identity__: bigint };
        caller_connection_id: { __connection_id__: bigint };
        reducer_call: { reducer_name: string; reducer_id: number; args: V; request_id: number };
        energy_quanta_used: { quanta: bigint };
        total_host_execution_duration: WireDuration;
      };
    }
  | { tag: 'TransactionUpdateLight'; value: { request_id: number; update: WireDatabaseUpdate<R> } }
  | {
      tag: 'IdentityToken';
      value: { identity: { __identity__: bigint }; token: string; connection_id: { __connection_id__: bigint } };
    }
  | {
      tag: 'OneOffQueryResponse';
      value: {
        message_id: Uint8Array;
        error: WireOption<string>;
        tables: readonly { table_name: string; rows: R }[];
        total_host_execution_duration: WireDuration;
      };
    }
  | {
      tag: 'SubscribeApplied' | 'UnsubscribeApplied';
      value: WireApplied & { rows: { table_rows: WireTableUpdate<R> } };
    }
  | {
      tag: 'SubscriptionError';
      value: {
        total_host_execution_duration_micros: bigint;
        request_id: WireOption<number>;
        query_id: WireOption<number>;
        table_id: WireOption<number>;
        error: string;
      };
    }
  | { tag: 'SubscribeMultiApplied' | 'UnsubscribeMultiApplied'; value: WireApplied & { update: WireDatabaseUpdate<R> } }
  | {
      tag: 'ProcedureResult';
      value: {
        status: { tag: 'Returned'; value: V } | { tag: 'OutOfEnergy' } | { tag: 'InternalError'; value: string };
        timestamp: WireTimestamp;
        total_host_execution_duration: WireDuration;
        request_id: number;
      };
    };

/** Turns decoded messages into ours. */
class Translation<WireRows, Rows, Value> {
  readonly #rows: (rows: WireRows) => Rows;

  constructor(rows: (rows: WireRows) => Rows) {
    this.#rows = rows;
  }

  message({ tag, value }: WireMessage<WireRows, Value>): ServerMessage<Rows, Value> {
    switch (tag) {
      case 'InitialSubscription':
        return {
          tag,
          requestId: value.request_id,
          tables: this.#tables(value.database_update),
          durationMicros: value.total_host_execution_duration.__time_duration_micros__,
        };
      case 'TransactionUpdate': {
        const { reducer_name: reducerName, reducer_id: reducerId, args, request_id: requestId } = value.reducer_call;
        return {
          tag,
          status: this.#status(value.status),
          timestampMicros: value.timestamp.__timestamp_micros_since_unix_epoch__,
          callerIdentity: toBytes(value.caller_identity.__identity__, 32),
          callerConnectionId: toBytes(value.caller_connection_id.__connection_id__, 16),
          reducerCall: { reducerName, reducerId, args, requestId },
          energyUsed: value.energy_quanta_used.quanta,
          durationMicros: value.total_host_execution_duration.__time_duration_micros__,
        };
      }
      case 'TransactionUpdateLight':
        return { tag, requestId: value.request_id, tables: this.#tables(value.update) };
      case 'IdentityToken':
        return {
          tag,
          identity: toBytes(value.identity.__identity__, 32),
          connectionId: toBytes(value.connection_id.__connection_id__, 16),
          token: value.token,
        };
      case 'OneOffQueryResponse':
        return {
          tag,
          messageId: value.message_id,
          error: toOptional(value.error),
          tables: value.tables.map(({ table_name: table, rows }) => ({ table, rows: this.#rows(rows) })),
          durationMicros: value.total_host_execution_duration.__time_duration_micros__,
        };
      case 'SubscribeApplied':
      case 'UnsubscribeApplied':
        return { tag, ...toApplied(value), table: this.#table(value.rows.table_rows) };
      case 'SubscriptionError':
        return {
          tag,
          requestId: toOptional(value.request_id),
          queryId: toOptional(value.query_id),
          tableId: toOptional(value.table_id),
          error: value.error,
          durationMicros: value.total_host_execution_duration_micros,
        };
      case 'SubscribeMultiApplied':
      case 'UnsubscribeMultiApplied':
        return { tag, ...toApplied(value), tables: this.#tables(value.update) };
      case 'ProcedureResult':
        return {
          tag,
          requestId: value.request_id,
          status: toProcedureStatus(value.status),
          timestampMicros: value.timestamp.__timestamp_micros_since_unix_epoch__,
          durationMicros: value.total_host_execution_duration.__time_duration_micros__,
        };
    }
  }

  #status(
    status: Extract<WireMessage<WireRows, Value>, { tag: 'TransactionUpdate' }>['value']['status'],
  ): UpdateStatus<Rows> {
    if (status.tag === 'Committed') return { tag: status.tag, tables: this.#tables(status.value) };
    return status.tag === 'Failed' ? { tag: status.tag, error: status.value } : { tag: status.tag };
  }

  #tables({ tables }: WireDatabaseUpdate<WireRows>): TableUpdate<Rows>[] {
    return tables.map((table) => this.#table(table));
  }

  #table(update: WireTableUpdate<WireRows>): TableUpdate<Rows> {
    return {
      tableId: update.table_id,
      table: update.table_name,
      rowCount: Number(update.num_rows),
      updates: update.updates.map((query) => this.#queryUpdate(query)),
    };
  }

  #queryUpdate(update: WireTableUpdate<WireRows>['updates'][number]): QueryUpdate<Rows> {
    if ('tag' in update && update.tag !== 'Uncompressed') {
      throw new ProtocolError('PROTOCOL_UNKNOWN_VARIANT', `a query update compressed with ${update.tag}`);
    }
    const { deletes, inserts } = 'tag' in update ? update.value : update;
    return { deletes: this.#rows(deletes), inserts: this.#rows(inserts) };
  }
}

function toProcedureStatus<Value>(
  status: Extract<WireMessage<never, Value>, { tag: 'ProcedureResult' }>['value']['status'],
): ProcedureStatus<Value> {
  switch (status.tag) {
    case 'Returned':
      return { tag: status.tag, value: status.value };
    case 'OutOfEnergy':
      return { tag: status.tag };
    case 'InternalError':
      return { tag: status.tag, error: status.value };
  }
}

function toApplied(value: WireApplied): { requestId: number; queryId: number; durationMicros: bigint } {
  return {
    requestId: value.request_id,
    queryId: value.query_id.id,
    durationMicros: value.total_host_execution_duration_micros,
  };
}

function toOptional<T>(option: WireOption<T>): T | undefined {
  return option.tag === 'some' ? option.value : undefined;
}

function toBytes(value: bigint, size: number): Uint8Array {
  const writer = new ByteWriter(size);
  writer.wide(value, size);
  return writer.finish();
}

function toRowList({ size_hint: hint, rows_data: data }: WireRowList, endsAt: number): RowList {
  return checkedRowList(
    hint.tag === 'FixedSize'
      ? { tag: 'FixedSize', size: hint.value }
      : { tag: 'RowOffsets', offsets: hint.value.map(Number) },
    data,
    endsAt,
  );
}
