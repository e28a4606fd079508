import { type AlgebraicType, type ByteReader, type ProductType, SatsError, readType } from '@lightcone/sats';
import { readColumns, readI128, readList, readOption, readVariant } from './read-parts.ts';
import {
  type Columns,
  type RawTableAccess,
  type RawTableType,
  readProduct,
  readString,
  readTypespace,
} from './raw-parts.ts';

/** The definition of modules from before 1.0. */
export interface RawModuleDefV8 {
  readonly version: 8;
  readonly typespace: readonly AlgebraicType[];
  readonly tables: readonly RawTableDefV8[];
  readonly reducers: readonly { readonly name: string; readonly params: ProductType }[];
  readonly typeAliases: readonly { readonly name: string; readonly ref: number }[];
}

export interface RawTableDefV8 {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: AlgebraicType }[];
  readonly indexes: readonly RawIndexDefV8[];
  readonly constraints: readonly RawConstraintDefV8[];
  readonly sequences: readonly RawSequenceDefV8[];
  readonly tableType: RawTableType;
  readonly tableAccess: RawTableAccess;
  /** The reducer that the table's rows call. */
  readonly scheduledReducer: string | undefined;
  /** Where the typespace has the row type. */
  readonly productTypeRef: number;
}

export interface RawIndexDefV8 {
  readonly name: string;
  readonly isUnique: boolean;
  readonly algorithm: 'BTree' | 'Hash';
  readonly columns: Columns;
}

/** Bits of `RawConstraintDefV8.attributes`. */
export const CONSTRAINT_INDEXED = 1;
export const CONSTRAINT_AUTO_INC = 2;
export const CONSTRAINT_UNIQUE = 4;
export const CONSTRAINT_PRIMARY_KEY = 8;

export interface RawConstraintDefV8 {
  readonly name: string;
  readonly attributes: number;
  readonly columns: Columns;
}

export interface RawSequenceDefV8 {
  readonly name: string;
  readonly column: number;
  readonly increment: bigint;
  readonly start: bigint | undefined;
  readonly minValue: bigint | undefined;
  readonly maxValue: bigint | undefined;
}

export function readRawModuleDefV8(reader: ByteReader): RawModuleDefV8 {
  return {
    version: 8,
    typespace: readTypespace(reader),
    tables: readList(reader, readTable),
    reducers: readList(reader, (reducer) => ({ name: reducer.string(), params: readProduct(reducer) })),
    typeAliases: readList(reader, (alias) => {
      readVariant(alias, 'MiscModuleExport', ['TypeAlias']);
      return { name: alias.string(), ref: alias.u32() };
    }),
  };
}

function readTable(reader: ByteReader): RawTableDefV8 {
  return {
    name: reader.string(),
    columns: readList(reader, (column) => ({ name: column.string(), type: readType(column) })),
    indexes: readList(reader, readIndex),
    constraints: readList(reader, readConstraint),
    sequences: readList(reader, readSequence),
    tableType: readWord(reader, 'table type', { system: 'System', user: 'User' }),
    tableAccess: readWord(reader, 'table access', { public: 'Public', private: 'Private' }),
    scheduledReducer: readOption(reader, readString),
    productTypeRef: reader.u32(),
  };
}

function readIndex(reader: ByteReader): RawIndexDefV8 {
  return {
    name: reader.string(),
    isUnique: reader.bool(),
    algorithm: readVariant(reader, 'IndexType', ['BTree', 'Hash']),
    columns: readColumns(reader),
  };
}

function readConstraint(reader: ByteReader): RawConstraintDefV8 {
  const name = reader.string();
  const attributes = reader.u8();
  if (attributes > 15) {
    throw new SatsError('SATS_INVALID_VALUE', `constraint \`${name}\` has unknown attribute bits: ${attributes}`);
  }
  return { name, attributes, columns: readColumns(reader) };
}

function readSequence(reader: ByteReader): RawSequenceDefV8 {
  const sequence = {
    name: reader.string(),
    column: reader.u16(),
    increment: readI128(reader),
    start: readOption(reader, readI128),
    minValue: readOption(reader, readI128),
    maxValue: readOption(reader, readI128),
  };
  readI128(reader); // what a running database had allocated: nothing to a definition
  return sequence;
}

function readWord<Word>(reader: ByteReader, what: string, words: Readonly<Record<string, Word>>): Word {
  const text = reader.string();
  const word = Object.hasOwn(words, text) ? words[text] : undefined;
  if (word === undefined) {
    throw new SatsError('SATS_INVALID_VALUE', `unknown ${what} "${text}": expected ${Object.keys(words).join(' or ')}`);
  }
  return word;
}
