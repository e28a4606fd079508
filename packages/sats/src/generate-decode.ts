import type { AlgebraicType, NamedType } from './algebraic-type.ts';
import { FunctionSource } from './function-source.ts';
import { MAX_DEPTH, MAX_ZERO_SIZE_ELEMENTS } from './limits.ts';
import { memberKey } from './member-key.ts';
import { staticSize } from './static-size.ts';

/** Makes the source of `decode(reader)` and of the functions it needs. */
export class DecodeGenerator {
  readonly functions: string[] = [];

  generate(type: AlgebraicType): void {
    const source = new FunctionSource();
    source.add('const depth = 0;');
    source.add(`return ${this.#expression(type)};`);
    this.functions.push(source.toFunction('decode', 'reader'));
  }

  /** The decoder of a ref's target: knows how deep it is. */
  generateNested(ref: number, type: AlgebraicType): void {
    const source = new FunctionSource();
    source.add(`if (depth > ${MAX_DEPTH}) throwTooDeep(reader.offset);`);
    source.add(`return ${this.#expression(type)};`);
    this.functions.push(source.toFunction(`decode${ref}`, 'reader, depth'));
  }

  #expression(type: AlgebraicType): string {
    switch (type.tag) {
      case 'Ref':
        return `decode${type.ref}(reader, depth + 1)`;
      case 'Product': {
        const fields = type.elements.map((element, i) => {
          // A computed key, so that a field named __proto__ is a field.
          return `[${JSON.stringify(memberKey(element, i))}]: ${this.#expression(element.type)}`;
        });
        return `{ ${fields.join(', ')} }`;
      }
      case 'Sum':
        return `${this.#sumFunction(type.variants)}(reader, depth)`;
      case 'Array':
        return type.element.tag === 'U8'
          ? 'reader.lengthPrefixed().slice()'
          : `${this.#arrayFunction(type.element)}(reader, depth)`;
      case 'I128':
        return 'reader.wideSigned(16)';
      case 'I256':
        return 'reader.wideSigned(32)';
      case 'U128':
        return 'reader.wideUnsigned(16)';
      case 'U256':
        return 'reader.wideUnsigned(32)';
      default:
        return `reader.${type.tag.toLowerCase()}()`;
    }
  }

  #sumFunction(variants: readonly NamedType[]): string {
    const source = new FunctionSource();
    source.add('switch (reader.u8()) {');
    variants.forEach((variant, i) => {
      const tag = JSON.stringify(memberKey(variant, i));
      source.add(`case ${i}: return { tag: ${tag}, value: ${this.#expression(variant.type)} };`);
    });
    source.add('default: throwUnknownTag(reader.bytes, reader.offset - 1);');
    source.add('}');
    return this.#addHelper(source);
  }

  #arrayFunction(element: AlgebraicType): string {
    const size = staticSize(element);
    const source = new FunctionSource();
    source.add('const count = reader.u32();');
    if (size === 0) {
      source.add(`if (count > ${MAX_ZERO_SIZE_ELEMENTS}) throwTooManyElements(count, reader.offset);`);
    } else if (size !== undefined) {
      source.add(`if (count * ${size} > reader.remaining) throwTooShort(reader.offset, count * ${size}, reader.end);`);
    }
    // Grown by pushing: a count from outside must not choose how much is allocated.
    source.add('const elements = [];');
    source.add(`for (let i = 0; i < count; i++) elements.push(${this.#expression(element)});`);
    source.add('return elements;');
    return this.#addHelper(source);
  }

  #addHelper(source: FunctionSource): string {
    const name = `decodePart${this.functions.length}`;
    this.functions.push(source.toFunction(name, 'reader, depth'));
    return name;
  }
}
