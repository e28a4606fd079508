import { ByteReader } from '@lightcone/sats';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { ProtocolError } from '../src/index.ts';
import { parseServerMessage, readClientMessage, readJsonClientMessage, readServerMessage } from '../src/v1/index.ts';
import { fromHex, v1Frames, v1Texts } from './vectors.ts';

const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 2000);
const encoder = new TextEncoder();
const encode = (text: string): Uint8Array => encoder.encode(text);

const readers = [
  {
    what: 'a binary client message',
    read: (bytes: Uint8Array) => readClientMessage(new ByteReader(bytes)),
    samples: v1Frames.filter((f) => f.direction === 'client').map((f) => fromHex(f.hex)),
  },
  {
    what: 'a binary server message',
    read: (bytes: Uint8Array) => readServerMessage(new ByteReader(bytes)),
    samples: v1Frames.filter((f) => f.direction === 'server').map((f) => fromHex(f.hex).subarray(1)),
  },
  {
    what: 'a text client message',
    read: readJsonClientMessage,
    samples: v1Texts.filter((f) => f.direction === 'client').map((f) => encode(f.text)),
  },
  {
    what: 'a text server message',
    read: (bytes: Uint8Array) => parseServerMessage(new TextDecoder().decode(bytes)),
    samples: v1Texts.filter((f) => f.direction === 'server').map((f) => encode(f.text)),
  },
];

