import { readFileSync } from 'node:fs';
import type {
  ClientMessage,
  QuerySetUpdate,
  ReducerOutcome,
  RowList,
  ServerMessage,
  TableChanges,
  TableRows,
} from '../src/index.ts';

/*
 * The recorded frames write messages in a notation of their own: variants and options are
 * `{"Name": payload}`, wide integers decimal text, bytes hex. Here it becomes our messages.
 */

export interface Frame {
  readonly protocol: 'v2.bsatn' | 'v3.bsatn' | 'bsatn';
  readonly direction: 'client' | 'server' | 'part';
  readonly message: string;
  readonly fields: Fields | readonly Fields[];
  readonly hex: string;
  readonly decode_only?: boolean;
}

export type Fields = Readonly<Record<string, unknown>>;

const recorded = JSON.parse(readFileSync(new URL('../vectors/ws-frames.json', import.meta.url), 'utf8')) as (
  | Frame
  | V1Frame
  | V1Text
)[];

/** The frames of v2 and v3, and row lists. */
export const frames: readonly Frame[] = recorded.filter((frame) => !frame.protocol.startsWith('v1.')) as Frame[];

/** The binary frames of v1. */
export interface V1Frame {
  readonly protocol: 'v1.bsatn';
  readonly direction: 'client' | 'server';
  readonly message: string;
  readonly fields: Fields;
  readonly hex: string;
}

/** The text frames of v1. */
export interface V1Text {
  readonly protocol: 'v1.json';
  readonly direction: 'client' | 'server';
  readonly message: string;
  readonly text: string;
}

export const v1Frames: readonly V1Frame[] = recorded.filter((frame) => frame.protocol === 'v1.bsatn');
export const v1Texts: readonly V1Text[] = recorded.filter((frame) => frame.protocol === 'v1.json');

export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** The messages of one frame with their names. */
export function messagesOf(frame: Frame): [string, Fields][] {
  if (!isBatch(frame.fields)) return [[frame.message, frame.fields]];
  return frame.fields.map(variant);
}

export function clientMessage(name: string, f: Fields): ClientMessage {
  const requestId = number(f, 'request_id');
  switch (name) {
    case 'Subscribe':
      return { tag: name, requestId, querySetId: number(f, 'query_set_id'), queries: list(f, 'query_strings') };
    case 'Unsubscribe': {
      const [flags] = variant(nested(f, 'flags'));
      return { tag: name, requestId, querySetId: number(f, 'query_set_id'), sendDroppedRows: flags !== 'Default' };
    }
    case 'OneOffQuery':
      return { tag: name, requestId, query: text(f, 'query_string') };
    case 'CallReducer':
      return { tag: name, requestId, reducer: text(f, 'reducer'), args: bytes(f, 'args') };
    case 'CallProcedure':
      return { tag: name, requestId, procedure: text(f, 'procedure'), args: bytes(f, 'args') };
    default:
      throw new Error(`no such client message: ${name}`);
  }
}

