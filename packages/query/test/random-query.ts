import { fc } from '@fast-check/vitest';
import {
  type AlgebraicType,
  type AlgebraicValue,
  ByteWriter,
  formatTimestamp,
  formatUuid,
  types,
} from '@lightcone/sats';
import type { TableShape } from './memory-database.ts';

/** A row as decoded values, in column order. */
export type Values = readonly AlgebraicValue[];

/** A condition as SQL, and what it should say of a row: worked out on decoded values, without any code under test. */
export interface Condition {
  readonly sql: string;
  holds(row: Values): boolean;
}

export const sender: Uint8Array = Uint8Array.from({ length: 32 }, (_, i) => i * 7);

const U256_MAX = 2n ** 256n - 1n;
const senderNumber = littleEndian(sender);

interface ColumnKind {
  readonly name: string;
  readonly type: AlgebraicType;
  /** Few values, so that rows meet constants; all near an edge of the type. */
  readonly values: readonly AlgebraicValue[];
  /** The value as a SQL literal. */
  literal(value: AlgebraicValue): string;
}

const number = String;
const hexDigits = (value: bigint, digits: number): string => value.toString(16).padStart(digits, '0');
const field = (name: string, ...values: bigint[]): AlgebraicValue[] => values.map((value) => ({ [name]: value }));
const inner = (value: AlgebraicValue): bigint => Object.values(value)[0] as bigint; // the products here hold one integer

const kinds: readonly ColumnKind[] = [
  { name: 'flag', type: types.bool, values: [false, true], literal: number },
  { name: 'i8', type: types.i8, values: [-128, -1, 0, 127], literal: number },
  { name: 'u16', type: types.u16, values: [0, 1, 256, 65535], literal: number },
  {
    name: 'text',
    type: types.string,
    values: ['', 'a', 'ab', 'é', "it's", '\u{10000}', '\uffff'],
    literal: (value) => `'${String(value).replaceAll("'", "''")}'`,
  },
  { name: 'u32', type: types.u32, values: [0, 255, 256, 0xffff_ffff], literal: number },
  { name: 'i32', type: types.i32, values: [-(2 ** 31), -1, 0, 2 ** 31 - 1], literal: number },
  { name: 'i64', type: types.i64, values: [-(2n ** 63n), -1n, 0n, 2n ** 32n, 2n ** 63n - 1n], literal: number },
  { name: 'u64', type: types.u64, values: [0n, 1n, 2n ** 53n + 1n, 2n ** 64n - 1n], literal: number },
  { name: 'i128', type: types.i128, values: [-(2n ** 127n), -1n, 2n ** 64n], literal: number },
  { name: 'u256', type: types.u256, values: [0n, 2n ** 128n, U256_MAX], literal: number },
  { name: 'f32', type: types.f32, values: [-Infinity, -1.5, -0, 0, 0.5, Infinity, NaN], literal: floatLiteral },
  { name: 'f64', type: types.f64, values: [-Infinity, -1.5, -0, 0, 0.1, Infinity, NaN], literal: floatLiteral },
  {
    name: 'bytes',
    type: types.bytes,
    values: ['', '00', '0001', 'ff'].map((hex) => Uint8Array.from(Buffer.from(hex, 'hex'))).concat(sender),
    literal: (value) => `0x${Buffer.from(value as Uint8Array).toString('hex')}`,
  },
  {
    name: 'identity',
    type: types.identity,
    values: field('__identity__', 0n, 1n, senderNumber, U256_MAX),
    literal: (value) => `0x${hexDigits(inner(value), 64)}`,
  },
  {
    name: 'connection',
    type: types.connectionId,
    values: field('__connection_id__', 0n, 2n ** 64n),
    literal: (value) => `X'${hexDigits(inner(value), 32)}'`,
  },
  {
    name: 'uuid',
    type: types.uuid,
    values: field('__uuid__', 1n, 2n ** 127n),
    literal: (value) => `'${formatUuid(inner(value))}'`,
  },
  {
    name: 'time',
    type: types.timestamp,
    values: field('__timestamp_micros_since_unix_epoch__', -1n, 0n, 1_700_000_000_000_000n),
    literal: (value) => `'${formatTimestamp(inner(value))}'`,
  },
];

/** Every comparable type twice, so that columns can be compared with each other; the second ones lie behind strings. */
const columns = [...kinds, ...kinds.toReversed().map((kind) => ({ ...kind, name: `${kind.name}_2` }))];

export const shape: TableShape = {
  name: 't',
  columns,
  indexes: ['u32', 'text_2', 'identity'].map((name) => [position(name)]).concat([[position('i8'), position('u16')]]),
};

function position(name: string): number {
  return columns.findIndex((column) => column.name === name);
}

