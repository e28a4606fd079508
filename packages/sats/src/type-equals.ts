import type { AlgebraicType, NamedType } from './algebraic-type.ts';

/** Whether two types have the same structure and the same names. Refs are equal when their numbers are. */
export function typeEquals(a: AlgebraicType, b: AlgebraicType): boolean {
  if (a === b) return true;
  switch (a.tag) {
    case 'Ref':
      return b.tag === 'Ref' && a.ref === b.ref;
    case 'Array':
      return b.tag === 'Array' && typeEquals(a.element, b.element);
    case 'Product':
      return b.tag === 'Product' && membersEqual(a.elements, b.elements);
    case 'Sum':
      return b.tag === 'Sum' && membersEqual(a.variants, b.variants);
    default:
      return a.tag === b.tag;
  }
}

function membersEqual(a: readonly NamedType[], b: readonly NamedType[]): boolean {
  return (
    a.length === b.length &&
    a.every((member, i) => {
      const other = b[i]!; // the lengths are equal
      return member.name === other.name && typeEquals(member.type, other.type);
    })
  );
}
