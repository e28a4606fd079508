import type { AlgebraicType, ScalarTag } from './algebraic-type.ts';

/** Bytes of each scalar, in BSATN and in the pages of SpacetimeDB. */
export const SCALAR_SIZES: { readonly [tag in ScalarTag]: number } = {
  Bool: 1,
  I8: 1,
  U8: 1,
  I16: 2,
  U16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
  I128: 16,
  U128: 16,
  I256: 32,
  U256: 32,
};

/** Types are immutable, and the generators ask about each level of nesting again. */
const known = new WeakMap<AlgebraicType, number | 'varies'>();

/**
 * Byte length of every value of the type, where all have the same.
 * A ref counts as varying: only those of recursive types are left when this is asked.
 */
export function staticSize(type: AlgebraicType): number | undefined {
  let size = known.get(type);
  if (size === undefined) {
    size = measure(type) ?? 'varies';
    known.set(type, size);
  }
  return size === 'varies' ? undefined : size;
}

function measure(type: AlgebraicType): number | undefined {
  switch (type.tag) {
    case 'Ref':
    case 'Array':
    case 'String':
      return undefined;
    case 'Product': {
      let total = 0;
      for (const element of type.elements) {
        const size = staticSize(element.type);
        if (size === undefined) return undefined;
        total += size;
      }
      return total;
    }
    case 'Sum': {
      const [first, ...others] = type.variants;
      if (first === undefined) return undefined;
      const payload = staticSize(first.type);
      if (payload === undefined || others.some((variant) => staticSize(variant.type) !== payload)) return undefined;
      return 1 + payload;
    }
    default:
      return SCALAR_SIZES[type.tag];
  }
}
