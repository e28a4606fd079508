import { isDeepStrictEqual } from 'node:util';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { AlgebraicType } from '../src/algebraic-type.ts';
import { ByteReader } from '../src/byte-reader.ts';
import { ByteWriter } from '../src/byte-writer.ts';
import { compileKey } from '../src/compile-key.ts';
import { compileRow } from '../src/compile-row.ts';
import { compileType } from '../src/compile-type.ts';
import type { AlgebraicValue, CompiledType } from '../src/compiled-type.ts';
import { SatsError } from '../src/errors.ts';
import { parseJson } from '../src/json-parser.ts';
import { readJson } from '../src/json-reader.ts';
import { writeJson } from '../src/compile-json.ts';
import type { JsonStyle } from '../src/generate-json.ts';
import { readType, writeType } from '../src/type-codec.ts';
import { typeEquals } from '../src/type-equals.ts';
import { typeFromJson, typeToJson } from '../src/type-json.ts';
import { anyType, namedType, RUNS, rowType, TYPESPACE, valueOf } from './arbitrary.ts';
import { compareValues, Interpreter, Refused } from './interpreter.ts';

const options = { numRuns: RUNS };

const typeAndValues = (type: fc.Arbitrary<AlgebraicType>): fc.Arbitrary<[AlgebraicType, AlgebraicValue[]]> =>
  type.chain((one) => fc.tuple(fc.constant(one), fc.array(valueOf(one), { minLength: 2, maxLength: 4 })));

const rowTypeAndRows = rowType.chain((type) =>
  fc.tuple(
    fc.constant(type),
    fc.array(valueOf(type), { minLength: 2, maxLength: 4 }),
    fc.shuffledSubarray([...type.elements.keys()], { minLength: 1 }),
  ),
);

function encode(type: CompiledType, value: AlgebraicValue): Uint8Array {
  const writer = new ByteWriter();
  type.encode(writer, value);
  return writer.finish();
}

/** What became of bytes: where the value ended, or that they were refused. */
function outcome(run: () => number): number | 'refused' {
  try {
    return run();
  } catch (error) {
    if (error instanceof Refused || error instanceof SatsError) return 'refused';
    throw error;
  }
}

/** The value with this zero for every zero, -0 or 0. Whole numbers do not mind. */
function withZeros(value: AlgebraicValue, zero: number): AlgebraicValue {
  if (value === 0) return zero;
  if (typeof value !== 'object' || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((item: AlgebraicValue) => withZeros(item, zero));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withZeros(item, zero)]));
}

describe('a compiled type', () => {
  property.prop([typeAndValues(anyType)], options)('gives back what it encoded', ([type, values]) => {
    const compiled = compileType(type, TYPESPACE);
    for (const value of values) {
      const bytes = encode(compiled, value);
      const reader = new ByteReader(bytes);
      const decoded = compiled.decode(reader);
      expect(reader.remaining).toBe(0);
      expect(isDeepStrictEqual(decoded, value)).toBe(true);
      expect(compiled.validate(bytes, 0, bytes.length)).toBe(bytes.length);
      expect(compiled.skip(bytes, 0)).toBe(bytes.length);
      expect(compiled.staticSize ?? bytes.length).toBe(bytes.length);
    }
  });

  property.prop([typeAndValues(anyType)], options)(
    'refuses every beginning of a value, though more follows',
    ([type, values]) => {
      const compiled = compileType(type, TYPESPACE);
      for (const value of values) {
        const bytes = encode(compiled, value);
        for (let end = Math.max(0, bytes.length - 40); end < bytes.length; end++) {
          expect(outcome(() => compiled.validate(bytes, 0, end))).toBe('refused');
          expect(outcome(() => (compiled.decode(new ByteReader(bytes, 0, end)), 0))).toBe('refused');
        }
      }
    },
  );

  property.prop([typeAndValues(anyType)], options)(
    'takes -0 and 0 for equal, and hashes them alike',
    ([type, values]) => {
      const compiled = compileType(type, TYPESPACE);
      for (const value of values) {
        const [plus, minus] = [encode(compiled, withZeros(value, 0)), encode(compiled, withZeros(value, -0))];
        expect(compiled.compare(plus, 0, minus, 0)).toBe(0);
        expect(compiled.hash(plus, 0)).toBe(compiled.hash(minus, 0));
      }
    },
  );

  property.prop([typeAndValues(anyType)], options)('orders as its decoded values', ([type, values]) => {
    const compiled = compileType(type, TYPESPACE);
    const padding = 3; // so that positions differ
    const encoded = values.map((value) => encode(compiled, value));
    for (const [i, a] of encoded.entries()) {
      for (const [j, b] of encoded.entries()) {
        const shifted = new Uint8Array(padding + b.length);
        shifted.set(b, padding);
        const order = compiled.compare(a, 0, shifted, padding);
        expect(Math.sign(order)).toBe(Math.sign(compareValues(type, TYPESPACE, values[i], values[j])));
        // Not the other way round: different values may hash alike.
        expect(order !== 0 || compiled.hash(a, 0) === compiled.hash(shifted, padding)).toBe(true);
      }
    }
  });
});

