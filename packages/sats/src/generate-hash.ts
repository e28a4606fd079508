import type { AlgebraicType } from './algebraic-type.ts';
import { FunctionSource, loadU32, loadU8, plus } from './function-source.ts';
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
      source.add(`h = mixF32(h, bytes, ${plus('at', offset)});`);
      return offset + 4;
    case 'F64':
      source.add(`h = mixF64(h, bytes, ${plus('at', offset)});`);
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
  emitMix(source, offset, size);
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
  emitMix(source, offset, 1);
  source.add(`switch (${loadU8('bytes', 'at', offset)}) {`);
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
  emitMix(source, offset, 4);
  emitMove(source, offset + 4);
  source.add(`for (; ${left} > 0; ${left}--) {`);
  emitMove(source, emitHash(source, type.element, 0));
  source.add('}');
  return 0;
}

/** Mixes `size` bytes as they are. */
function emitMix(source: FunctionSource, offset: number, size: number): void {
  source.add(`h = mixBytes(h, bytes, ${plus('at', offset)}, ${plus('at', offset + size)});`);
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

/** The hash of a ref's target: takes the state before it and returns that after it. */
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
  source.add('return h >>> 0;');
  return source.toFunction('hash', 'bytes, at');
}