/** Infinity and NaN have no literal; the nearest thing that has one stands for them. */
function floatLiteral(value: AlgebraicValue): string {
  if (value === Infinity) return '1e400';
  if (value === -Infinity) return '-1e400';
  return Number.isNaN(value) ? '0' : String(value);
}

/** Decoded float literals have no NaN and no -0. */
function literalMeans(value: AlgebraicValue): AlgebraicValue {
  return typeof value === 'number' && Number.isNaN(value) ? 0 : value;
}

export const row: fc.Arbitrary<Values> = fc.tuple(...columns.map(({ values }) => fc.constantFrom(...values)));

const COMPARE: { readonly [operator: string]: (order: number) => boolean } = {
  '=': (order) => order === 0,
  '<>': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};
const operator = fc.constantFrom(...Object.keys(COMPARE)).map((sql) => ({ sql, holds: COMPARE[sql] ?? (() => false) }));

const withConstant = fc
  .nat(columns.length - 1)
  .chain((at) => fc.tuple(fc.constant(at), operator, fc.constantFrom(...(columns[at]?.values ?? [])), fc.boolean()))
  .map(([at, { sql, holds }, value, isFlipped]): Condition => {
    const { name, literal } = columns[at]!; // nat is below the length
    const meant = literalMeans(value);
    if (isFlipped) {
      return { sql: `${literal(value)} ${sql} ${name}`, holds: (values) => holds(order(meant, values[at]!)) };
    }
    return { sql: `${name} ${sql} ${literal(value)}`, holds: (values) => holds(order(values[at]!, meant)) };
  });

const withColumn = fc
  .tuple(fc.constantFrom(...kinds), operator, fc.boolean())
  .map(([{ name }, { sql, holds }, isFlipped]): Condition => {
    const [left, right] = isFlipped ? [`${name}_2`, name] : [name, `${name}_2`];
    const [leftAt, rightAt] = [position(left), position(right)];
    return { sql: `${left} ${sql} ${right}`, holds: (values) => holds(order(values[leftAt]!, values[rightAt]!)) };
  });

const withSender = fc
  .tuple(fc.constantFrom('identity', 'identity_2', 'bytes', 'bytes_2'), operator, fc.boolean())
  .map(([name, { sql, holds }, isFlipped]): Condition => {
    const at = position(name);
    const value = name.startsWith('bytes') ? sender : { __identity__: senderNumber };
    if (isFlipped) return { sql: `:sender ${sql} ${name}`, holds: (values) => holds(order(value, values[at]!)) };
    return { sql: `${name} ${sql} :sender`, holds: (values) => holds(order(values[at]!, value)) };
  });

const bare = fc.constantFrom<Condition>(
  { sql: 'true', holds: () => true },
  { sql: 'FALSE', holds: () => false },
  { sql: 'flag', holds: (values) => values[position('flag')] === true },
  { sql: ':sender = :sender', holds: () => true },
);

export const condition: fc.Arbitrary<Condition> = fc.letrec<{ any: Condition; nested: Condition }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    withConstant,
    withColumn,
    withSender,
    bare,
    tie('nested'),
  ),
  nested: fc.oneof(
    fc
      .array(tie('any'), { minLength: 2, maxLength: 4 })
      .map((parts) => join(parts, ' AND ', (holds) => holds.every(Boolean))),
    fc
      .array(tie('any'), { minLength: 2, maxLength: 4 })
      .map((parts) => join(parts, ' OR ', (holds) => holds.some(Boolean))),
    fc.tuple(tie('any'), operator, tie('any')).map(([left, { sql, holds }, right]): Condition => ({
      sql: `(${left.sql}) ${sql} (${right.sql})`,
      holds: (values) => holds(order(left.holds(values), right.holds(values))),
    })),
  ),
})).any;

function join(
  parts: readonly Condition[],
  separator: string,
  combine: (holds: readonly boolean[]) => boolean,
): Condition {
  return {
    sql: parts.map(({ sql }) => `(${sql})`).join(separator),
    holds: (values) => combine(parts.map((part) => part.holds(values))),
  };
}

/** The order of two decoded values of one type. */
function order(a: AlgebraicValue, b: AlgebraicValue): number {
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  if (typeof a === 'object' && typeof b === 'object') return order(inner(a), inner(b));
  // NaN is equal to itself and above all others.
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** The row's BSATN. */
export function encodeRow(encode: (writer: ByteWriter, value: AlgebraicValue) => void, values: Values): Uint8Array {
  const writer = new ByteWriter();
  encode(writer, Object.fromEntries(columns.map(({ name }, i) => [name, values[i]!]))); // a value for each column
  return writer.finish();
}