/** Valid bytes with something done to them. */
const damaged = typeAndValues(anyType).chain(([type, [value]]) => {
  const bytes = encode(compileType(type, TYPESPACE), value!); // at least two
  const position = fc.nat(Math.max(bytes.length - 1, 0));
  const byte = fc.oneof(fc.nat(3), fc.constantFrom(0x7f, 0x80, 0xc2, 0xed, 0xf4, 0xff), fc.nat(255));
  return fc.tuple(
    fc.constant(type),
    fc.oneof(
      position.map((length) => bytes.slice(0, length)),
      fc.array(fc.tuple(position, byte), { minLength: 1, maxLength: 3 }).map((changes) => {
        const changed = bytes.slice();
        for (const [at, to] of changes) changed[at] = to;
        return changed;
      }),
      fc.uint8Array({ maxLength: 40, size: 'max' }),
      fc.array(byte, { maxLength: 40, size: 'max' }).map((list) => Uint8Array.from(list)),
    ),
    fc.nat(255),
  );
});

describe('bytes from outside', () => {
  property.prop([damaged], { numRuns: RUNS * 4 })(
    'are accepted by validate, decode and the interpreter alike, whatever lies around them',
    ([type, bytes, filler]) => {
      const compiled = compileType(type, TYPESPACE);
      const interpreter = new Interpreter(bytes, 0, TYPESPACE);
      const expected = outcome(() => {
        interpreter.read(type);
        return interpreter.at;
      });
      const start = 5;
      const end = start + bytes.length;
      const page = new Uint8Array(end + 64).fill(filler);
      page.set(bytes, start);
      expect(outcome(() => compiled.validate(page, start, end) - start)).toBe(expected);
      const reader = new ByteReader(page, start, end);
      let decoded: AlgebraicValue | undefined;
      const decodedEnd = outcome(() => {
        decoded = compiled.decode(reader);
        return reader.offset - start;
      });
      expect(decodedEnd).toBe(expected);
      expect(
        isDeepStrictEqual(
          decoded,
          expected === 'refused' ? undefined : new Interpreter(bytes, 0, TYPESPACE).read(type),
        ),
      ).toBe(true);
    },
  );
});

