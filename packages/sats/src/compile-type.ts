import type { AlgebraicType, Typespace } from './algebraic-type.ts';
import type { CompiledType } from './compiled-type.ts';
import { SatsError } from './errors.ts';
import { runGenerated } from './run-generated.ts';
import { generateCompare } from './generate-compare.ts';
import { DECODED_VALUE } from './generate-decode.ts';
import { generateEncode, generateEncodeNested } from './generate-encode.ts';
import { generateHash, generateHashNested } from './generate-hash.ts';
import { ReadGenerator } from './generate-read.ts';
import { generateSkip } from './generate-skip.ts';
import { generateValidate, generateValidateNested } from './generate-validate.ts';
import { inlineRefs } from './inline-refs.ts';
import type { InlinedType } from './inline-refs.ts';
import { memberKey } from './member-key.ts';
import { staticSize } from './static-size.ts';
import { StructuralCache } from './structural-cache.ts';

type Operations = Pick<CompiledType, 'encode' | 'decode' | 'validate' | 'skip' | 'compare' | 'hash'>;

const compiled = new StructuralCache<CompiledType>();

/**
 * Generates the operations of a type, or finds them: types of equal structure share them.
 *
 * The `type` of the result has its refs inlined, but for those that a recursive type needs.
 * @throws SatsError `SATS_INVALID_REF`, `SATS_RECURSIVE_TYPE` (refs that lead only to each other), `SATS_INVALID_TYPE`
 */
export function compileType(type: AlgebraicType, typespace: Typespace): CompiledType {
  const inlined = inlineRefs(type, typespace);
  return compiled.get([inlined.type, ...inlined.recursive], () => compile(inlined));
}

function compile({ type, recursive }: InlinedType): CompiledType {
  checkKeys(type);
  for (const target of recursive.values()) checkKeys(target);
  const operations = runGenerated(generateOperations(type, recursive)) as Operations; // by its last line
  return { type, staticSize: staticSize(type), ...operations };
}

function generateOperations(type: AlgebraicType, recursive: InlinedType['recursive']): string {
  const decoders = new ReadGenerator('decode', DECODED_VALUE);
  const functions: string[] = [];
  for (const [ref, target] of recursive) {
    functions.push(
      generateSkip(`skip${ref}`, target),
      generateCompare(`compare${ref}`, target),
      generateHashNested(ref, target),
      generateValidateNested(ref, target),
      generateEncodeNested(ref, target),
    );
    decoders.generateNested(ref, target);
  }
  decoders.generate(type);
  functions.push(
    generateSkip('skip', type),
    generateCompare('compare', type),
    generateHash(type),
    generateValidate(type),
    generateEncode(type),
    ...decoders.functions,
    'return { encode, decode, validate, skip, compare, hash };',
  );
  return functions.join('\n');
}

/** Two fields, or variants, of one key could not be told apart in a decoded value. */
function checkKeys(type: AlgebraicType): void {
  if (type.tag === 'Array') return checkKeys(type.element);
  if (type.tag !== 'Product' && type.tag !== 'Sum') return;
  const keys = new Set<string>();
  const members = type.tag === 'Product' ? type.elements : type.variants;
  members.forEach((member, i) => {
    const key = memberKey(member, i);
    if (keys.has(key)) {
      throw new SatsError(
        'SATS_INVALID_TYPE',
        `two members of a ${type.tag.toLowerCase()} are called ${JSON.stringify(key)}`,
      );
    }
    keys.add(key);
    checkKeys(member.type);
  });
}
