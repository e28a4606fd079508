export { ALGEBRAIC_TYPE_TAGS } from './algebraic-type.ts';
export type {
  AlgebraicType,
  ArrayType,
  IntegerTag,
  NamedType,
  ProductType,
  RefType,
  ScalarTag,
  SumType,
  Typespace,
} from './algebraic-type.ts';
export { ByteReader } from './byte-reader.ts';
export { ByteWriter } from './byte-writer.ts';
export type { AlgebraicValue, ColumnAccess, CompiledType, KeyType, RowType, SumValue } from './compiled-type.ts';
export { SatsError } from './errors.ts';
export type { SatsErrorCode } from './errors.ts';