describe('a key', () => {
  property.prop([rowTypeAndRows], options)('orders and hashes rows by its columns', ([type, rows, columns]) => {
    const row = compileRow(type, TYPESPACE);
    const key = compileKey(row, columns);
    const position = 2;
    const pages = rows.map((value) => new Uint8Array([9, 9, ...encode(row, value)]));
    const keys = pages.map((page) => {
      const writer = new ByteWriter();
      key.writeKey(writer, page, position);
      return writer.finish();
    });
    for (const [i, a] of pages.entries()) {
      const keyBytes = keys[i]!; // one per page
      expect(key.validate(keyBytes, 0, keyBytes.length)).toBe(keyBytes.length);
      expect(key.staticSize ?? keyBytes.length).toBe(keyBytes.length);
      expect(key.hashKey(keyBytes, 0)).toBe(key.hashRow(a, position));
      for (const b of pages) {
        const byColumns = columns.map((column) => {
          const access = row.columns[column]!; // one that the row has
          return access.type.compare(a, access.start(a, position), b, access.start(b, position));
        });
        const expected = Math.sign(byColumns.find((difference) => difference !== 0) ?? 0);
        expect(Math.sign(key.compareRows(a, position, b, position))).toBe(expected);
        expect(Math.sign(key.compareKeyToRow(keyBytes, 0, b, position))).toBe(expected);
        expect(expected !== 0 || key.hashRow(a, position) === key.hashRow(b, position)).toBe(true);
      }
    }
  });

  property.prop([rowTypeAndRows], options)('finds the columns where the interpreter does', ([type, rows]) => {
    const row = compileRow(type, TYPESPACE);
    for (const value of rows) {
      const bytes = encode(row, value);
      const interpreter = new Interpreter(bytes, 0, TYPESPACE);
      for (const [i, column] of row.columns.entries()) {
        expect(column.start(bytes, 0)).toBe(interpreter.at);
        expect(column.staticOffset ?? interpreter.at).toBe(interpreter.at);
        interpreter.read(type.elements[i]!.type); // as many as columns
      }
    }
  });
});

/** Whether it is JSON, and without what `parseJson` refuses beyond that: numbers out of range, unpaired surrogates. */
function isJson(text: string): boolean {
  const isPlain = (value: unknown): boolean => {
    if (typeof value === 'number') return Number.isFinite(value);
    if (typeof value === 'string') return value.isWellFormed();
    return typeof value !== 'object' || value === null || Object.entries(value).flat().every(isPlain);
  };
  try {
    return isPlain(JSON.parse(text));
  } catch {
    return false;
  }
}

describe('SATS-JSON', () => {
  const isWritable = (value: AlgebraicValue): boolean => {
    if (typeof value === 'number') return Number.isFinite(value);
    if (typeof value !== 'object' || value instanceof Uint8Array) return true;
    return Object.values(value).every(isWritable);
  };

  property.prop([typeAndValues(namedType), fc.constantFrom<JsonStyle>('typed', 'row', 'untyped')], options)(
    'reads what each writer wrote',
    ([type, values], style) => {
      for (const value of values.filter(isWritable)) {
        const json = writeJson(type, TYPESPACE, value, style);
        expect(() => void JSON.parse(json)).not.toThrow();
        expect(isDeepStrictEqual(readJson(type, TYPESPACE, parseJson(json)), value)).toBe(true);
      }
    },
  );

  property.prop([fc.json(), fc.nat(), fc.constantFrom('', '"', '}', ']', ',', '\\', '0', 'e', '-', 'null')], options)(
    'is parsed exactly when JSON.parse does',
    (json, at, inserted) => {
      const cut = at % (json.length + 1);
      for (const text of [json, json.slice(0, cut) + inserted + json.slice(cut), json.slice(0, cut)]) {
        expect(outcome(() => (parseJson(text), 0))).toBe(isJson(text) ? 0 : 'refused');
      }
    },
  );
});

describe('a type', () => {
  property.prop([anyType], options)('goes through BSATN and JSON unchanged', (type) => {
    const writer = new ByteWriter();
    writeType(writer, type);
    const read = readType(new ByteReader(writer.written()));
    expect(typeEquals(read, type)).toBe(true);
    expect(typeEquals(typeFromJson(typeToJson(type)), type)).toBe(true);
  });

  property.prop([fc.uint8Array({ maxLength: 60, size: 'max' })], options)(
    'is refused with a code when the bytes are not one',
    (bytes) => {
      expect(outcome(() => (readType(new ByteReader(bytes)), 0))).toBeOneOf([0, 'refused']);
    },
  );
});
