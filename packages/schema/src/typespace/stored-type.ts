import { type AlgebraicType, SatsError, type Typespace, resolveType } from '@lightcone/sats';
import type { TypeProblem } from './type-uses.ts';

/** How deep a column's type may nest with its refs replaced: what `readType` reads back from the system tables. */
const MAX_DEPTH = 256;

/** What keeps values of `type` from being stored in a column, or undefined: it must be finite, and of sane size. */
export function storedTypeProblem(type: AlgebraicType, typespace: Typespace): TypeProblem | undefined {
  try {
    if (depthOf(resolveType(type, typespace)) <= MAX_DEPTH) return undefined;
    return { code: 'TYPE_TOO_LARGE', message: `the type is nested deeper than ${MAX_DEPTH}` };
  } catch (error) {
    return problemOf(error);
  }
}

/** What keeps values of `type` from being passed to a function, or undefined. They may be recursive. */
export function passedTypeProblem(type: AlgebraicType, typespace: Typespace): TypeProblem | undefined {
  try {
    resolveType(type, typespace);
    return undefined;
  } catch (error) {
    const problem = problemOf(error);
    return problem.code === 'RECURSIVE_TYPE' ? undefined : problem;
  }
}

function problemOf(error: unknown): TypeProblem {
  if (!(error instanceof SatsError)) throw error;
  switch (error.code) {
    case 'SATS_INVALID_REF':
      return { code: 'INVALID_TYPE_REF', message: error.message };
    case 'SATS_RECURSIVE_TYPE':
      return { code: 'RECURSIVE_TYPE', message: `${error.message}: a type that contains itself cannot be stored` };
    default:
      return { code: 'TYPE_TOO_LARGE', message: error.message };
  }
}

function depthOf(type: AlgebraicType): number {
  switch (type.tag) {
    case 'Array':
      return 1 + depthOf(type.element);
    case 'Product':
      return 1 + type.elements.reduce((depth, element) => Math.max(depth, depthOf(element.type)), 0);
    case 'Sum':
      return 1 + type.variants.reduce((depth, variant) => Math.max(depth, depthOf(variant.type)), 0);
    default:
      return 1;
  }
}
