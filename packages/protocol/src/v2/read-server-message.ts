import type { ByteReader } from '@lightcone/sats';
import { inMessage, unknownVariant } from '../errors.ts';
import { readRowList } from '../row-list.ts';
import { OUTCOME_TAGS, SERVER_MESSAGE_TAGS } from './server-message.ts';
import type {
  OneOffQueryResult,
  ProcedureResult,
  QuerySetUpdate,
  ReducerOutcome,
  ServerMessage,
  TableChanges,
  TableRows,
  TableUpdate,
} from './server-message.ts';

/**
 * Reads one message and leaves the reader behind it: a v2 payload holds one, a v3 payload one or
 * more up to its end. Byte fields and row lists are views of the payload.
 * @throws ProtocolError
 */
export function readServerMessage(reader: ByteReader): ServerMessage {
  const start = reader.offset;
  try {
    return readVariant(reader);
  } catch (cause) {
    throw inMessage('server', start, cause);
  }
}

function readVariant(reader: ByteReader): ServerMessage {
  const tag = reader.u8();
  switch (tag) {
    case SERVER_MESSAGE_TAGS.InitialConnection:
      return {
        tag: 'InitialConnection',
        identity: reader.raw(32),
        connectionId: reader.raw(16),
        token: reader.string(),
      };
    case SERVER_MESSAGE_TAGS.SubscribeApplied:
      return {
        tag: 'SubscribeApplied',
        requestId: reader.u32(),
        querySetId: reader.u32(),
        tables: readList(reader, readTableRows),
      };
    case SERVER_MESSAGE_TAGS.UnsubscribeApplied:
      return {
        tag: 'UnsubscribeApplied',
        requestId: reader.u32(),
        querySetId: reader.u32(),
        tables: readOption(reader) ? readList(reader, readTableRows) : undefined,
      };
    case SERVER_MESSAGE_TAGS.SubscriptionError:
      return {
        tag: 'SubscriptionError',
        requestId: readOption(reader) ? reader.u32() : undefined,
        querySetId: reader.u32(),
        error: reader.string(),
      };
    case SERVER_MESSAGE_TAGS.TransactionUpdate:
      return { tag: 'TransactionUpdate', querySets: readList(reader, readQuerySetUpdate) };
    case SERVER_MESSAGE_TAGS.OneOffQueryResult:
      return { tag: 'OneOffQueryResult', requestId: reader.u32(), result: readQueryResult(reader) };
    case SERVER_MESSAGE_TAGS.ReducerResult:
      return {
        tag: 'ReducerResult',
        requestId: reader.u32(),
        timestampMicros: reader.i64(),
        outcome: readReducerOutcome(reader),
      };
    case SERVER_MESSAGE_TAGS.ProcedureResult:
      return {
        tag: 'ProcedureResult',
        status: readProcedureStatus(reader),
        timestampMicros: reader.i64(),
        durationMicros: reader.i64(),
        requestId: reader.u32(),
      };
    default:
      throw unknownVariant('a server message', tag, reader.offset - 1, 8);
  }
}

function readTableRows(reader: ByteReader): TableRows {
  return { table: reader.string(), rows: readRowList(reader) };
}

function readQuerySetUpdate(reader: ByteReader): QuerySetUpdate {
  return { querySetId: reader.u32(), tables: readList(reader, readTableUpdate) };
}

function readTableUpdate(reader: ByteReader): TableUpdate {
  return { table: reader.string(), changes: readList(reader, readTableChanges) };
}

function readTableChanges(reader: ByteReader): TableChanges {
  const tag = reader.u8();
  if (tag === 0) return { tag: 'PersistentTable', inserts: readRowList(reader), deletes: readRowList(reader) };
  if (tag === 1) return { tag: 'EventTable', events: readRowList(reader) };
  throw unknownVariant('TableUpdateRows', tag, reader.offset - 1, 2);
}

function readQueryResult(reader: ByteReader): OneOffQueryResult['result'] {
  const tag = reader.u8();
  if (tag === 0) return { tag: 'ok', tables: readList(reader, readTableRows) };
  if (tag === 1) return { tag: 'err', error: reader.string() };
  throw unknownVariant('the result of a query', tag, reader.offset - 1, 2);
}

function readReducerOutcome(reader: ByteReader): ReducerOutcome {
  const tag = reader.u8();
  switch (tag) {
    case OUTCOME_TAGS.Ok:
      return {
        tag: 'Ok',
        returnValue: reader.lengthPrefixed(),
        querySets: readList(reader, readQuerySetUpdate),
      };
    case OUTCOME_TAGS.OkEmpty:
      return { tag: 'OkEmpty' };
    case OUTCOME_TAGS.Err:
      return { tag: 'Err', error: reader.lengthPrefixed() };
    case OUTCOME_TAGS.InternalError:
      return { tag: 'InternalError', error: reader.string() };
    default:
      throw unknownVariant('ReducerOutcome', tag, reader.offset - 1, 4);
  }
}

function readProcedureStatus(reader: ByteReader): ProcedureResult['status'] {
  const tag = reader.u8();
  if (tag === 0) return { tag: 'Returned', value: reader.lengthPrefixed() };
  if (tag === 1) return { tag: 'InternalError', error: reader.string() };
  throw unknownVariant('ProcedureStatus', tag, reader.offset - 1, 2);
}

/** Reads the tag of an option: whether its value follows. */
function readOption(reader: ByteReader): boolean {
  const tag = reader.u8();
  if (tag > 1) throw unknownVariant('an option', tag, reader.offset - 1, 2);
  return tag === 0;
}

/** The count is not trusted with memory: the list grows as items are really there. */
function readList<T>(reader: ByteReader, readItem: (reader: ByteReader) => T): T[] {
  const count = reader.u32();
  const items: T[] = [];
  for (let i = 0; i < count; i++) items.push(readItem(reader));
  return items;
}
