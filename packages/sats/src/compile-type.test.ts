import { describe, expect, test } from 'vitest';
import type { AlgebraicType } from './algebraic-type.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { compileKey } from './compile-key.ts';
import { compileRow } from './compile-row.ts';
import { compileType } from './compile-type.ts';
import type { AlgebraicValue } from './compiled-type.ts';
import { resolveType } from './inline-refs.ts';
import { types } from './types.ts';

const coded = (code: string, message = ''): unknown =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

const list: AlgebraicType = types.product([['next', types.option(types.ref(0))]]);

describe('refs', () => {
  test('types of one structure share their operations', () => {
    const point = types.product([['x', types.u32]]);
    expect(compileType(types.array(types.ref(1)), [types.u8, point])).toBe(compileType(types.array(point), []));
    expect(compileRow(point, [])).toBe(compileRow(types.product([['x', types.u32]]), [types.u8]));
    expect(compileType(point, [])).not.toBe(compileType(types.product([['y', types.u32]]), []));
  });

  test('a ref beyond the typespace', () => {
    expect(() => compileType(types.ref(3), [types.u8])).toThrow(
      coded('SATS_INVALID_REF', 'Type reference 3 out of bounds'),
    );
  });

  test('refs that lead only to each other', () => {
    expect(() => compileType(types.ref(0), [types.ref(1), types.ref(0)])).toThrow(coded('SATS_RECURSIVE_TYPE'));
  });

  test('rows cannot be recursive, other types can', () => {
    const message = 'Found recursive type reference 0';
    expect(() => compileRow(types.product([['list', types.ref(0)]]), [list])).toThrow(
      coded('SATS_RECURSIVE_TYPE', message),
    );
    expect(() => resolveType(types.ref(0), [list])).toThrow(coded('SATS_RECURSIVE_TYPE', message));
    expect(compileType(types.ref(0), [list]).staticSize).toBeUndefined();
  });

  test('a type that doubles with every ref is refused before it fills the memory', () => {
    const doubling = Array.from({ length: 64 }, (_, i) =>
      i === 0
        ? types.u8
        : types.product([
            ['a', types.ref(i - 1)],
            ['b', types.ref(i - 1)],
          ]),
    );
    expect(() => compileType(types.ref(63), doubling)).toThrow(coded('SATS_INVALID_TYPE', '8192'));
    expect(compileType(types.ref(8), doubling).staticSize).toBe(256);
  });

  test('nesting that the compiler of the generated code could not follow is refused', () => {
    const kinds: readonly ((inner: AlgebraicType) => AlgebraicType)[] = [
      types.array,
      types.option,
      (inner) => types.product([['inner', inner]]),
      (inner) =>
        types.sum([
          ['a', types.string],
          ['inner', inner],
        ]),
    ];
    for (const kind of kinds) {
      const chain = Array.from({ length: 260 }, (_, i) => kind(i === 0 ? types.string : types.ref(i - 1)));
      const compiled = compileType(types.ref(255), chain);
      const bytes = new Uint8Array(300);
      expect(compiled.skip(bytes, 0)).toBe(compiled.validate(bytes, 0, 300));
      expect(compiled.compare(bytes, 0, bytes, 0)).toBe(0);
      expect(compiled.hash(bytes, 0)).toBe(compiled.hash(bytes, 0));
      const writer = new ByteWriter();
      compiled.encode(writer, compiled.decode(new ByteReader(bytes)));
      expect(() => compileType(types.ref(256), chain)).toThrow(coded('SATS_INVALID_TYPE', '256'));
    }
  });

  test('a chain of refs too long for the stack is refused', () => {
    const chain = Array.from({ length: 100_000 }, (_, i) => types.array(i === 0 ? types.u8 : types.ref(i - 1)));
    expect(() => compileType(types.ref(99_999), chain)).toThrow(coded('SATS_INVALID_TYPE'));
  });
});