export function serverMessage(name: string, f: Fields): ServerMessage {
  switch (name) {
    case 'InitialConnection': {
      const identity = bytes(f, 'identity').reverse();
      return { tag: name, identity, connectionId: bytes(f, 'connection_id').reverse(), token: text(f, 'token') };
    }
    case 'SubscribeApplied': {
      const tables = tableRows(nested(f, 'rows'));
      return { tag: name, requestId: number(f, 'request_id'), querySetId: number(f, 'query_set_id'), tables };
    }
    case 'UnsubscribeApplied': {
      const [option, rows] = variant(nested(f, 'rows'));
      const tables = option === 'some' ? tableRows(rows) : undefined;
      return { tag: name, requestId: number(f, 'request_id'), querySetId: number(f, 'query_set_id'), tables };
    }
    case 'SubscriptionError': {
      const requestId = nested(f, 'request_id')['some'] as number | undefined;
      const error = text(f, 'error').replace(/^"e" repeated (\d+) times$/u, (_, n: string) => 'e'.repeat(Number(n)));
      return { tag: name, requestId, querySetId: number(f, 'query_set_id'), error };
    }
    case 'TransactionUpdate':
      return { tag: name, querySets: querySets(f) };
    case 'OneOffQueryResult': {
      const result = nested(f, 'result');
      return {
        tag: name,
        requestId: number(f, 'request_id'),
        result:
          'err' in result
            ? { tag: 'err', error: text(result, 'err') }
            : { tag: 'ok', tables: tableRows(nested(result, 'ok')) },
      };
    }
    case 'ReducerResult': {
      const outcome = reducerOutcome(nested(f, 'result'));
      return { tag: name, requestId: number(f, 'request_id'), timestampMicros: BigInt(text(f, 'timestamp')), outcome };
    }
    case 'ProcedureResult': {
      const status = nested(f, 'status');
      return {
        tag: name,
        status:
          'Returned' in status
            ? { tag: 'Returned', value: bytes(status, 'Returned') }
            : { tag: 'InternalError', error: text(status, 'InternalError') },
        timestampMicros: BigInt(text(f, 'timestamp')),
        durationMicros: BigInt(text(f, 'total_host_execution_duration')),
        requestId: number(f, 'request_id'),
      };
    }
    default:
      throw new Error(`no such server message: ${name}`);
  }
}

export function rowList(f: Fields): RowList {
  const hint = nested(f, 'size_hint');
  return {
    sizeHint:
      'FixedSize' in hint
        ? { tag: 'FixedSize', size: number(hint, 'FixedSize') }
        : { tag: 'RowOffsets', offsets: list(hint, 'RowOffsets').map(Number) },
    data: bytes(f, 'rows_data'),
  };
}

function reducerOutcome(f: Fields): ReducerOutcome {
  const [name, payload] = variant(f);
  switch (name) {
    case 'Ok':
      return {
        tag: name,
        returnValue: bytes(payload, 'ret_value'),
        querySets: querySets(nested(payload, 'transaction_update')),
      };
    case 'OkEmpty':
      return { tag: name };
    case 'Err':
      return { tag: name, error: bytes(f, name) };
    case 'InternalError':
      return { tag: name, error: text(f, name) };
    default:
      throw new Error(`no such outcome: ${name}`);
  }
}

function tableRows(f: Fields): TableRows[] {
  return list<Fields>(f, 'tables').map((t) => ({ table: text(t, 'table'), rows: rowList(nested(t, 'rows')) }));
}

function querySets(f: Fields): QuerySetUpdate[] {
  return list<Fields>(f, 'query_sets').map((set) => ({
    querySetId: number(set, 'query_set_id'),
    tables: list<Fields>(set, 'tables').map((t) => ({
      table: text(t, 'table_name'),
      changes: list<Fields>(t, 'rows').map(tableChanges),
    })),
  }));
}

function tableChanges(f: Fields): TableChanges {
  const [tag, lists] = variant(f);
  if (tag === 'EventTable') return { tag, events: rowList(nested(lists, 'events')) };
  return {
    tag: 'PersistentTable',
    inserts: rowList(nested(lists, 'inserts')),
    deletes: rowList(nested(lists, 'deletes')),
  };
}

// The casts below are checked by the comparison of the message with its recorded bytes.
const isBatch = (fields: Frame['fields']): fields is readonly Fields[] => Array.isArray(fields);
export const number = (f: Fields, key: string): number => f[key] as number;
export const text = (f: Fields, key: string): string => f[key] as string;
export const bytes = (f: Fields, key: string): Uint8Array => fromHex(f[key] as string);
export const nested = (f: Fields, key: string): Fields => f[key] as Fields;
export const list = <T = string>(f: Fields, key: string): T[] => f[key] as T[];
export const variant = (f: Fields): [string, Fields] => Object.entries(f)[0] as [string, Fields];
