import { ByteReader, ByteWriter } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { COMPRESSION_TAGS, writeRowList } from '../src/index.ts';
import {
  formatClientMessage,
  parseServerMessage,
  readClientMessage,
  readJsonClientMessage,
  readServerMessage,
  writeClientMessage,
  writeJsonRows,
  writeJsonServerMessage,
  writeServerMessage,
} from '../src/v1/index.ts';
import { v1ClientMessage, v1ServerMessage } from './v1-vectors.ts';
import { type Fields, fromHex, toHex, v1Frames, v1Texts } from './vectors.ts';

const CLIENT_MESSAGES = [
  'CallProcedure',
  'CallReducer',
  'OneOffQuery',
  'Subscribe',
  'SubscribeMulti',
  'SubscribeSingle',
  'Unsubscribe',
  'UnsubscribeMulti',
];
const SERVER_MESSAGES = [
  'IdentityToken',
  'InitialSubscription',
  'OneOffQueryResponse',
  'ProcedureResult',
  'SubscribeApplied',
  'SubscribeMultiApplied',
  'SubscriptionError',
  'TransactionUpdate',
  'TransactionUpdateLight',
  'UnsubscribeApplied',
  'UnsubscribeMultiApplied',
];

test.each([
  { encoding: 'BSATN', frames: v1Frames },
  { encoding: 'JSON', frames: v1Texts },
])('the vectors have every message over $encoding', ({ frames }) => {
  const names = (direction: string): string[] => [
    ...new Set(frames.filter((frame) => frame.direction === direction).map(({ message }) => message)),
  ];
  expect(names('client').toSorted()).toEqual(CLIENT_MESSAGES);
  expect(names('server').toSorted()).toEqual(SERVER_MESSAGES);
});

test('the vectors have every variant of what is in the messages', () => {
  const variantsOf = (message: string, field: string): string[] => {
    const all = v1Frames.filter((frame) => frame.message === message).map(({ fields }) => fields[field] as Fields);
    return [...new Set(all.map((value) => Object.keys(value)[0]!))].toSorted(); // a variant is an object with one key
  };
  expect(variantsOf('TransactionUpdate', 'status')).toEqual(['Committed', 'Failed', 'OutOfEnergy']);
  expect(variantsOf('ProcedureResult', 'status')).toEqual(['InternalError', 'OutOfEnergy', 'Returned']);
  expect(variantsOf('OneOffQueryResponse', 'error')).toEqual(['none', 'some']);
  expect(variantsOf('SubscriptionError', 'query_id')).toEqual(['none', 'some']);
  const calls = v1Frames.filter(({ message }) => message === 'CallReducer').map(({ fields }) => fields['flags']);
  expect(new Set(calls)).toEqual(new Set([0, 1]));
});

const binary = (direction: string): typeof v1Frames => v1Frames.filter((frame) => frame.direction === direction);
const texts = (direction: string): typeof v1Texts => v1Texts.filter((frame) => frame.direction === direction);

test.each(binary('client'))('BSATN client $message $hex', ({ message: name, fields, hex }) => {
  const message = v1ClientMessage(name, fields);
  expect(readClientMessage(new ByteReader(fromHex(hex)))).toEqual(message);
  const writer = new ByteWriter();
  writeClientMessage(writer, message);
  expect(toHex(writer.written())).toBe(hex);
});

test.each(binary('server'))('BSATN server $message $hex', ({ message: name, fields, hex }) => {
  const message = v1ServerMessage(name, fields);
  const [tag, ...payload] = fromHex(hex);
  expect(tag).toBe(COMPRESSION_TAGS.None);
  const reader = new ByteReader(Uint8Array.from(payload));
  expect(readServerMessage(reader)).toEqual(message);
  expect(reader.remaining).toBe(0);
  const writer = new ByteWriter();
  writeServerMessage(writer, message, writeRowList);
  expect(toHex(writer.written())).toBe(hex.slice(2));
});

/** The two encodings share what turns fields into messages: that this is right, the frames of BSATN show. */
test.each(texts('client'))('JSON client $text', ({ message: name, text }) => {
  const message = readJsonClientMessage(new TextEncoder().encode(text));
  expect(message.tag).toBe(name);
  expect(formatClientMessage(message)).toBe(text);
});

test.each(texts('server'))('JSON server $text', ({ message: name, text }) => {
  const message = parseServerMessage(text);
  expect(message.tag).toBe(name);
  const writer = new ByteWriter();
  writeJsonServerMessage(writer, message, writeJsonRows);
  expect(new TextDecoder().decode(writer.written())).toBe(text);
});

test.each([
  { how: 'positionally', text: '{"Subscribe":[["SELECT * FROM user"],3]}' },
  { how: 'by tag', text: '{"1":{"query_strings":["SELECT * FROM user"],"request_id":3}}' },
  { how: 'as a pair', text: '[1,[["SELECT * FROM user"],3]]' },
  { how: 'with spaces', text: ' { "Subscribe" : { "request_id" : 3 , "query_strings" : [ "SELECT * FROM user" ] } } ' },
])('JSON may be written $how', ({ text }) => {
  expect(readJsonClientMessage(new TextEncoder().encode(text))).toEqual({
    tag: 'Subscribe',
    requestId: 3,
    queries: ['SELECT * FROM user'],
  });
});

/** No server was seen to send it; by the layout of file 20 §6. */
test('an error that ends subscriptions later has no ids', () => {
  const hex = '07dc05000000000000010101020000006e6f';
  const none = { requestId: undefined, queryId: undefined, tableId: undefined };
  const message = { tag: 'SubscriptionError', ...none, error: 'no', durationMicros: 1500n } as const;
  expect(readServerMessage(new ByteReader(fromHex(hex)))).toEqual(message);
  const writer = new ByteWriter();
  writeServerMessage(writer, message, writeRowList);
  expect(toHex(writer.written())).toBe(hex);
});

test('what follows a binary message is left', () => {
  const reader = new ByteReader(fromHex('050200000007000000ff'));
  expect(readClientMessage(reader)).toEqual({ tag: 'Unsubscribe', requestId: 2, queryId: 7 });
  expect(reader.remaining).toBe(1);
});
