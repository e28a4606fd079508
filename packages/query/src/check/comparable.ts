import { type AlgebraicType, specialType } from '@lightcone/sats';

const COMPARABLE_PRODUCTS = new Set(['Identity', 'ConnectionId', 'Timestamp', 'Uuid']);

/** Whether the comparison operators take this type: scalars, strings, bytes and four of the special types. */
export function isComparable(type: AlgebraicType): boolean {
  switch (type.tag) {
    case 'Product':
      return COMPARABLE_PRODUCTS.has(specialType(type) ?? '');
    case 'Array':
      return type.element.tag === 'U8';
    case 'Sum':
    case 'Ref':
      return false;
    default:
      return true;
  }
}
