import type { AlgebraicType } from './algebraic-type.ts';
import { FunctionSource, loadI32, loadU16, loadU32, loadU8, plus } from './function-source.ts';
import { staticSize } from './static-size.ts';

/**
 * Adds code that compares the value in `a` at `i` with the one in `b` at `j` and returns if they differ.
 * Equal values take equally many bytes, so one `offset` serves both sides.
 * @returns how many bytes after `i` and `j` the equal values end
 */
export function emitCompare(source: FunctionSource, type: AlgebraicType, offset: number): number {
  switch (type.tag) {
    case 'Ref':
      source.add(`r = compare${type.ref}(a, ${plus('i', offset)}, b, ${plus('j', offset)});`);
      source.add('if (r !== 0) return r;');
      source.add(`n = skip${type.ref}(a, ${plus('i', offset)}) - i;`);
      source.add('i += n; j += n;');
      return 0;
    case 'Product': {
      let passed = offset;
      for (const element of type.elements) passed = emitCompare(source, element.type, passed);
      return passed;
    }
    case 'Sum':
      return emitCompareSum(source, type.variants, offset);
    case 'String':
      return emitCompareBytes(source, offset);
    case 'Array':
      return type.element.tag === 'U8'
        ? emitCompareBytes(source, offset)
        : emitCompareArray(source, type.element, offset);
    case 'Bool':
    case 'U8':
      emitCompareLoaded(source, (bytes, position) => loadU8(bytes, position, offset));
      return offset + 1;
    case 'I8':
      emitCompareLoaded(source, (bytes, position) => `${loadU8(bytes, position, offset)} << 24`);
      return offset + 1;
    case 'U16':
      emitCompareLoaded(source, (bytes, position) => loadU16(bytes, position, offset));
      return offset + 2;
    case 'I16':
      emitCompareLoaded(source, (bytes, position) => `${loadU16(bytes, position, offset)} << 16`);
      return offset + 2;
    case 'U32':
    case 'U64':
    case 'U128':
    case 'U256':
      return emitCompareWords(source, type, loadU32, offset);
    case 'I32':
    case 'I64':
    case 'I128':
    case 'I256':
      return emitCompareWords(source, type, loadI32, offset);
    case 'F32':
    case 'F64': {
      const load = type.tag === 'F32' ? 'loadF32' : 'loadF64';
      source.add(`r = compareFloats(${load}(a, ${plus('i', offset)}), ${load}(b, ${plus('j', offset)}));`);
      source.add('if (r !== 0) return r;');
      return offset + (type.tag === 'F32' ? 4 : 8);
    }
  }
}

function emitCompareLoaded(source: FunctionSource, load: (bytes: string, position: string) => string): void {
  source.add(`x = ${load('a', 'i')}; y = ${load('b', 'j')};`);
  source.add('if (x !== y) return x < y ? -1 : 1;');
}

/** Little-endian integers: the last word decides first, and it alone carries the sign. */
function emitCompareWords(
  source: FunctionSource,
  type: AlgebraicType,
  loadHighest: (bytes: string, position: string, offset: number) => string,
  offset: number,
): number {
  const size = staticSize(type)!; // an integer has one
  for (let word = size - 4; word >= 0; word -= 4) {
    const load = word === size - 4 ? loadHighest : loadU32;
    emitCompareLoaded(source, (bytes, position) => load(bytes, position, offset + word));
  }
  return offset + size;
}

function emitCompareBytes(source: FunctionSource, offset: number): number {
  source.add(`n = ${loadU32('a', 'i', offset)};`);
  source.add(`r = compareBytes(a, i + ${offset + 4}, n, b, j + ${offset + 4}, ${loadU32('b', 'j', offset)});`);
  source.add('if (r !== 0) return r;');
  source.add(`n += ${offset + 4}; i += n; j += n;`);
  return 0;
}

function emitCompareArray(source: FunctionSource, element: AlgebraicType, offset: number): number {
  const countA = source.variable('countA');
  const countB = source.variable('countB');
  const left = source.variable('left');
  source.add(`const ${countA} = ${loadU32('a', 'i', offset)}, ${countB} = ${loadU32('b', 'j', offset)};`);
  emitMove(source, offset + 4);
  source.add(`for (let ${left} = ${countA} < ${countB} ? ${countA} : ${countB}; ${left} > 0; ${left}--) {`);
  emitMove(source, emitCompare(source, element, 0));
  source.add('}');
  source.add(`if (${countA} !== ${countB}) return ${countA} < ${countB} ? -1 : 1;`);
  return 0;
}

function emitCompareSum(
  source: FunctionSource,
  variants: readonly { readonly type: AlgebraicType }[],
  offset: number,
): number {
  emitCompareLoaded(source, (bytes, position) => loadU8(bytes, position, offset));
  if (variants.every((variant) => staticSize(variant.type) === 0)) return offset + 1;
  source.add('switch (x) {');
  variants.forEach((variant, tag) => {
    source.add(`case ${tag}: {`);
    emitMove(source, emitCompare(source, variant.type, offset + 1));
    source.add('break; }');
  });
  source.add('}');
  return 0;
}

function emitMove(source: FunctionSource, offset: number): void {
  if (offset > 0) source.add(`i += ${offset}; j += ${offset};`);
}

export function generateCompare(name: string, type: AlgebraicType): string {
  const source = new FunctionSource();
  source.add(COMPARE_VARIABLES);
  emitCompare(source, type, 0);
  source.add('return 0;');
  return source.toFunction(name, 'a, i, b, j');
}

/** What the code of `emitCompare` expects to be declared. */
export const COMPARE_VARIABLES = 'let x = 0, y = 0, n = 0, r = 0;';
