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
  readonly holds: (row: Values) => boolean;
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
  readonly literal: (value: AlgebraicValue) => string;
}

function kind<Value extends AlgebraicValue>(
  name: string,
  type: AlgebraicType,
  values: readonly Value[],
  literal: (value: Value) => string = String,
): ColumnKind {
  return { name, type, values, literal: literal as ColumnKind['literal'] }; // it is only given values of the column
}

const hexDigits = (value: bigint, digits: number): string => value.toString(16).padStart(digits, '0');
const floats = [-Infinity, -1.5, -0, 0, 0.5, Infinity, NaN];
const byteStrings = ['', '00', '0001', 'ff'].map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')));

/** The special types hold one integer. */
type Wrapped = Readonly<Record<string, bigint>>;
const wrap = (name: string, ...values: bigint[]): Wrapped[] => values.map((value) => ({ [name]: value }));
const unwrap = (value: Wrapped): bigint => Object.values(value)[0]!; // its one field

const kinds: readonly ColumnKind[] = [
  kind('flag', types.bool, [false, true]),
  kind('i8', types.i8, [-128, -1, 0, 127]),
  kind('u16', types.u16, [0, 1, 256, 65535]),
  kind(
    'text',
    types.string,
    ['', 'a', 'ab', 'é', "it's", '\u{10000}', '\uffff'],
    (value) => `'${value.replaceAll("'", "''")}'`,
  ),
  kind('u32', types.u32, [0, 255, 256, 0xffff_ffff]),
  kind('i32', types.i32, [-(2 ** 31), -1, 0, 2 ** 31 - 1]),
  kind('i64', types.i64, [-(2n ** 63n), -1n, 0n, 2n ** 32n, 2n ** 63n - 1n]),
  kind('u64', types.u64, [0n, 1n, 2n ** 53n + 1n, 2n ** 64n - 1n]),
  kind('i128', types.i128, [-(2n ** 127n), -1n, 2n ** 64n]),
  kind('u256', types.u256, [0n, 2n ** 128n, U256_MAX]),
  kind('f32', types.f32, floats, floatLiteral),
  kind('f64', types.f64, [...floats, 0.1], floatLiteral),
  kind('bytes', types.bytes, [...byteStrings, sender], (value) => `0x${Buffer.from(value).toString('hex')}`),
  kind(
    'identity',
    types.identity,
    wrap('__identity__', 0n, 1n, senderNumber, U256_MAX),
    (value) => `0x${hexDigits(unwrap(value), 64)}`,
  ),
  kind(
    'connection',
    types.connectionId,
    wrap('__connection_id__', 0n, 2n ** 64n),
    (value) => `X'${hexDigits(unwrap(value), 32)}'`,
  ),
  kind('uuid', types.uuid, wrap('__uuid__', 1n, 2n ** 127n), (value) => `'${formatUuid(unwrap(value))}'`),
  kind(
    'time',
    types.timestamp,
    wrap('__timestamp_micros_since_unix_epoch__', -1n, 0n, 10n ** 15n),
    (value) => `'${formatTimestamp(unwrap(value))}'`,
  ),
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

/** NaN has no literal, so 0 stands for it. */
function floatLiteral(value: number): string {
  if (value === Infinity) return '1e400';
  if (value === -Infinity) return '-1e400';
  return Number.isNaN(value) ? '0' : String(value);
}

/** What `floatLiteral` makes of a value. */
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
  if (typeof a === 'object' && typeof b === 'object') return order(unwrap(a as Wrapped), unwrap(b as Wrapped)); // no other objects are values here
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
