import { fc } from '@fast-check/vitest';
import type { AlgebraicType, NamedType, ProductType } from '../src/algebraic-type.ts';
import type { AlgebraicValue } from '../src/compiled-type.ts';
import { memberKey } from '../src/member-key.ts';
import { types } from '../src/types.ts';

/** How many cases each property tries: `SATS_TEST_RUNS=100000` for a long run. */
export const RUNS: number = Number(process.env['SATS_TEST_RUNS'] ?? 150);

/** What refs in arbitrary types point to: plain, an enum, a tree, two types that need each other, and a ref. */
export const TYPESPACE: readonly AlgebraicType[] = [
  types.product([
    ['x', types.i32],
    ['y', types.f32],
  ]),
  types.sum([
    ['red', types.unit],
    ['green', types.unit],
    ['blue', types.unit],
  ]),
  types.product([
    ['label', types.string],
    ['weight', types.f64],
    ['kids', types.array(types.ref(2))],
  ]),
  types.sum([
    ['number', types.i64],
    ['block', types.ref(4)],
  ]),
  types.product([
    ['name', types.option(types.string)],
    ['body', types.array(types.ref(3))],
    ['color', types.ref(1)],
  ]),
  types.ref(2),
];
const RECURSIVE_REFS = [2, 3, 4, 5];

const name = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    'c',
    '__proto__',
    'constructor',
    'toString',
    'tag',
    'value',
    'a b',
    '"',
    '\\',
    '\u2028',
    'ü',
  ),
  fc.string({ maxLength: 6, unit: 'grapheme' }).filter((text) => !/^\+?\d+$/.test(text)),
);

function members(type: fc.Arbitrary<AlgebraicType>, minLength: number, named: boolean): fc.Arbitrary<NamedType[]> {
  const member = fc.record({ name: named ? name : fc.option(name, { nil: undefined, freq: 6 }), type });
  return fc.uniqueArray(member, {
    minLength,
    maxLength: 4,
    selector: (one) => one.name ?? Symbol('each unnamed differs'),
  });
}

const scalarTypes = [
  types.bool,
  types.i8,
  types.u8,
  types.i16,
  types.u16,
  types.i32,
  types.u32,
  types.i64,
  types.u64,
  types.i128,
  types.u128,
  types.i256,
  types.u256,
  types.f32,
  types.f64,
  types.string,
  types.bytes,
  types.identity,
  types.timestamp,
  types.scheduleAt,
  types.unit,
];

function typeArbitrary(refs: readonly number[], named: boolean): fc.Arbitrary<AlgebraicType> {
  const { type } = fc.letrec<{ type: AlgebraicType }>((tie) => ({
    type: fc.oneof(
      { depthSize: 'small', maxDepth: 4 },
      { weight: 4, arbitrary: fc.constantFrom(...scalarTypes) },
      { weight: 1, arbitrary: fc.constantFrom(...refs).map(types.ref) },
      { weight: 1, arbitrary: tie('type').map(types.array) },
      { weight: 1, arbitrary: tie('type').map(types.option) },
      {
        weight: 2,
        arbitrary: members(tie('type'), 0, named).map((elements): AlgebraicType => ({ tag: 'Product', elements })),
      },
      {
        weight: 2,
        arbitrary: members(tie('type'), 1, named).map((variants): AlgebraicType => ({ tag: 'Sum', variants })),
      },
    ),
  }));
  return type;
}

/** Any type over `TYPESPACE`, recursive ones too. */
export const anyType: fc.Arbitrary<AlgebraicType> = typeArbitrary([...TYPESPACE.keys()], false);
/** One whose values every JSON writer can write. */
export const namedType: fc.Arbitrary<AlgebraicType> = typeArbitrary([...TYPESPACE.keys()], true);
/** The type of a table's rows. */
export const rowType: fc.Arbitrary<ProductType> = members(
  typeArbitrary(
    [...TYPESPACE.keys()].filter((ref) => !RECURSIVE_REFS.includes(ref)),
    false,
  ),
  1,
  false,
).map((elements) => ({ tag: 'Product', elements }));

const MAX_VALUE_DEPTH = 6;

/** Values of a type over `TYPESPACE`. Small ones are likely, so that pairs are often equal or share a beginning. */
export function valueOf(type: AlgebraicType, depth = 0): fc.Arbitrary<AlgebraicValue> {
  switch (type.tag) {
    case 'Ref':
      return valueOf(TYPESPACE[type.ref]!, depth + 1);
    case 'String':
      return fc.oneof(
        fc.constantFrom('', 'a', 'b', 'ab', '\u{1d4b3}', '\uff5e'),
        fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
      );
    case 'Bool':
      return fc.boolean();
    case 'F32':
      return fc.oneof(fc.constantFrom(0, -0, Number.NaN, 1), fc.float());
    case 'F64':
      return fc.oneof(fc.constantFrom(0, -0, Number.NaN, 1), fc.double());
    case 'Array':
      if (type.element.tag === 'U8') return fc.uint8Array({ maxLength: 5 });
      return depth > MAX_VALUE_DEPTH ? fc.constant([]) : fc.array(valueOf(type.element, depth + 1), { maxLength: 3 });
    case 'Product':
      return fc
        .tuple(...type.elements.map((element) => valueOf(element.type, depth + 1)))
        .map((values) => Object.fromEntries(values.map((value, i) => [memberKey(type.elements[i]!, i), value])));
    case 'Sum': {
      // The first variant ends the recursion in every sum of the typespace.
      const variants = depth > MAX_VALUE_DEPTH ? type.variants.slice(0, 1) : type.variants;
      return fc.oneof(
        ...variants.map((variant, i) =>
          valueOf(variant.type, depth + 1).map((value) => ({ tag: memberKey(variant, i), value })),
        ),
      );
    }
    default: {
      const bits = BigInt(type.tag.slice(1));
      const isSigned = type.tag.startsWith('I');
      const min = isSigned ? -(1n << (bits - 1n)) : 0n;
      const max = isSigned ? (1n << (bits - 1n)) - 1n : (1n << bits) - 1n;
      // Around the words that an integer is compared in, so that pairs often differ in a lower one alone.
      const edges = [31n, 32n, 63n, 64n, 96n, 127n, 128n].filter((bit) => bit < bits - 1n).map((bit) => 1n << bit);
      const value = fc.oneof(
        fc.constantFrom(min, min + 1n, max - 1n, max, 0n, 1n, ...edges.flatMap((edge) => [edge - 1n, edge])),
        fc.bigInt({ min, max }),
      );
      return bits <= 32n ? value.map(Number) : value;
    }
  }
}
