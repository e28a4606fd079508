import {
  type AlgebraicValue,
  ByteReader,
  type ByteWriter,
  compileType,
  parseJson,
  readJson,
  writeJson,
} from '@lightcone/sats';
import { ProtocolError, inMessage } from '../errors.ts';
import { MAX_QUERIES, tooManyQueries } from '../query-count.ts';
import type { ClientMessage } from './client-message.ts';
import { BSATN_MESSAGES, JSON_MESSAGES } from './message-types.ts';

/** Tags of messages, as `message-types.ts` has their order. */
const SUBSCRIBE = 1;
const SUBSCRIBE_MULTI = 4;

const bsatn = compileType(BSATN_MESSAGES.client, []);
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Queries, and the few values around them. */
const MAX_JSON_VALUES = MAX_QUERIES + 16;

const FULL_UPDATE = 0;
const NO_SUCCESS_NOTIFY = 1;

/**
 * Reads the message of a binary frame; what follows it is to be ignored.
 * @throws ProtocolError
 */
export function readClientMessage(reader: ByteReader): ClientMessage {
  const start = reader.offset;
  checkQueryCount(reader);
  try {
    return toMessage(bsatn.decode(reader) as WireMessage);
  } catch (cause) {
    throw inMessage('client', start, cause);
  }
}

/**
 * Reads the message of a text frame.
 * @param frame UTF-8
 * @throws ProtocolError
 */
export function readJsonClientMessage(frame: Uint8Array): ClientMessage {
  let text: string;
  try {
    text = decoder.decode(frame);
  } catch (cause) {
    throw new ProtocolError('PROTOCOL_MALFORMED', 'client message at byte 0: invalid utf8', { cause });
  }
  try {
    return toMessage(readJson(JSON_MESSAGES.client, [], parseJson(text, MAX_JSON_VALUES)) as WireMessage);
  } catch (cause) {
    throw inMessage('client', 0, cause);
  }
}

/** Appends a message as BSATN; arguments have to be so, too. */
export function writeClientMessage(writer: ByteWriter, message: ClientMessage): void {
  bsatn.encode(writer, toWire(message));
}

/** A message as JSON; arguments have to be so, too. */
export function formatClientMessage(message: ClientMessage): string {
  return writeJson(JSON_MESSAGES.client, [], toWire(message), 'typed');
}

/** In the messages that have a list of queries it comes first. */
function checkQueryCount({ bytes, offset, remaining }: ByteReader): void {
  const tag = bytes[offset];
  if (remaining < 5 || (tag !== SUBSCRIBE && tag !== SUBSCRIBE_MULTI)) return;
  const count = new ByteReader(bytes, offset + 1, offset + 5).u32();
  if (count > MAX_QUERIES) throw tooManyQueries(count);
}

/** A message as its type decodes; see `message-types.ts`. */
type WireMessage =
  | { tag: 'CallReducer'; value: { reducer: string; args: Uint8Array | string; request_id: number; flags: number } }
  | { tag: 'Subscribe'; value: { query_strings: string[]; request_id: number } }
  | { tag: 'OneOffQuery'; value: { message_id: Uint8Array; query_string: string } }
  | { tag: 'SubscribeSingle'; value: { query: string; request_id: number; query_id: { id: number } } }
  | { tag: 'SubscribeMulti'; value: { query_strings: string[]; request_id: number; query_id: { id: number } } }
  | { tag: 'Unsubscribe' | 'UnsubscribeMulti'; value: { request_id: number; query_id: { id: number } } }
  | {
      tag: 'CallProcedure';
      value: { procedure: string; args: Uint8Array | string; request_id: number; flags: number };
    };

function toMessage({ tag, value }: WireMessage): ClientMessage {
  switch (tag) {
    case 'CallReducer': {
      const { reducer, args, request_id: requestId, flags } = value;
      checkFlags(flags, NO_SUCCESS_NOTIFY);
      return { tag, requestId, reducer, args, noSuccessNotify: flags === NO_SUCCESS_NOTIFY };
    }
    case 'Subscribe':
      return { tag, requestId: value.request_id, queries: value.query_strings };
    case 'OneOffQuery':
      return { tag, messageId: value.message_id, query: value.query_string };
    case 'SubscribeSingle':
      return { tag, requestId: value.request_id, queryId: value.query_id.id, query: value.query };
    case 'SubscribeMulti':
      return { tag, requestId: value.request_id, queryId: value.query_id.id, queries: value.query_strings };
    case 'Unsubscribe':
    case 'UnsubscribeMulti':
      return { tag, requestId: value.request_id, queryId: value.query_id.id };
    case 'CallProcedure': {
      const { procedure, args, request_id: requestId, flags } = value;
      checkFlags(flags, FULL_UPDATE);
      return { tag, requestId, procedure, args };
    }
  }
}

function toWire(message: ClientMessage): AlgebraicValue {
  const { tag } = message;
  switch (tag) {
    case 'CallReducer': {
      const { reducer, args, requestId, noSuccessNotify } = message;
      const flags = noSuccessNotify ? NO_SUCCESS_NOTIFY : FULL_UPDATE;
      return { tag, value: { reducer, args, request_id: requestId, flags } };
    }
    case 'Subscribe':
      return { tag, value: { query_strings: message.queries, request_id: message.requestId } };
    case 'OneOffQuery':
      return { tag, value: { message_id: message.messageId, query_string: message.query } };
    case 'SubscribeSingle':
      return { tag, value: { query: message.query, request_id: message.requestId, query_id: { id: message.queryId } } };
    case 'SubscribeMulti': {
      const { queries, requestId, queryId } = message;
      return { tag, value: { query_strings: queries, request_id: requestId, query_id: { id: queryId } } };
    }
    case 'Unsubscribe':
    case 'UnsubscribeMulti':
      return { tag, value: { request_id: message.requestId, query_id: { id: message.queryId } } };
    case 'CallProcedure': {
      const { procedure, args, requestId } = message;
      return { tag, value: { procedure, args, request_id: requestId, flags: FULL_UPDATE } };
    }
  }
}

function checkFlags(flags: number, max: number): void {
  if (flags <= max) return;
  const expected = max === 0 ? '0' : `0 to ${max}`;
  throw new ProtocolError('PROTOCOL_UNSUPPORTED_FLAGS', `unsupported call flags ${flags}: expected ${expected}`);
}
