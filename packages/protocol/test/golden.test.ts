import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { ByteReader, ByteWriter } from '@lightcone/sats';
import { expect, test } from 'vitest';
import {
  COMPRESSION_TAGS,
  readClientMessage,
  readRowList,
  readServerMessage,
  RowListWriter,
  rowCount,
  rowStart,
  writeClientMessage,
  writeRowList,
  writeServerMessage,
} from '../src/index.ts';
import { clientMessage, frames, fromHex, messagesOf, rowList, serverMessage, toHex } from './vectors.ts';
import type { Fields } from './vectors.ts';

/** What follows the compression tag, decompressed. */
function payloadOf(hex: string): Uint8Array {
  const [tag, ...rest] = fromHex(hex);
  const body = Uint8Array.from(rest);
  if (tag === COMPRESSION_TAGS.Brotli) return new Uint8Array(brotliDecompressSync(body));
  if (tag === COMPRESSION_TAGS.Gzip) return new Uint8Array(gunzipSync(body));
  expect(tag).toBe(COMPRESSION_TAGS.None);
  return body;
}

function readAll<T>(bytes: Uint8Array, read: (reader: ByteReader) => T): T[] {
  const reader = new ByteReader(bytes);
  const messages: T[] = [];
  while (reader.remaining > 0) messages.push(read(reader));
  return messages;
}

const clientFrames = frames.filter((frame) => frame.direction === 'client');
const serverFrames = frames.filter((frame) => frame.direction === 'server');
const parts = frames.filter((frame) => frame.direction === 'part');

test('the vectors cover both protocols, both directions and row lists', () => {
  expect([clientFrames.length, serverFrames.length, parts.length]).toEqual([20, 50, 5]);
});

test.each(['v2.bsatn', 'v3.bsatn'])('the vectors have every message of %s', (protocol) => {
  const ofProtocol = frames.filter((frame) => frame.protocol === protocol);
  const messages = (direction: string): string[] => {
    const names = ofProtocol.filter((frame) => frame.direction === direction).flatMap(messagesOf);
    return [...new Set(names.map(([name]) => name))].toSorted();
  };
  expect(messages('client')).toEqual(['CallProcedure', 'CallReducer', 'OneOffQuery', 'Subscribe', 'Unsubscribe']);
  expect(messages('server')).toEqual([
    'InitialConnection',
    'OneOffQueryResult',
    'ProcedureResult',
    'ReducerResult',
    'SubscribeApplied',
    'SubscriptionError',
    'TransactionUpdate',
    'UnsubscribeApplied',
  ]);
  const variantsOf = (message: string, field: string): string[] => {
    const all = ofProtocol.flatMap(messagesOf).filter(([name]) => name === message);
    return [...new Set(all.map(([, fields]) => Object.keys(fields[field] as Fields)[0]!))].toSorted();
  };
  expect(variantsOf('ReducerResult', 'result')).toEqual(['Err', 'InternalError', 'Ok', 'OkEmpty']);
  expect(variantsOf('ProcedureResult', 'status')).toEqual(['InternalError', 'Returned']);
  expect(variantsOf('OneOffQueryResult', 'result')).toEqual(['err', 'ok']);
  expect(variantsOf('UnsubscribeApplied', 'rows')).toEqual(['none', 'some']);
  expect(variantsOf('Unsubscribe', 'flags')).toEqual(['Default', 'SendDroppedRows']);
});

test.each(clientFrames)('$protocol client $message $hex', (frame) => {
  const messages = messagesOf(frame).map(([name, fields]) => clientMessage(name, fields));
  const writer = new ByteWriter();
  for (const message of messages) writeClientMessage(writer, message);
  expect(toHex(writer.written())).toBe(frame.hex);
  expect(readAll(fromHex(frame.hex), readClientMessage)).toEqual(messages);
});

test.each(serverFrames)('$protocol server $message $hex', (frame) => {
  const messages = messagesOf(frame).map(([name, fields]) => serverMessage(name, fields));
  const payload = payloadOf(frame.hex);
  expect(readAll(payload, readServerMessage)).toEqual(messages);
  const writer = new ByteWriter();
  for (const message of messages) writeServerMessage(writer, message);
  expect(toHex(writer.written())).toBe(toHex(payload));
});

test.each(parts)('row list $hex', (frame) => {
  const expected = rowList(frame.fields as Fields);
  const list = readRowList(new ByteReader(fromHex(frame.hex)));
  expect(list).toEqual(expected);

  const asItIs = new ByteWriter();
  writeRowList(asItIs, list);
  expect(toHex(asItIs.written())).toBe(frame.hex);

  const rowByRow = new ByteWriter();
  const rows = new RowListWriter();
  rows.begin(rowByRow);
  for (let i = 0; i < rowCount(list); i++) rows.row(list.data, rowStart(list, i), rowStart(list, i + 1));
  expect(rows.end()).toBe(rowCount(list));
  expect(toHex(rowByRow.written())).toBe(frame.hex);
});
