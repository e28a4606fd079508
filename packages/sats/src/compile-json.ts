import type { AlgebraicType, Typespace } from './algebraic-type.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { compileType } from './compile-type.ts';
import type { AlgebraicValue } from './compiled-type.ts';
import { type JsonStyle, jsonForm } from './generate-json.ts';
import { ReadGenerator } from './generate-read.ts';
import { inlineRefs } from './inline-refs.ts';
import { runGenerated } from './run-generated.ts';
import { StructuralCache } from './structural-cache.ts';

/**
 * Reads a value, and gives it as SATS-JSON without spaces.
 * @throws SatsError what `decode` throws, and `SATS_INVALID_VALUE` for a field without a name in the typed or row style
 */
export type ReadAsJson = (reader: ByteReader) => string;

const compiled = new StructuralCache<ReadAsJson>();

/**
 * Generates the function that makes JSON of a type's values in one of the styles, or finds it.
 * @throws SatsError `SATS_INVALID_REF`, `SATS_RECURSIVE_TYPE` (refs that lead only to each other), `SATS_INVALID_TYPE`
 */
export function compileJson(type: AlgebraicType, typespace: Typespace, style: JsonStyle): ReadAsJson {
  const inlined = inlineRefs(type, typespace);
  return compiled.get([style, inlined.type, ...inlined.recursive], () => {
    const generator = new ReadGenerator('toJson', jsonForm(style));
    for (const [ref, target] of inlined.recursive) generator.generateNested(ref, target);
    generator.generate(inlined.type);
    return runGenerated(`${generator.functions.join('\n')}\nreturn toJson;`) as ReadAsJson; // by its last line
  });
}

/**
 * Writes a decoded value as SATS-JSON, without spaces.
 * @throws SatsError what {@link compileJson} and what it made throw; `SATS_INVALID_VALUE`: not of the type
 */
export function writeJson(type: AlgebraicType, typespace: Typespace, value: AlgebraicValue, style: JsonStyle): string {
  const writer = new ByteWriter();
  compileType(type, typespace).encode(writer, value);
  return compileJson(type, typespace, style)(new ByteReader(writer.written()));
}
