import { type AlgebraicType, type NamedType, specialType } from '@lightcone/sats';

/** Types are the module's words: as long as it likes. Messages are not. */
const MAX_LENGTH = 400;

/**
 * A type for messages: `U8`, `&3`, `Array<String>`, `Option<U8>`, `(x: U32, y: U32)`, `(red: () | green: ())`.
 *
 * @param nameOf the names of referenced types, where the reader knows them by name
 */
export function typeText(type: AlgebraicType, nameOf: (ref: number) => string | undefined = () => undefined): string {
  const writer = new TypeTextWriter(nameOf);
  writer.write(type);
  return writer.text.length <= MAX_LENGTH ? writer.text : `${writer.text.slice(0, MAX_LENGTH)}…`;
}

class TypeTextWriter {
  text = '';
  readonly #nameOf: (ref: number) => string | undefined;

  constructor(nameOf: (ref: number) => string | undefined) {
    this.#nameOf = nameOf;
  }

  write(type: AlgebraicType): void {
    switch (type.tag) {
      case 'Ref':
        this.text += this.#nameOf(type.ref) ?? `&${type.ref}`;
        return;
      case 'Array':
        this.#generic('Array', [type.element]);
        return;
      case 'Product': {
        const special = specialType(type);
        if (special === undefined) this.#members(type.elements, ', ');
        else this.text += special;
        return;
      }
      case 'Sum': {
        const special = specialType(type);
        const payloads = type.variants.map((variant) => variant.type);
        if (special === undefined) this.#members(type.variants, ' | ');
        else if (special === 'Option') this.#generic(special, payloads.slice(0, 1));
        else if (special === 'Result') this.#generic(special, payloads);
        else this.text += special;
        return;
      }
      default:
        this.text += type.tag;
    }
  }

  #generic(name: string, parameters: readonly AlgebraicType[]): void {
    this.text += `${name}<`;
    for (const [position, parameter] of parameters.entries()) {
      if (position > 0) this.text += ', ';
      this.write(parameter);
    }
    this.text += '>';
  }

  #members(members: readonly NamedType[], separator: string): void {
    this.text += '(';
    for (const [position, { name, type }] of members.entries()) {
      if (this.text.length > MAX_LENGTH) return;
      if (position > 0) this.text += separator;
      this.text += `${name ?? position}: `;
      this.write(type);
    }
    this.text += ')';
  }
}
