import type { AlgebraicType } from './algebraic-type.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

/**
 * A decoded value.
 *
 * | type | value |
 * | --- | --- |
 * | Bool | boolean |
 * | I8 to U32, F32, F64 | number |
 * | I64 and wider | bigint |
 * | String | string |
 * | Array of U8 | Uint8Array |
 * | Array | array of values |
 * | Product | object by field name; a field without a name has its position (`"0"`) as key |
 * | Sum | `{ tag: variant name (or position), value }` |
 */
export type AlgebraicValue =
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly AlgebraicValue[]
  | { readonly [field: string]: AlgebraicValue }
  | SumValue;

export interface SumValue {
  readonly tag: string;
  readonly value: AlgebraicValue;
}

/**
 * The operations of one type, generated once as specialised functions.
 *
 * `validate` is for bytes from outside. `skip`, `compare` and `hash` trust theirs: give them only
 * bytes that `validate` accepted.
 */
export interface CompiledType {
  readonly type: AlgebraicType;
  /** Byte length of every value, where all have the same; 0 for unit. */
  readonly staticSize: number | undefined;
  /** @throws SatsError `SATS_INVALID_VALUE` when the value is not of the type */
  readonly encode: (writer: ByteWriter, value: AlgebraicValue) => void;
  /** Accepts exactly what `validate` accepts. */
  readonly decode: (reader: ByteReader) => AlgebraicValue;
  /**
   * Checks that a value lies at `start` and ends at or before `end`.
   * @returns where it ends
   * @throws SatsError
   */
  readonly validate: (bytes: Uint8Array, start: number, end: number) => number;
  /** Where the value at `start` ends. */
  readonly skip: (bytes: Uint8Array, start: number) => number;
  /** The SATS total order: negative, 0 or positive. NaNs are equal to each other and largest, -0 equals +0. */
  readonly compare: (a: Uint8Array, aStart: number, b: Uint8Array, bStart: number) => number;
  /** An unsigned 32-bit hash; values equal by `compare` hash alike. */
  readonly hash: (bytes: Uint8Array, start: number) => number;
}

/** One column of a row type. */
export interface ColumnAccess {
  readonly name: string | undefined;
  readonly type: CompiledType;
  /** Offset in every row, where no column before this one varies in size. */
  readonly staticOffset: number | undefined;
  /** Where this column starts in the row at `rowStart` (trusted bytes). */
  readonly start: (bytes: Uint8Array, rowStart: number) => number;
}

/** A product type used as a table row. */
export interface RowType extends CompiledType {
  readonly columns: readonly ColumnAccess[];
}

/**
 * The operations of an index key: some columns of a row type, in index order.
 *
 * A key outside a row is the concatenated BSATN of its columns. All operations trust their bytes,
 * `validate` excepted.
 */
export interface KeyType {
  readonly columns: readonly ColumnAccess[];
  /** Byte length of every key, where all have the same. */
  readonly staticSize: number | undefined;
  /** Checks one key at `start`; returns where it ends. @throws SatsError */
  readonly validate: (bytes: Uint8Array, start: number, end: number) => number;
  readonly compareRows: (a: Uint8Array, aRow: number, b: Uint8Array, bRow: number) => number;
  readonly compareKeyToRow: (key: Uint8Array, keyStart: number, row: Uint8Array, rowStart: number) => number;
  readonly hashRow: (row: Uint8Array, rowStart: number) => number;
  readonly hashKey: (key: Uint8Array, keyStart: number) => number;
  /** Appends the key of a row to `writer`. */
  readonly writeKey: (writer: ByteWriter, row: Uint8Array, rowStart: number) => void;
}
