import { ByteReader } from '@lightcone/sats';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { ProtocolError, readClientMessage, readServerMessage } from '../src/index.ts';
import { frames, fromHex } from './vectors.ts';

const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 2000);

const sides = [
  {
    side: 'client',
    read: readClientMessage,
    samples: frames.filter((f) => f.direction === 'client').map((f) => fromHex(f.hex)),
  },
  {
    side: 'server',
    read: readServerMessage,
    samples: frames.filter((f) => f.direction === 'server' && !f.decode_only).map((f) => fromHex(f.hex).subarray(1)),
  },
];

function firstMessageLength(bytes: Uint8Array, read: (reader: ByteReader) => unknown): number {
  const reader = new ByteReader(bytes);
  read(reader);
  return reader.offset;
}

/** Reads one message that may be bad: the code it is refused with. Errors of any other kind pass. */
function codeOf(bytes: Uint8Array, read: (reader: ByteReader) => unknown): string | undefined {
  try {
    read(new ByteReader(bytes));
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

for (const { side, read, samples } of sides) {
  test(`a ${side} message cut at any byte is malformed`, () => {
    for (const sample of samples) {
      const length = firstMessageLength(sample, read);
      for (let cut = 0; cut < length; cut++) {
        expect(codeOf(sample.subarray(0, cut), read)).toBe('PROTOCOL_MALFORMED');
      }
    }
  });

  property.prop([fc.constantFrom(...samples), fc.nat(), fc.integer({ min: 0, max: 255 })], { numRuns })(
    `a ${side} message with one changed byte decodes or is refused with a code`,
    (sample, position, value) => {
      const mutated = sample.slice();
      mutated[position % mutated.length] = value;
      expect(() => codeOf(mutated, read)).not.toThrow();
    },
  );

  property.prop([fc.uint8Array({ maxLength: 64, size: 'max' })], { numRuns })(
    `random bytes as a ${side} message decode or are refused with a code`,
    (bytes) => {
      expect(() => codeOf(bytes, read)).not.toThrow();
    },
  );
}

const u32 = (value: number): string => {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer.toString('hex');
};

test.each([
  { what: 'no byte at all', hex: '', code: 'PROTOCOL_MALFORMED', text: 'client message at byte 0: ' },
  {
    what: 'an unknown message',
    hex: '05',
    code: 'PROTOCOL_UNKNOWN_VARIANT',
    text: 'unknown tag 5 for a client message',
  },
  {
    what: 'a flag of a reducer call',
    hex: `03${u32(1)}01`,
    code: 'PROTOCOL_UNSUPPORTED_FLAGS',
    text: 'flags 1 at byte 5',
  },
  { what: 'a flag of a procedure call', hex: `04${u32(1)}80`, code: 'PROTOCOL_UNSUPPORTED_FLAGS', text: 'flags 128' },
  { what: 'unknown unsubscribe flags', hex: `01${u32(1)}${u32(1)}02`, code: 'PROTOCOL_UNKNOWN_VARIANT', text: 'tag 2' },
  {
    what: 'a count of 4 billion queries',
    hex: `00${u32(1)}${u32(1)}ffffffff`,
    code: 'PROTOCOL_MALFORMED',
    text: '4294967295 queries: at most 65536',
  },
  {
    what: 'a count of queries that are not there',
    hex: `00${u32(1)}${u32(1)}${u32(65_536)}`,
    code: 'PROTOCOL_MALFORMED',
    text: 'too short',
  },
  {
    what: 'arguments longer than the frame',
    hex: `03${u32(1)}00${u32(0)}ffffffff00`,
    code: 'PROTOCOL_MALFORMED',
    text: 'too short',
  },
  {
    what: 'a name that is not UTF-8',
    hex: `03${u32(1)}00${u32(1)}ff${u32(0)}`,
    code: 'PROTOCOL_MALFORMED',
    text: 'utf8',
  },
])('client: $what', ({ hex, code, text }) => {
  const read = (): unknown => readClientMessage(new ByteReader(fromHex(hex)));
  expect(read).toThrow(expect.objectContaining({ code, message: expect.stringContaining(text) }) as Error);
});

const rowsOf = (list: string): string => `01${u32(1)}${u32(1)}${u32(1)}${u32(0)}${list}`;
const u64 = (value: number): string => u32(value) + u32(0);

test.each([
  { what: 'rows of no bytes', hex: rowsOf(`000000${u32(0)}`) },
  { what: 'half a row', hex: rowsOf(`000400${u32(6)}000000000000`) },
  { what: 'an offset behind the data', hex: rowsOf(`01${u32(2)}${u64(0)}${u64(3)}${u32(2)}0000`) },
  { what: 'offsets that go back', hex: rowsOf(`01${u32(3)}${u64(0)}${u64(2)}${u64(1)}${u32(2)}0000`) },
  { what: 'bytes before the first row', hex: rowsOf(`01${u32(1)}${u64(1)}${u32(2)}0000`) },
  { what: 'bytes without a row', hex: rowsOf(`01${u32(0)}${u32(2)}0000`) },
])('server: a row list with $what', ({ hex }) => {
  const read = (): unknown => readServerMessage(new ByteReader(fromHex(hex)));
  expect(read).toThrow(expect.objectContaining({ code: 'PROTOCOL_INVALID_ROW_LIST' }) as Error);
});
