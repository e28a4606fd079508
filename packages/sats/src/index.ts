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
export { compileJson, writeJson } from './compile-json.ts';
export type { ReadAsJson } from './compile-json.ts';
export { compileKey } from './compile-key.ts';
export { compileRow } from './compile-row.ts';
export { compileType } from './compile-type.ts';
export type { AlgebraicValue, ColumnAccess, CompiledType, KeyType, RowType, SumValue } from './compiled-type.ts';
export { SatsError } from './errors.ts';
export type { SatsErrorCode } from './errors.ts';
export type { JsonStyle } from './generate-json.ts';
export { hashBytes } from './hash.ts';
export { equalBytes } from './equal-bytes.ts';
export { bytesToHex, hexToBytes } from './hex.ts';
export { ConnectionId, Identity } from './identity.ts';
export { resolveType } from './inline-refs.ts';
export { parseJson } from './json-parser.ts';
export { readJson } from './json-reader.ts';
export { formatJson, isJsonArray, isJsonObject } from './json-value.ts';
export type { JsonObject, JsonValue } from './json-value.ts';
export { memberKey } from './member-key.ts';
export { specialType } from './special-type.ts';
export type { SpecialType } from './special-type.ts';
export { SCALAR_SIZES } from './static-size.ts';
export { formatTimeDuration, formatTimestamp, parseTimestamp } from './time-text.ts';
export { truncateUtf8 } from './truncate-utf8.ts';
export { readType, writeType } from './type-codec.ts';
export { typeEquals } from './type-equals.ts';
export { typeFromJson, typeToJson } from './type-json.ts';
export { types } from './types.ts';
export { formatUuid, parseUuid } from './uuid-text.ts';