/** Reads a message that may be bad: the code it is refused with. Errors of any other kind pass. */
function codeOf(bytes: Uint8Array, read: (bytes: Uint8Array) => unknown): string | undefined {
  try {
    read(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

for (const { what, read, samples } of readers) {
  test(`${what} cut at any byte is malformed`, () => {
    for (const sample of samples) {
      for (let cut = 0; cut < sample.length; cut++) {
        expect(codeOf(sample.subarray(0, cut), read)).toBe('PROTOCOL_MALFORMED');
      }
    }
  });

  property.prop([fc.constantFrom(...samples), fc.nat(), fc.integer({ min: 0, max: 255 })], { numRuns })(
    `${what} with one changed byte decodes or is refused with a code`,
    (sample, position, value) => {
      const mutated = sample.slice();
      mutated[position % mutated.length] = value;
      expect(() => codeOf(mutated, read)).not.toThrow();
    },
  );

  property.prop([fc.uint8Array({ maxLength: 64, size: 'max' })], { numRuns })(
    `random bytes as ${what} decode or are refused with a code`,
    (bytes) => {
      expect(() => codeOf(bytes, read)).not.toThrow();
    },
  );
}

const MALFORMED = 'PROTOCOL_MALFORMED';
const huge = '9'.repeat(100_000);

test.each([
  { what: 'no byte at all', hex: '', code: MALFORMED, text: 'client message at byte 0: ' },
  { what: 'an unknown message', hex: '08', code: 'PROTOCOL_UNKNOWN_VARIANT', text: 'unknown tag 0x08' },
  {
    what: 'an unknown flag of a reducer call',
    hex: '00' + '00000000'.repeat(3) + '02',
    code: 'PROTOCOL_UNSUPPORTED_FLAGS',
    text: 'flags 2: expected 0 to 1',
  },
  {
    what: 'a flag of a procedure call',
    hex: '07' + '00000000'.repeat(3) + '01',
    code: 'PROTOCOL_UNSUPPORTED_FLAGS',
    text: 'flags 1: expected 0',
  },
  {
    what: 'a count of 4 billion queries',
    hex: '01ffffffff',
    code: MALFORMED,
    text: '4294967295 queries: at most 65536',
  },
  { what: 'one query too many, of several', hex: '0401000100', code: MALFORMED, text: '65537 queries: at most 65536' },
  { what: 'a count of queries that are not there', hex: '0100000100', code: MALFORMED, text: 'too short' },
  { what: 'a message id longer than the frame', hex: '02ffffffff00', code: MALFORMED, text: 'too short' },
  { what: 'a name that is not UTF-8', hex: '0001000000ff' + '00'.repeat(9), code: MALFORMED, text: 'utf8' },
])('binary: $what', ({ hex, code, text }) => {
  const read = (): unknown => readClientMessage(new ByteReader(fromHex(hex)));
  expect(read).toThrow(expect.objectContaining({ code, message: expect.stringContaining(text) }) as Error);
});

test.each([
  { what: 'no text at all', json: '' },
  { what: 'no JSON', json: 'hello' },
  { what: 'two documents', json: '{"Unsubscribe":[1,[2]]}{}' },
  { what: 'an unknown message', json: '{"Nope":{}}' },
  { what: 'two messages', json: '{"Unsubscribe":[1,[2]],"UnsubscribeMulti":[1,[2]]}' },
  { what: 'no message', json: '{}' },
  { what: 'null', json: 'null' },
  { what: 'a missing field', json: '{"Subscribe":{"query_strings":[]}}' },
  { what: 'an unknown field', json: '{"Subscribe":{"query_strings":[],"request_id":1,"more":1}}' },
  { what: 'a repeated field', json: '{"Subscribe":{"query_strings":[],"request_id":1,"request_id":2}}' },
  { what: 'a field named __proto__', json: '{"Subscribe":{"query_strings":[],"request_id":1,"__proto__":1}}' },
  { what: 'a name of another type', json: '{"Subscribe":{"query_strings":[7],"request_id":1}}' },
  { what: 'a request id that is negative', json: '{"Subscribe":[[],-1]}' },
  { what: 'a request id of 33 bits', json: '{"Subscribe":[[],4294967296]}' },
  { what: 'a request id with a point', json: '{"Subscribe":[[],1.5]}' },
  { what: 'a number of 100,000 digits', json: `{"Subscribe":[[],${huge}]}` },
  { what: 'an exponent out of range', json: '{"Subscribe":[[],1e999999999]}' },
  { what: 'arrays 100,000 deep', json: `${'['.repeat(100_000)}${']'.repeat(100_000)}` },
  { what: 'objects 100,000 deep', json: `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}` },
  { what: 'half a surrogate pair', json: '{"Subscribe":[["\\ud800"],1]}' },
  { what: 'a message id that is not hex', json: '{"OneOffQuery":["0g",""]}' },
])('text: $what', ({ json }) => {
  const read = (): unknown => readJsonClientMessage(encode(json));
  expect(read).toThrow(expect.objectContaining({ code: MALFORMED }) as Error);
});

test('text: a list is not read to its end when nobody would take so much', () => {
  const read = (queries: number): unknown =>
    readJsonClientMessage(encode(`{"Subscribe":[[${Array(queries).fill('""').join()}],1]}`));
  expect(read(65_536)).toMatchObject({ tag: 'Subscribe', requestId: 1 });
  expect(() => read(65_600)).toThrow(
    expect.objectContaining({ code: MALFORMED, message: expect.stringContaining('more than 65552 values') }) as Error,
  );
});

test('text: bytes that are not UTF-8', () => {
  const read = (): unknown => readJsonClientMessage(Uint8Array.of(0x22, 0xff, 0x22));
  expect(read).toThrow(expect.objectContaining({ code: MALFORMED }) as Error);
});

test('text: an unknown flag', () => {
  const read = (): unknown => readJsonClientMessage(encode('{"CallReducer":["add","[]",1,2]}'));
  expect(read).toThrow(expect.objectContaining({ code: 'PROTOCOL_UNSUPPORTED_FLAGS' }) as Error);
});

test('a query update that is compressed by itself is refused with a code', () => {
  const brotli = `02${'00000000'}01000000${'00000000'.repeat(2)}${'00000000'.repeat(2)}01000000${'01'}00000000`;
  const read = (): unknown => readServerMessage(new ByteReader(fromHex(brotli)));
  expect(read).toThrow(expect.objectContaining({ code: 'PROTOCOL_UNKNOWN_VARIANT' }) as Error);
});
