import type { AlgebraicType } from './algebraic-type.ts';
import { FunctionSource, loadI32, loadU16, loadU32, loadU8, plus } from './function-source.ts';
import { emitSkip } from './generate-skip.ts';
import { staticSize } from './static-size.ts';

/**
 * Adds code that mixes a value into `h`. It starts `offset` bytes after `at` in `bytes`.
 *
 * Values equal by `compare` hash alike: of equal values without floats the bytes are the same; floats are
 * normalised. A product hashes as its fields one after another, so that a key hashes as the columns it is made of.
 * @returns how many bytes after `at` the value ends
 */
export function emitHash(source: FunctionSource, type: AlgebraicType, offset: number): number {
  switch (type.tag) {
    case 'Product': {
      let passed = offset;
      for (const element of type.elements) passed = emitHash(source, element.type, passed);
      return passed;
    }
    case 'F32':
      source.add(`h = mix(h, normalFloatBits(${loadI32('bytes', 'at', offset)}));`);
      return offset + 4;
    case 'F64':
      source.add(`h = mixDouble(h, ${loadI32('bytes', 'at', offset)}, ${loadI32('bytes', 'at', offset + 4)});`);
      return offset + 8;
    case 'Ref':
      source.add(`h = hash${type.ref}(h, bytes, ${plus('at', offset)});`);
      source.add(`at = skip${type.ref}(bytes, ${plus('at', offset)});`);
      return 0;
    default:
  }
  if (containsFloat(type)) {
    return type.tag === 'Sum' ? emitHashSum(source, type.variants, offset) : emitHashArray(source, type, offset);
  }
  const size = staticSize(type);
  if (size === undefined) return emitHashVarying(source, type, offset);
  if (size > 8) {
    source.add(`h = mixBytes(h, bytes, ${plus('at', offset)}, ${plus('at', offset + size)});`);
    return offset + size;
  }
  let done = 0;
  for (; done + 4 <= size; done += 4) source.add(`h = mix(h, ${loadI32('bytes', 'at', offset + done)});`);
  for (; done + 2 <= size; done += 2) source.add(`h = mix(h, ${loadU16('bytes', 'at', offset + done)});`);
  if (done < size) source.add(`h = mix(h, ${loadU8('bytes', 'at', offset + done)});`);
  return offset + size;
}

function emitHashVarying(source: FunctionSource, type: AlgebraicType, offset: number): number {
  const start = source.variable('valueStart');
  source.add(`const ${start} = ${plus('at', offset)};`);
  const end = emitSkip(source, type, offset);
  if (end > 0) source.add(`at += ${end};`);
  source.add(`h = mixBytes(h, bytes, ${start}, at);`);
  return 0;
}

function emitHashSum(
  source: FunctionSource,
  variants: readonly { readonly type: AlgebraicType }[],
  offset: number,
): number {
  const tag = loadU8('bytes', 'at', offset);
  source.add(`h = mix(h, ${tag});`);
  source.add(`switch (${tag}) {`);
  variants.forEach((variant, i) => {
    source.add(`case ${i}: {`);
    emitMove(source, emitHash(source, variant.type, offset + 1));
    source.add('break; }');
  });
  source.add('}');
  return 0;
}

function emitHashArray(source: FunctionSource, type: AlgebraicType, offset: number): number {
  if (type.tag !== 'Array') return offset; // nothing else with floats is left
  const left = source.variable('left');
  source.add(`let ${left} = ${loadU32('bytes', 'at', offset)};`);
  source.add(`h = mix(h, ${left});`);
  emitMove(source, offset + 4);
  source.add(`for (; ${left} > 0; ${left}--) {`);
  emitMove(source, emitHash(source, type.element, 0));
  source.add('}');
  return 0;
}

function emitMove(source: FunctionSource, offset: number): void {
  if (offset > 0) source.add(`at += ${offset};`);
}

/** Whether equal values may differ in their bytes. A ref of a recursive type is taken to lead to floats. */
function containsFloat(type: AlgebraicType): boolean {
  switch (type.tag) {
    case 'F32':
    case 'F64':
    case 'Ref':
      return true;
    case 'Array':
      return containsFloat(type.element);
    case 'Product':
      return type.elements.some((element) => containsFloat(element.type));
    case 'Sum':
      return type.variants.some((variant) => containsFloat(variant.type));
    default:
      return false;
  }
}

/** The hash of a ref's target: takes and returns the unfinished state. */
export function generateHashNested(ref: number, type: AlgebraicType): string {
  const source = new FunctionSource();
  emitHash(source, type, 0);
  source.add('return h;');
  return source.toFunction(`hash${ref}`, 'h, bytes, at');
}

export function generateHash(type: AlgebraicType): string {
  const source = new FunctionSource();
  source.add('let h = 0;');
  emitHash(source, type, 0);
  source.add('return finishHash(h);');
  return source.toFunction('hash', 'bytes, at');
}
