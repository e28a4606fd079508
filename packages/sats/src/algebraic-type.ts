/**
 * The algebraic types of SATS. A value's bytes (BSATN) and JSON cannot be read without its type.
 *
 * The order of `ALGEBRAIC_TYPE_TAGS` is the BSATN tag of each variant.
 */
export const ALGEBRAIC_TYPE_TAGS = [
  'Ref',
  'Sum',
  'Product',
  'Array',
  'String',
  'Bool',
  'I8',
  'U8',
  'I16',
  'U16',
  'I32',
  'U32',
  'I64',
  'U64',
  'I128',
  'U128',
  'I256',
  'U256',
  'F32',
  'F64',
] as const;

export type IntegerTag =
  | 'I8'
  | 'U8'
  | 'I16'
  | 'U16'
  | 'I32'
  | 'U32'
  | 'I64'
  | 'U64'
  | 'I128'
  | 'U128'
  | 'I256'
  | 'U256';
export type ScalarTag = IntegerTag | 'Bool' | 'F32' | 'F64';

export type AlgebraicType =
  | RefType
  | SumType
  | ProductType
  | ArrayType
  | { readonly tag: 'String' }
  | { readonly tag: ScalarTag };

/** The type at index `ref` of the typespace. */
export interface RefType {
  readonly tag: 'Ref';
  readonly ref: number;
}

export interface SumType {
  readonly tag: 'Sum';
  /** At most 256: a variant's position is its tag, one byte on the wire. */
  readonly variants: readonly NamedType[];
}

export interface ProductType {
  readonly tag: 'Product';
  readonly elements: readonly NamedType[];
}

export interface ArrayType {
  readonly tag: 'Array';
  readonly element: AlgebraicType;
}

/** A field of a product or a variant of a sum. */
export interface NamedType {
  readonly name: string | undefined;
  readonly type: AlgebraicType;
}

/** The types that refs of one module point to, by index. */
export type Typespace = readonly AlgebraicType[];
