import type { AlgebraicType, NamedType } from './algebraic-type.ts';
import { FunctionSource } from './function-source.ts';
import { MAX_DEPTH, MAX_ZERO_SIZE_ELEMENTS } from './limits.ts';
import { staticSize } from './static-size.ts';

/** Of a type without parts: a scalar or `String`. */
export type LeafTag = Exclude<AlgebraicType['tag'], 'Ref' | 'Product' | 'Sum' | 'Array'>;

/** What is made of a value that is read, as source text: expressions in which `reader` stands before that value. */
export interface ReadForm {
  leaf(tag: LeafTag): string;
  /** Of an array of U8. */
  readonly bytes: string;
  /** @param fields the elements' expressions, to be evaluated in their order */
  product(elements: readonly NamedType[], fields: readonly string[]): string;
  variant(variant: NamedType, position: number, payload: string): string;
  /** @returns the statements that read `count` elements and return what is made of them */
  array(element: string): string;
}

/** Makes the source of a function that reads a value of a type, and of the functions it needs. */
export class ReadGenerator {
  readonly functions: string[] = [];
  readonly #name: string;
  readonly #form: ReadForm;

  /** @param name of the function `name(reader)` that {@link generate} adds; others begin with it */
  constructor(name: string, form: ReadForm) {
    this.#name = name;
    this.#form = form;
  }

  generate(type: AlgebraicType): void {
    const source = new FunctionSource();
    source.add('const depth = 0;');
    source.add(`return ${this.#expression(type)};`);
    this.functions.push(source.toFunction(this.#name, 'reader'));
  }

  /** The function for a ref's target: knows how deep it is. */
  generateNested(ref: number, type: AlgebraicType): void {
    const source = new FunctionSource();
    source.add(`if (depth > ${MAX_DEPTH}) throwTooDeep(reader.offset);`);
    source.add(`return ${this.#expression(type)};`);
    this.functions.push(source.toFunction(`${this.#name}${ref}`, 'reader, depth'));
  }

  #expression(type: AlgebraicType): string {
    switch (type.tag) {
      case 'Ref':
        return `${this.#name}${type.ref}(reader, depth + 1)`;
      case 'Product': {
        const fields = type.elements.map((element) => this.#expression(element.type));
        return this.#form.product(type.elements, fields);
      }
      case 'Sum':
        return `${this.#sumFunction(type.variants)}(reader, depth)`;
      case 'Array':
        return type.element.tag === 'U8' ? this.#form.bytes : `${this.#arrayFunction(type.element)}(reader, depth)`;
      default:
        return this.#form.leaf(type.tag);
    }
  }

  #sumFunction(variants: readonly NamedType[]): string {
    const source = new FunctionSource();
    source.add('switch (reader.u8()) {');
    variants.forEach((variant, i) => {
      source.add(`case ${i}: return ${this.#form.variant(variant, i, this.#expression(variant.type))};`);
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
    source.add(this.#form.array(this.#expression(element)));
    return this.#addHelper(source);
  }

  #addHelper(source: FunctionSource): string {
    const name = `${this.#name}Part${this.functions.length}`;
    this.functions.push(source.toFunction(name, 'reader, depth'));
    return name;
  }
}

/** The expression that reads a value without parts as a decoded value. */
export function readLeaf(tag: LeafTag): string {
  switch (tag) {
    case 'I128':
      return 'reader.wideSigned(16)';
    case 'I256':
      return 'reader.wideSigned(32)';
    case 'U128':
      return 'reader.wideUnsigned(16)';
    case 'U256':
      return 'reader.wideUnsigned(32)';
    default:
      return `reader.${tag.toLowerCase()}()`;
  }
}
