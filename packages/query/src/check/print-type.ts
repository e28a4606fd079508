import type { AlgebraicType, NamedType } from '@lightcone/sats';

/** A type as error texts name it: `U8`, `Array<U8>`, `(__identity__: U256)`, `(some: I32 | none: ())`. */
export function printType(type: AlgebraicType): string {
  switch (type.tag) {
    case 'Array':
      return `Array<${printType(type.element)}>`;
    case 'Product':
      return `(${type.elements.map(printMember).join(', ')})`;
    case 'Sum':
      return `(${type.variants.map(printMember).join(' | ')})`;
    case 'Ref':
      return `&${type.ref}`;
    default:
      return type.tag;
  }
}

function printMember({ name, type }: NamedType): string {
  return name === undefined ? printType(type) : `${name}: ${printType(type)}`;
}
