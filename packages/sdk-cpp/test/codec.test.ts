import { readFileSync } from 'node:fs';
import {
  type AlgebraicType,
  bytesToHex,
  formatJson,
  hexToBytes,
  type JsonValue,
  parseJson,
  typeFromJson,
} from '@lightcone/sats';
import { expect, test } from 'vitest';
import { testModule } from './support/modules.ts';
import { RawHost } from './support/raw-host.ts';

interface Vectors {
  readonly typespace: readonly JsonValue[];
  readonly values: readonly { readonly type: JsonValue; readonly value: string; readonly hex: string }[];
}

const vectors = parseJson(
  readFileSync(new URL('../vectors/bsatn.json', import.meta.url), 'utf8'),
) as unknown as Vectors;
const host = RawHost.ofFile(testModule('codec'));
const { typespace, procedures } = host.definition as unknown as {
  readonly typespace: readonly AlgebraicType[];
  readonly procedures: readonly { readonly name: string; readonly returnType: AlgebraicType }[];
};

/** A type with what it refers to in it, so that types of two typespaces can be compared. */
function spelledOut(type: AlgebraicType, space: readonly AlgebraicType[], depth = 0): unknown {
  if (depth > 12) return 'itself';
  if (type.tag === 'Ref') return spelledOut(space[type.ref]!, space, depth + 1);
  const within = (inner: AlgebraicType): unknown => spelledOut(inner, space, depth + 1);
  if (type.tag === 'Array') return { array: within(type.element) };
  if (type.tag === 'Product') return { product: type.elements.map((element) => [element.name, within(element.type)]) };
  if (type.tag === 'Sum') return { sum: type.variants.map((variant) => [variant.name, within(variant.type)]) };
  return type.tag;
}

const theirSpace = vectors.typespace.map(typeFromJson);
const procedureOf = new Map(
  procedures.map(({ name, returnType }) => [JSON.stringify(spelledOut(returnType, typespace)), name]),
);

test.each(vectors.values.map((vector) => ({ ...vector, text: formatJson(vector.type) })))(
  '$text $value is read and written as $hex',
  ({ type, hex }) => {
    const procedure = procedureOf.get(JSON.stringify(spelledOut(typeFromJson(type), theirSpace)));
    expect(procedure, 'a procedure that takes this type').toBeDefined();
    const { result, sink } = host.procedure(procedure!, hexToBytes(hex)!);
    expect([result, bytesToHex(sink)]).toEqual([0, hex]);
  },
);

test.each([
  { what: 'a number with too few bytes', procedure: 'echo_u64', hex: '00000000' },
  { what: 'a text that is shorter than its length', procedure: 'echo_string', hex: '0500000061' },
  { what: 'a list with fewer bytes than elements', procedure: 'echo_bytes', hex: 'ffffffff00' },
  { what: 'a list of numbers that would not fit the memory', procedure: 'echo_u16s', hex: 'ffffffff0000' },
  { what: 'a list of texts with an absurd count', procedure: 'echo_strings', hex: 'ffffffff' },
  { what: 'a variant beyond the last', procedure: 'echo_enum', hex: '03' },
  { what: 'a variant of a tagged union beyond the last', procedure: 'echo_union', hex: '04' },
  { what: 'an optional that is neither', procedure: 'echo_optional', hex: '0200000000' },
  { what: 'a result that is neither', procedure: 'echo_result', hex: '02' },
  { what: 'a schedule that is neither', procedure: 'echo_schedule', hex: '020000000000000000' },
])('$what ends the call and says so', ({ procedure, hex }) => {
  const fresh = RawHost.ofFile(testModule('codec'));
  expect(() => fresh.procedure(procedure, hexToBytes(hex)!)).toThrow(WebAssembly.RuntimeError);
  expect(fresh.log.at(-1)).toMatch(/^101 could not decode: /);
});
