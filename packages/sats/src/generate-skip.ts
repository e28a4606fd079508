import type { AlgebraicType } from './algebraic-type.ts';
import { loadU32, loadU8, plus, FunctionSource } from './function-source.ts';
import { staticSize } from './static-size.ts';

/**
 * Adds code that moves `at` past a value. It starts `offset` bytes after `at`; fixed sizes only add to the offset.
 * @returns how many bytes after `at` the value ends
 */
export function emitSkip(source: FunctionSource, type: AlgebraicType, offset: number): number {
  const size = staticSize(type);
  if (size !== undefined) return offset + size;
  switch (type.tag) {
    case 'Ref':
      source.add(`at = skip${type.ref}(bytes, ${plus('at', offset)});`);
      return 0;
    case 'String':
      source.add(`at += ${offset + 4} + ${loadU32('bytes', 'at', offset)};`);
      return 0;
    case 'Array':
      return emitSkipArray(source, type.element, offset);
    case 'Product': {
      let passed = offset;
      for (const element of type.elements) passed = emitSkip(source, element.type, passed);
      return passed;
    }
    case 'Sum':
      source.add(`switch (${loadU8('bytes', 'at', offset)}) {`);
      type.variants.forEach((variant, tag) => {
        source.add(`case ${tag}:`);
        emitMove(source, emitSkip(source, variant.type, offset + 1));
        source.add('break;');
      });
      source.add('}');
      return 0;
    default:
      return offset; // scalars have a static size
  }
}

function emitSkipArray(source: FunctionSource, element: AlgebraicType, offset: number): number {
  const size = staticSize(element);
  const count = loadU32('bytes', 'at', offset);
  if (size !== undefined) {
    source.add(`at += ${offset + 4} + ${count} * ${size};`);
    return 0;
  }
  const left = source.variable('left');
  source.add(`let ${left} = ${count};`);
  emitMove(source, offset + 4);
  source.add(`for (; ${left} > 0; ${left}--) {`);
  emitMove(source, emitSkip(source, element, 0));
  source.add('}');
  return 0;
}

function emitMove(source: FunctionSource, offset: number): void {
  if (offset > 0) source.add(`at += ${offset};`);
}

export function generateSkip(name: string, type: AlgebraicType): string {
  const source = new FunctionSource();
  const offset = emitSkip(source, type, 0);
  source.add(`return ${plus('at', offset)};`);
  return source.toFunction(name, 'bytes, at');
}