describe('types that are refused', () => {
  test('two members of one name', () => {
    const twice = types.product([
      ['a', types.u8],
      ['a', types.u8],
    ]);
    expect(() => compileType(twice, [])).toThrow(coded('SATS_INVALID_TYPE', '"a"'));
  });

  test('more variants than a tag can tell apart', () => {
    const many = (count: number): AlgebraicType =>
      types.sum(Array.from({ length: count }, () => [undefined, types.unit]));
    expect(compileType(many(256), []).staticSize).toBe(1);
    expect(() => compileType(many(257), [])).toThrow(coded('SATS_INVALID_TYPE'));
  });

  test('keys of no columns, of unknown ones, or of one twice', () => {
    const row = compileRow(types.product([['a', types.u8]]), []);
    for (const columns of [[], [1], [0, 0]]) expect(() => compileKey(row, columns)).toThrow(coded('SATS_INVALID_TYPE'));
  });
});

describe('hostile bytes', () => {
  /** A list of so many links in BSATN: `some` tags and one `none`. */
  const links = (count: number): Uint8Array => new Uint8Array([...Array.from({ length: count - 1 }, () => 0), 1]);

  test('nesting is bounded at 256 for validate, decode and encode', () => {
    const type = compileType(types.ref(0), [list]);
    const deepest = links(256);
    expect(type.validate(deepest, 0, 256)).toBe(256);
    const value = type.decode(new ByteReader(deepest));
    type.encode(new ByteWriter(), value);
    expect(() => type.encode(new ByteWriter(), { next: { tag: 'some', value } })).toThrow(coded('SATS_TOO_DEEP'));
    const tooDeep = links(257);
    expect(() => type.validate(tooDeep, 0, 257)).toThrow(coded('SATS_TOO_DEEP'));
    expect(() => type.decode(new ByteReader(tooDeep))).toThrow(coded('SATS_TOO_DEEP'));
  });

  test('a product that holds itself has no value, and asking for one ends', () => {
    const endless = compileType(types.ref(0), [types.product([['self', types.ref(0)]])]);
    expect(() => endless.validate(new Uint8Array(9), 0, 9)).toThrow(coded('SATS_TOO_DEEP'));
    expect(() => endless.decode(new ByteReader(new Uint8Array(9)))).toThrow(coded('SATS_TOO_DEEP'));
  });

  test('arrays of nothing are bounded', () => {
    const nothings = compileType(types.array(types.product([['a', types.unit]])), []);
    const bytes = (count: number): Uint8Array => {
      const writer = new ByteWriter();
      writer.u32(count);
      return writer.finish();
    };
    expect(nothings.validate(bytes(256), 0, 4)).toBe(4);
    expect(nothings.decode(new ByteReader(bytes(256)))).toHaveLength(256);
    for (const count of [257, 0xffff_ffff]) {
      expect(() => nothings.validate(bytes(count), 0, 4)).toThrow(coded('SATS_TOO_LONG'));
      expect(() => nothings.decode(new ByteReader(bytes(count)))).toThrow(coded('SATS_TOO_LONG'));
    }
    const value = Array.from({ length: 257 }, () => ({ a: {} }));
    expect(() => nothings.encode(new ByteWriter(), value)).toThrow(coded('SATS_TOO_LONG'));
  });

  test.each([types.string, types.bytes, types.array(types.u256), types.array(types.string), types.array(types.unit)])(
    'a length of four billion is refused at once: $tag',
    (type) => {
      const bytes = new Uint8Array([255, 255, 255, 255, 0, 0]);
      expect(() => compileType(type, []).validate(bytes, 0, 6)).toThrow(/data too short|take no bytes/);
      expect(() => compileType(type, []).decode(new ByteReader(bytes))).toThrow(/data too short|take no bytes/);
    },
  );
});

