import type { AlgebraicType, NamedType } from './algebraic-type.ts';
import { FunctionSource } from './function-source.ts';
import { MAX_DEPTH } from './limits.ts';
import { memberKey } from './member-key.ts';
import { staticSize } from './static-size.ts';

/**
 * Adds code that writes the value of the expression `value`.
 * @param path where in the whole value this is, for error messages
 */
function emitEncode(source: FunctionSource, type: AlgebraicType, value: string, path: string): void {
  switch (type.tag) {
    case 'Ref':
      source.add(`encode${type.ref}(writer, ${value}, depth + 1);`);
      return;
    case 'Product': {
      const record = source.variable('record');
      source.add(`const ${record} = toRecord(${value}, ${JSON.stringify(path)});`);
      type.elements.forEach((element, i) => {
        const key = memberKey(element, i);
        emitEncode(source, element.type, `${record}[${JSON.stringify(key)}]`, `${path}.${key}`);
      });
      return;
    }
    case 'Sum':
      emitEncodeSum(source, type.variants, value, path);
      return;
    case 'Array':
      if (type.element.tag === 'U8') source.add(`encodeBytes(writer, ${value}, ${JSON.stringify(path)});`);
      else emitEncodeArray(source, type.element, value, path);
      return;
    default:
      source.add(`encode${type.tag}(writer, ${value}, ${JSON.stringify(path)});`);
  }
}

function emitEncodeSum(source: FunctionSource, variants: readonly NamedType[], value: string, path: string): void {
  const record = source.variable('record');
  source.add(`const ${record} = toRecord(${value}, ${JSON.stringify(path)});`);
  source.add(`switch (${record}.tag) {`);
  variants.forEach((variant, i) => {
    const key = memberKey(variant, i);
    source.add(`case ${JSON.stringify(key)}: {`);
    source.add(`writer.u8(${i});`);
    emitEncode(source, variant.type, `${record}.value`, `${path}.${key}`);
    source.add('break; }');
  });
  source.add(`default: throwUnknownVariant(${record}.tag, ${JSON.stringify(path)});`);
  source.add('}');
}

function emitEncodeArray(source: FunctionSource, element: AlgebraicType, value: string, path: string): void {
  const list = source.variable('list');
  const each = source.variable('each');
  source.add(`const ${list} = toArray(${value}, ${staticSize(element) === 0}, ${JSON.stringify(path)});`);
  source.add(`writer.u32(${list}.length);`);
  source.add(`for (let ${each} = 0; ${each} < ${list}.length; ${each}++) {`);
  emitEncode(source, element, `${list}[${each}]`, `${path}[]`);
  source.add('}');
}

export function generateEncode(type: AlgebraicType): string {
  const source = new FunctionSource();
  source.add('const depth = 0;');
  emitEncode(source, type, 'value', '$');
  return source.toFunction('encode', 'writer, value');
}

/** The encoder of a ref's target: knows how deep it is. */
export function generateEncodeNested(ref: number, type: AlgebraicType): string {
  const source = new FunctionSource();
  source.add(`if (depth > ${MAX_DEPTH}) throwTooDeep(writer.length);`);
  emitEncode(source, type, 'value', '$…');
  return source.toFunction(`encode${ref}`, 'writer, value, depth');
}
