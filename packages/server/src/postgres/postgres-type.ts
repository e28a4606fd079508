import { memberKey, specialType } from '@lightcone/sats';
import type { AlgebraicType, ArrayType, ProductType, SumType } from '@lightcone/sats';

/** A type of PostgreSQL: its number and the length of its values, as in its catalog `pg_type`. */
export interface PostgresType {
  readonly oid: number;
  /** -1 where values differ in length. */
  readonly byteLength: number;
}

const bool = { oid: 16, byteLength: 1 };
const bytea = { oid: 17, byteLength: -1 };
const int2 = { oid: 21, byteLength: 2 };
const int4 = { oid: 23, byteLength: 4 };
const int8 = { oid: 20, byteLength: 8 };
const numeric = { oid: 1700, byteLength: -1 };
const float4 = { oid: 700, byteLength: 4 };
const float8 = { oid: 701, byteLength: 8 };
const varchar = { oid: 1043, byteLength: -1 };
const timestamp = { oid: 1114, byteLength: 8 };
const interval = { oid: 1186, byteLength: 16 };
const uuid = { oid: 2950, byteLength: 16 };
const json = { oid: 114, byteLength: -1 };
const anyarray = { oid: 2277, byteLength: -1 };
const anyenum = { oid: 3500, byteLength: 4 };

const ARRAYS_OF = new Map<PostgresType, PostgresType>([
  [bool, { oid: 1000, byteLength: -1 }],
  [int2, { oid: 1005, byteLength: -1 }],
  [int4, { oid: 1007, byteLength: -1 }],
  [int8, { oid: 1016, byteLength: -1 }],
  [varchar, { oid: 1015, byteLength: -1 }],
  [numeric, { oid: 1231, byteLength: -1 }],
]);

/** The type that a column is announced with: the narrowest that holds all values, as PostgreSQL has no unsigned ones. */
export function postgresType(type: AlgebraicType): PostgresType {
  switch (type.tag) {
    case 'String':
      return varchar;
    case 'Bool':
      return bool;
    case 'U8':
    case 'I8':
    case 'I16':
      return int2;
    case 'U16':
    case 'I32':
      return int4;
    case 'U32':
    case 'I64':
      return int8;
    case 'U64':
    case 'I128':
    case 'U128':
    case 'I256':
    case 'U256':
      return numeric;
    case 'F32':
      return float4;
    case 'F64':
      return float8;
    case 'Array':
      return arrayType(type);
    case 'Product':
      return productType(type);
    case 'Sum':
      return isPlainEnum(type) ? anyenum : json;
    case 'Ref':
      throw new Error('the columns of a result have no references');
  }
}

function arrayType({ element }: ArrayType): PostgresType {
  if (element.tag === 'U8') return bytea;
  return ARRAYS_OF.get(postgresType(element)) ?? anyarray;
}

function productType(type: ProductType): PostgresType {
  switch (specialType(type)) {
    case 'Identity':
    case 'ConnectionId':
      return bytea;
    case 'Timestamp':
      return timestamp;
    case 'TimeDuration':
      return interval;
    case 'Uuid':
      return uuid;
    default:
      return json;
  }
}

/** Whether no variant carries anything. */
export function isPlainEnum({ variants }: SumType): boolean {
  return variants.length > 0 && variants.every(({ type }) => type.tag === 'Product' && type.elements.length === 0);
}

/** What a column or field is called. */
export function columnName(
  element: { readonly name: string | undefined; readonly type: AlgebraicType },
  position: number,
): string {
  return element.name === undefined ? `col_${memberKey(element, position)}` : element.name;
}