describe('values that are not of the type', () => {
  test.each<[AlgebraicType, AlgebraicValue, string]>([
    [types.u8, 256, '$: expected U8 (a whole number from 0 to 255), given 256'],
    [types.u8, 1n, 'given 1n'],
    [types.i32, 0.5, 'I32'],
    [types.u64, 5, 'U64 (a bigint of 64 bits), given 5'],
    [types.u64, -1n, 'given -1n'],
    [types.i128, 1n << 127n, 'I128'],
    [types.f64, '1', 'F64'],
    [types.bool, 1, 'Bool'],
    [types.string, '\ud800', 'unpaired surrogates'],
    [types.bytes, [1, 2], 'given an array'],
    [types.array(types.u16), new Uint8Array(2), 'given bytes'],
    [types.option(types.u8), { tag: 'maybe', value: 1 }, '$: no variant is called "maybe"'],
    [types.product([['a', types.product([['b', types.u8]])]]), { a: { b: 'x' } }, '$.a.b: expected U8'],
    [types.product([['a', types.u8]]), {}, '$.a: expected U8 (a whole number from 0 to 255), given undefined'],
    [types.product([['a', types.array(types.bool)]]), { a: [true, 0] }, '$.a[]: expected Bool, given 0'],
  ])('%j', (type, value, message) => {
    expect(() => compileType(type, []).encode(new ByteWriter(), value)).toThrow(coded('SATS_INVALID_VALUE', message));
  });
});

describe('names', () => {
  test('are data, whatever is in them', () => {
    const names = ['__proto__', '"); throw 1; ("', '\u2028', "'", '\\', '${x}', '*/', 'constructor'];
    const type = compileType(types.product(names.map((name) => [name, types.u8])), []);
    const value = Object.fromEntries(names.map((name, i) => [name, i]));
    const writer = new ByteWriter();
    type.encode(writer, value);
    expect([...writer.written()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(Object.entries(type.decode(new ByteReader(writer.finish())))).toEqual(Object.entries(value));
  });
});

describe('wide rows', () => {
  test('columns are found behind many of varying size', () => {
    const columns = Array.from({ length: 100 }, (_, i) => [`c${i}`, i % 3 === 2 ? types.u16 : types.string] as const);
    const row = compileRow(types.product(columns), []);
    const value = Object.fromEntries(columns.map(([name], i) => [name, i % 3 === 2 ? i : 'x'.repeat(i % 5)]));
    const writer = new ByteWriter();
    row.encode(writer, value);
    const bytes = writer.finish();
    for (const [i, column] of row.columns.entries()) {
      const reader = new ByteReader(bytes, column.start(bytes, 0));
      expect(column.type.decode(reader)).toBe(value[`c${i}`]);
    }
  });
});

describe('floats', () => {
  test('NaNs and zeros are one each to compare and hash, and keep their bits in bytes', () => {
    const single = compileType(types.f32, []);
    const double = compileType(types.f64, []);
    const nans = [
      [0, 0, 192, 127],
      [1, 0, 128, 255],
    ].map((bytes) => new Uint8Array(bytes)) as [Uint8Array, Uint8Array];
    expect(single.compare(nans[0], 0, nans[1], 0)).toBe(0);
    expect(single.hash(nans[0], 0)).toBe(single.hash(nans[1], 0));
    const wide = [
      [1, 0, 0, 0, 0, 0, 240, 127],
      [0, 0, 0, 0, 0, 0, 248, 255],
    ].map((bytes) => new Uint8Array(bytes)) as [Uint8Array, Uint8Array];
    expect(double.compare(wide[0], 0, wide[1], 0)).toBe(0);
    expect(double.hash(wide[0], 0)).toBe(double.hash(wide[1], 0));
    const infinity = new Uint8Array([0, 0, 0, 0, 0, 0, 240, 127]);
    expect(double.compare(infinity, 0, wide[1], 0)).toBeLessThan(0);
    expect(double.hash(infinity, 0)).not.toBe(double.hash(wide[1], 0));
  });
});
