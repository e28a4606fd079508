import { type AlgebraicType, type ByteReader, type NamedType, type ProductType, readType } from '@lightcone/sats';
import { readColumns, readI128, readList, readOption, readVariant } from './read-parts.ts';

/** Column positions, in the order that the definition lists them. */
export type Columns = readonly number[];

export const TABLE_TYPES = ['System', 'User'] as const;
export type RawTableType = (typeof TABLE_TYPES)[number];

export const TABLE_ACCESSES = ['Public', 'Private'] as const;
export type RawTableAccess = (typeof TABLE_ACCESSES)[number];

const LIFECYCLES = ['Init', 'OnConnect', 'OnDisconnect'] as const;
export type RawLifecycle = (typeof LIFECYCLES)[number];

export const VISIBILITIES = ['Private', 'ClientCallable'] as const;
export type RawVisibility = (typeof VISIBILITIES)[number];

export type RawIndexAlgorithm =
  | { readonly tag: 'BTree' | 'Hash'; readonly columns: Columns }
  | { readonly tag: 'Direct'; readonly column: number };

/** What versions 9 and 10 have alike; a name is the source name in version 10, the given name in version 9. */
export interface RawIndexDef {
  readonly name: string | undefined;
  readonly accessorName: string | undefined;
  readonly algorithm: RawIndexAlgorithm;
}

/** A unique constraint: there is no other kind. */
export interface RawConstraintDef {
  readonly name: string | undefined;
  readonly columns: Columns;
}

export interface RawSequenceDef {
  readonly name: string | undefined;
  readonly column: number;
  readonly start: bigint | undefined;
  readonly minValue: bigint | undefined;
  readonly maxValue: bigint | undefined;
  readonly increment: bigint;
}

export interface RawTypeDef {
  readonly scope: readonly string[];
  readonly name: string;
  readonly ref: number;
  readonly customOrdering: boolean;
}

export interface RawViewDef {
  readonly name: string;
  readonly index: number;
  readonly isPublic: boolean;
  readonly isAnonymous: boolean;
  readonly params: ProductType;
  readonly returnType: AlgebraicType;
}

export function readTypespace(reader: ByteReader): AlgebraicType[] {
  return readList(reader, readType);
}

/** A product type as function parameters have it: without the tag of an algebraic type. */
export function readProduct(reader: ByteReader): ProductType {
  return { tag: 'Product', elements: readList(reader, readElement) };
}

function readElement(reader: ByteReader): NamedType {
  return { name: readOption(reader, readString), type: readType(reader) };
}

export function readString(reader: ByteReader): string {
  return reader.string();
}

export function readLifecycle(reader: ByteReader): RawLifecycle {
  return readVariant(reader, 'Lifecycle', LIFECYCLES);
}

export function readIndexDef(reader: ByteReader): RawIndexDef {
  return {
    name: readOption(reader, readString),
    accessorName: readOption(reader, readString),
    algorithm: readIndexAlgorithm(reader),
  };
}

function readIndexAlgorithm(reader: ByteReader): RawIndexAlgorithm {
  const tag = readVariant(reader, 'RawIndexAlgorithm', ['BTree', 'Hash', 'Direct']);
  return tag === 'Direct' ? { tag, column: reader.u16() } : { tag, columns: readColumns(reader) };
}

export function readConstraintDef(reader: ByteReader): RawConstraintDef {
  const name = readOption(reader, readString);
  readVariant(reader, 'RawConstraintData', ['Unique']);
  return { name, columns: readColumns(reader) };
}

export function readSequenceDef(reader: ByteReader): RawSequenceDef {
  return {
    name: readOption(reader, readString),
    column: reader.u16(),
    start: readOption(reader, readI128),
    minValue: readOption(reader, readI128),
    maxValue: readOption(reader, readI128),
    increment: readI128(reader),
  };
}

export function readTypeDef(reader: ByteReader): RawTypeDef {
  return {
    scope: readList(reader, readString),
    name: reader.string(),
    ref: reader.u32(),
    customOrdering: reader.bool(),
  };
}

export function readViewDef(reader: ByteReader): RawViewDef {
  return {
    name: reader.string(),
    index: reader.u32(),
    isPublic: reader.bool(),
    isAnonymous: reader.bool(),
    params: readProduct(reader),
    returnType: readType(reader),
  };
}
