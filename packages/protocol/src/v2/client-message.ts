import type { ByteReader, ByteWriter } from '@lightcone/sats';
import { inMessage, ProtocolError, unknownVariant } from '../errors.ts';
import { readFunctionName } from '../function-name.ts';
import { MAX_QUERIES, tooManyQueries } from '../query-count.ts';

/** What a client sends over `v2.bsatn` and `v3.bsatn`. `requestId` is echoed and means nothing to the server. */
export type ClientMessage = Subscribe | Unsubscribe | OneOffQuery | CallReducer | CallProcedure;

export interface Subscribe {
  readonly tag: 'Subscribe';
  readonly requestId: number;
  readonly querySetId: number;
  readonly queries: readonly string[];
}

export interface Unsubscribe {
  readonly tag: 'Unsubscribe';
  readonly requestId: number;
  readonly querySetId: number;
  /** Whether the answer is to carry the rows that leave the client's view. */
  readonly sendDroppedRows: boolean;
}

export interface OneOffQuery {
  readonly tag: 'OneOffQuery';
  readonly requestId: number;
  readonly query: string;
}

export interface CallReducer {
  readonly tag: 'CallReducer';
  readonly requestId: number;
  readonly reducer: string;
  /** BSATN of the argument product. Decoded messages hold a view of the frame, not a copy. */
  readonly args: Uint8Array;
}

export interface CallProcedure {
  readonly tag: 'CallProcedure';
  readonly requestId: number;
  readonly procedure: string;
  /** As for `CallReducer`. */
  readonly args: Uint8Array;
}

const TAGS = { Subscribe: 0, Unsubscribe: 1, OneOffQuery: 2, CallReducer: 3, CallProcedure: 4 } as const;

/**
 * Reads one message and leaves the reader behind it: a v2 frame holds one (what follows is to be
 * ignored), a v3 frame one or more up to its end.
 * @throws ProtocolError
 */
export function readClientMessage(reader: ByteReader): ClientMessage {
  const start = reader.offset;
  try {
    return readVariant(reader);
  } catch (cause) {
    throw inMessage('client', start, cause);
  }
}

function readVariant(reader: ByteReader): ClientMessage {
  const tag = reader.u8();
  switch (tag) {
    case TAGS.CallReducer: {
      const requestId = reader.u32();
      checkFlags(reader);
      return { tag: 'CallReducer', requestId, reducer: readFunctionName(reader), args: reader.lengthPrefixed() };
    }
    case TAGS.Subscribe:
      return { tag: 'Subscribe', requestId: reader.u32(), querySetId: reader.u32(), queries: readStrings(reader) };
    case TAGS.Unsubscribe:
      return {
        tag: 'Unsubscribe',
        requestId: reader.u32(),
        querySetId: reader.u32(),
        sendDroppedRows: readUnsubscribeFlags(reader),
      };
    case TAGS.OneOffQuery:
      return { tag: 'OneOffQuery', requestId: reader.u32(), query: reader.string() };
    case TAGS.CallProcedure: {
      const requestId = reader.u32();
      checkFlags(reader);
      return { tag: 'CallProcedure', requestId, procedure: readFunctionName(reader), args: reader.lengthPrefixed() };
    }
    default:
      throw unknownVariant('a client message', tag, reader.offset - 1, 5);
  }
}

/** Appends one message. */
export function writeClientMessage(writer: ByteWriter, message: ClientMessage): void {
  writer.u8(TAGS[message.tag]);
  writer.u32(message.requestId);
  switch (message.tag) {
    case 'Subscribe':
      writer.u32(message.querySetId);
      writer.u32(message.queries.length);
      for (const query of message.queries) writer.string(query);
      break;
    case 'Unsubscribe':
      writer.u32(message.querySetId);
      writer.u8(message.sendDroppedRows ? 1 : 0);
      break;
    case 'OneOffQuery':
      writer.string(message.query);
      break;
    case 'CallReducer':
      writer.u8(0);
      writer.string(message.reducer);
      writer.lengthPrefixed(message.args);
      break;
    case 'CallProcedure':
      writer.u8(0);
      writer.string(message.procedure);
      writer.lengthPrefixed(message.args);
      break;
  }
}

/** No flag of a call is defined yet; a client that sets one expects something we would not do. */
function checkFlags(reader: ByteReader): void {
  const flags = reader.u8();
  if (flags !== 0) {
    throw new ProtocolError(
      'PROTOCOL_UNSUPPORTED_FLAGS',
      `unsupported call flags ${flags} at byte ${reader.offset - 1}: expected 0`,
    );
  }
}

function readUnsubscribeFlags(reader: ByteReader): boolean {
  const tag = reader.u8();
  if (tag > 1) throw unknownVariant('UnsubscribeFlags', tag, reader.offset - 1, 2);
  return tag === 1;
}

/** The count is not trusted with memory: the list grows as strings are really there. */
function readStrings(reader: ByteReader): string[] {
  const count = reader.u32();
  if (count > MAX_QUERIES) throw tooManyQueries(count);
  const strings: string[] = [];
  for (let i = 0; i < count; i++) strings.push(reader.string());
  return strings;
}
