import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { FieldValue } from '../change.ts';
import { LocalError } from '../errors.ts';

/** SQLite's affinity of a column: what `CREATE TABLE` says. */
export type ColumnType = 'TEXT' | 'INTEGER' | 'REAL' | 'BLOB';

/** Where a reference points: a table of the schema, its column `id`. */
export interface Reference {
  readonly table: string;
  /** What happens to this row when the other is deleted here. The default refuses the deletion. */
  readonly onDelete: 'refuse' | 'delete' | 'set-null';
}

/** How the values of a column are written and read. */
export interface ColumnCodec<Value> {
  readonly type: ColumnType;
  /** In messages: `a string`. */
  readonly expected: string;
  /** Whether SQLite's value is the application's as it is, so that reading costs nothing. */
  readonly isPlain: boolean;
  /** Whether integers must be read as bigint. */
  readonly bigInts: boolean;
  /** @returns `undefined` if `value` is not of this kind */
  encode(value: unknown): FieldValue | undefined;
  decode(stored: FieldValue): Value;
}

interface ColumnOptions {
  readonly isOptional: boolean;
  readonly defaultValue: unknown;
  readonly columnName: string | undefined;
  readonly validator: StandardSchemaV1 | undefined;
  readonly reference: Reference | undefined;
}

const plainOptions: ColumnOptions = {
  isOptional: false,
  defaultValue: undefined,
  columnName: undefined,
  validator: undefined,
  reference: undefined,
};

/**
 * A column of a declared table. Immutable: each method returns another column.
 * `Value` is what a row has, `Given` tells whether a new row must say it.
 */
export class Column<Value, Given extends 'required' | 'optional' = 'required'> {
  /** Carries the types only. */
  declare readonly value: Value;
  /** Carries the types only. */
  declare readonly given: Given;
  readonly codec: ColumnCodec<unknown>;
  readonly options: ColumnOptions;

  constructor(codec: ColumnCodec<unknown>, options: ColumnOptions = plainOptions) {
    this.codec = codec;
    this.options = options;
  }

  /** May be NULL, and is unless said. */
  optional(): Column<Value | null, 'optional'> {
    return new Column(this.codec, { ...this.options, isOptional: true });
  }

  /** What a new row has unless it says otherwise; also what rows get that were there before the column. */
  default(value: Value & {}): Column<Value, 'optional'> {
    if (this.codec.encode(value) === undefined)
      throw new LocalError('LOCAL_INVALID_SCHEMA', `default(${String(value)}): expected ${this.codec.expected}`);
    return new Column(this.codec, { ...this.options, defaultValue: value });
  }

  /** The name of the column in SQLite, where it is not that of the property. */
  named(columnName: string): Column<Value, Given> {
    return new Column(this.codec, { ...this.options, columnName });
  }

  /**
   * Checks (and may convert) each value that is saved, by any Standard Schema whose check is synchronous. Values of
   * other devices are not checked: they are in the log, whatever this device thinks of them.
   */
  validate<Output extends Value>(validator: StandardSchemaV1<Value & {}, Output & {}>): Column<Output, Given> {
    return new Column(this.codec, { ...this.options, validator });
  }
}

function column<Value>(codec: ColumnCodec<Value>): Column<Value> {
  return new Column<Value>(codec);
}

const same = (stored: FieldValue): unknown => stored;

/** A string. */
export function text(): Column<string> {
  return column<string>({
    type: 'TEXT',
    expected: 'a string',
    isPlain: true,
    bigInts: false,
    encode: (value) => (typeof value === 'string' ? value : undefined),
    decode: same as (stored: FieldValue) => string,
  });
}

/** A whole number from -(2^53-1) to 2^53-1; with `big` a bigint of 64 bits. */
export function int(options: { big: true }): Column<bigint>;
export function int(): Column<number>;
export function int(options?: { big: true }): Column<bigint> | Column<number> {
  if (options?.big)
    return column<bigint>({
      type: 'INTEGER',
      expected: 'a bigint of at most 64 bits',
      isPlain: false,
      bigInts: true,
      encode: (value) => (typeof value === 'bigint' && BigInt.asIntN(64, value) === value ? value : undefined),
      decode: (stored) => (typeof stored === 'number' ? BigInt(stored) : (stored as bigint)),
    });
  return column<number>({
    type: 'INTEGER',
    expected: 'a whole number of at most 53 bits',
    isPlain: true,
    bigInts: false,
    encode: (value) => (Number.isSafeInteger(value) ? BigInt(value as number) : undefined),
    decode: number,
  });
}

/** A floating point number; NaN is refused, as SQLite stores it as NULL. */
export function real(): Column<number> {
  return column<number>({
    type: 'REAL',
    expected: 'a number that is not NaN',
    isPlain: true,
    bigInts: false,
    encode: (value) => (typeof value === 'number' && !Number.isNaN(value) ? value : undefined),
    decode: number,
  });
}

/** A boolean, stored as 0 or 1. */
export function bool(): Column<boolean> {
  return column<boolean>({
    type: 'INTEGER',
    expected: 'a boolean',
    isPlain: false,
    bigInts: false,
    encode: (value) => (typeof value === 'boolean' ? (value ? 1n : 0n) : undefined),
    decode: (stored) => stored !== 0 && stored !== 0n,
  });
}

/** Bytes. */
export function blob(): Column<Uint8Array> {
  return column<Uint8Array>({
    type: 'BLOB',
    expected: 'a Uint8Array',
    isPlain: true,
    bigInts: false,
    // Copies, as it is the application's: what is logged later must be what the row has.
    encode: (value) => (value instanceof Uint8Array ? new Uint8Array(value) : undefined),
    decode: (stored) => new Uint8Array(stored as Uint8Array),
  });
}

/** A point in time, stored as Unix milliseconds. */
export function timestamp(): Column<Date> {
  return column<Date>({
    type: 'INTEGER',
    expected: 'a valid Date',
    isPlain: false,
    bigInts: false,
    encode: (value) => (value instanceof Date && !Number.isNaN(value.getTime()) ? BigInt(value.getTime()) : undefined),
    decode: (stored) => new Date(Number(stored)),
  });
}

/** Anything that JSON can say, stored as its text. Wins or loses as a whole. */
export function json<Value>(): Column<Value> {
  return column<Value>({
    type: 'TEXT',
    expected: 'a value that JSON can say',
    isPlain: false,
    bigInts: false,
    encode: (value) => JSON.stringify(value) as string | undefined,
    decode: (stored) => (typeof stored === 'string' ? (JSON.parse(stored) as Value) : (stored as Value)),
  });
}

/** The id of a row of another table. The property `artistId` may be `.named('artist_id')`. */
export function ref(table: string, options?: { onDelete?: Reference['onDelete'] }): Column<string> {
  return new Column(text().codec, { ...plainOptions, reference: { table, onDelete: options?.onDelete ?? 'refuse' } });
}

function number(stored: FieldValue): number {
  return typeof stored === 'bigint' ? Number(stored) : (stored as number);
}
