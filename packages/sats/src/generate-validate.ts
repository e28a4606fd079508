import type { AlgebraicType } from './algebraic-type.ts';
import { FunctionSource, loadU32, loadU8, plus } from './function-source.ts';
import { MAX_DEPTH, MAX_ZERO_SIZE_ELEMENTS } from './limits.ts';
import { staticSize } from './static-size.ts';

/**
 * Adds code that checks a value at `at` and moves `at` past it.
 *
 * A run of fixed-size parts needs one look at the end; then only bools and tags can still be wrong.
 */
function emitValidate(source: FunctionSource, type: AlgebraicType): void {
  let run: AlgebraicType[] = [];
  for (const part of flatten(type)) {
    if (staticSize(part) !== undefined) {
      run.push(part);
    } else {
      emitVarying(source, part, run);
      run = [];
    }
  }
  const size = emitRun(source, run, 0);
  if (size > 0) source.add(`at += ${size};`);
}

/** The parts of nested products, in order. */
function flatten(type: AlgebraicType): AlgebraicType[] {
  return type.tag === 'Product' ? type.elements.flatMap((element) => flatten(element.type)) : [type];
}

/** Checks a run of fixed-size parts and that `more` bytes follow; returns the size of the run. */
function emitRun(source: FunctionSource, run: readonly AlgebraicType[], more: number): number {
  const size = run.reduce((total, part) => total + staticSize(part)!, 0); // only such parts are in a run
  if (size + more > 0) source.add(`if (end - at < ${size + more}) throwTooShort(at, ${size + more}, end);`);
  let offset = 0;
  for (const part of run) {
    emitContentChecks(source, part, offset);
    offset += staticSize(part)!;
  }
  return size;
}

/** Checks the bools and tags of a fixed-size value whose bytes are all there. */
function emitContentChecks(source: FunctionSource, type: AlgebraicType, offset: number): void {
  if (!hasContentChecks(type)) return;
  switch (type.tag) {
    case 'Bool':
      source.add(`if (${loadU8('bytes', 'at', offset)} > 1) throwInvalidBool(bytes, ${plus('at', offset)});`);
      return;
    case 'Product': {
      let passed = offset;
      for (const element of type.elements) {
        emitContentChecks(source, element.type, passed);
        passed += staticSize(element.type)!; // part of a fixed-size value
      }
      return;
    }
    case 'Sum': {
      const tag = loadU8('bytes', 'at', offset);
      source.add(`if (${tag} >= ${type.variants.length}) throwUnknownTag(bytes, ${plus('at', offset)});`);
      if (!type.variants.some((variant) => hasContentChecks(variant.type))) return;
      source.add(`switch (${tag}) {`);
      type.variants.forEach((variant, i) => {
        source.add(`case ${i}:`);
        emitContentChecks(source, variant.type, offset + 1);
        source.add('break;');
      });
      source.add('}');
      return;
    }
    default:
  }
}

function hasContentChecks(type: AlgebraicType): boolean {
  if (type.tag === 'Product') return type.elements.some((element) => hasContentChecks(element.type));
  return type.tag === 'Bool' || type.tag === 'Sum';
}

/** Checks the run before a part of varying size and the part, and moves `at` past both. */
function emitVarying(source: FunctionSource, type: AlgebraicType, run: readonly AlgebraicType[]): void {
  switch (type.tag) {
    case 'Ref': {
      const size = emitRun(source, run, 0);
      source.add(`at = validate${type.ref}(bytes, ${plus('at', size)}, end, depth + 1);`);
      return;
    }
    case 'String': {
      const size = emitRun(source, run, 4);
      const length = emitCount(source, size);
      source.add(`if (${length} > end - at) throwTooShort(at, ${length}, end);`);
      source.add(`if (findInvalidUtf8(bytes, at, at + ${length}) >= 0) throwInvalidUtf8(at);`);
      source.add(`at += ${length};`);
      return;
    }
    case 'Array': {
      const size = emitRun(source, run, 4);
      emitElements(source, type.element, emitCount(source, size));
      return;
    }
    case 'Sum': {
      const size = emitRun(source, run, 1);
      const tag = source.variable('tag');
      source.add(`const ${tag} = ${loadU8('bytes', 'at', size)};`);
      source.add(`at += ${size + 1};`);
      source.add(`switch (${tag}) {`);
      type.variants.forEach((variant, i) => {
        source.add(`case ${i}: {`);
        emitValidate(source, variant.type);
        source.add('break; }');
      });
      source.add('default: throwUnknownTag(bytes, at - 1);');
      source.add('}');
      return;
    }
    default: // the rest has a fixed size or was flattened
  }
}

/** Reads the u32 that is `offset` bytes after `at` and moves past it. */
function emitCount(source: FunctionSource, offset: number): string {
  const count = source.variable('count');
  source.add(`const ${count} = ${loadU32('bytes', 'at', offset)};`);
  source.add(`at += ${offset + 4};`);
  return count;
}

function emitElements(source: FunctionSource, element: AlgebraicType, count: string): void {
  const size = staticSize(element);
  if (size === 0) {
    source.add(`if (${count} > ${MAX_ZERO_SIZE_ELEMENTS}) throwTooManyElements(${count}, at);`);
    return;
  }
  if (size !== undefined) {
    source.add(`if (${count} * ${size} > end - at) throwTooShort(at, ${count} * ${size}, end);`);
    if (!hasContentChecks(element)) {
      source.add(`at += ${count} * ${size};`);
      return;
    }
  }
  const left = source.variable('left');
  source.add(`for (let ${left} = ${count}; ${left} > 0; ${left}--) {`);
  if (size === undefined) {
    emitValidate(source, element);
  } else {
    emitContentChecks(source, element, 0);
    source.add(`at += ${size};`);
  }
  source.add('}');
}

export function generateValidate(type: AlgebraicType): string {
  const source = new FunctionSource();
  source.add('const depth = 0;');
  emitValidate(source, type);
  source.add('return at;');
  return source.toFunction('validate', 'bytes, at, end');
}

/** The check of a ref's target: knows how deep it is. */
export function generateValidateNested(ref: number, type: AlgebraicType): string {
  const source = new FunctionSource();
  source.add(`if (depth > ${MAX_DEPTH}) throwTooDeep(at);`);
  emitValidate(source, type);
  source.add('return at;');
  return source.toFunction(`validate${ref}`, 'bytes, at, end, depth');
}
