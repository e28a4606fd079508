import { type AlgebraicType, type NamedType, specialType } from '@lightcone/sats';
import type { NameConverter } from '../names/name-converter.ts';

/**
 * Converts the names of fields and variants. Special types keep theirs, and so does everything
 * nested in one; refs are not followed.
 */
export function convertTypeNames(type: AlgebraicType, names: NameConverter): AlgebraicType {
  switch (type.tag) {
    case 'Array':
      return { tag: 'Array', element: convertTypeNames(type.element, names) };
    case 'Product': {
      if (specialType(type) !== undefined) return type;
      return { tag: 'Product', elements: convertMembers(type.elements, names, (name) => names.column(name)) };
    }
    case 'Sum': {
      if (specialType(type) !== undefined) return type;
      return { tag: 'Sum', variants: convertMembers(type.variants, names, (name) => names.variant(name)) };
    }
    default:
      return type;
  }
}

function convertMembers(
  members: readonly NamedType[],
  names: NameConverter,
  convert: (name: string) => string,
): NamedType[] {
  return members.map(({ name, type }) => ({
    name: name === undefined ? undefined : convert(name),
    type: convertTypeNames(type, names),
  }));
}
