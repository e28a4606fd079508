import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { AlgebraicType } from '../src/algebraic-type.ts';
import { ByteReader } from '../src/byte-reader.ts';
import { ByteWriter } from '../src/byte-writer.ts';
import { compileType } from '../src/compile-type.ts';
import { bytesToHex, hexToBytes } from '../src/hex.ts';
import { Identity } from '../src/identity.ts';
import { parseJson } from '../src/json-parser.ts';
import { readJson } from '../src/json-reader.ts';
import { formatJson } from '../src/json-value.ts';
import type { JsonValue } from '../src/json-value.ts';
import { writeJson } from '../src/compile-json.ts';
import { readType, writeType } from '../src/type-codec.ts';
import { typeFromJson, typeToJson } from '../src/type-json.ts';

interface Vectors {
  typespace: JsonValue[];
  values: { type: JsonValue; value: string; hex: string; readable?: false }[];
  json_reading: { type: JsonValue; json: string; hex?: string; error?: true }[];
  types: { json: JsonValue; hex: string }[];
}

const vectors = parseJson(
  readFileSync(new URL('../vectors/bsatn.json', import.meta.url), 'utf8'),
) as unknown as Vectors;
const typespace = vectors.typespace.map(typeFromJson);

function bytes(hex: string): Uint8Array {
  return hexToBytes(hex)!; // our own files
}

function encode(type: AlgebraicType, space: readonly AlgebraicType[], json: string): string {
  const writer = new ByteWriter();
  compileType(type, space).encode(writer, readJson(type, space, parseJson(json)));
  return bytesToHex(writer.written());
}

describe('values', () => {
  test.each(vectors.values.map((vector) => ({ ...vector, typeText: formatJson(vector.type) })))(
    '$typeText $value <-> $hex',
    ({ type: typeJson, value, hex, readable }) => {
      const type = typeFromJson(typeJson);
      const compiled = compileType(type, typespace);
      const encoded = bytes(hex);
      expect(compiled.validate(encoded, 0, encoded.length)).toBe(encoded.length);
      expect(compiled.skip(encoded, 0)).toBe(encoded.length);
      const decoded = compiled.decode(new ByteReader(encoded));
      const writer = new ByteWriter();
      compiled.encode(writer, decoded);
      expect(bytesToHex(writer.written())).toBe(hex);
      expect(writeJson(type, typespace, decoded, 'untyped')).toBe(value);
      const read = readable === false ? hex : encode(type, typespace, value);
      expect(read).toBe(hex);
    },
  );
});

describe('reading JSON', () => {
  const converted = typespace.map((type): AlgebraicType => {
    if (type.tag !== 'Sum') return type;
    const camelCase = (name = ''): string => name.slice(0, 1).toLowerCase() + name.slice(1);
    return { tag: 'Sum', variants: type.variants.map((variant) => ({ ...variant, name: camelCase(variant.name) })) };
  });

  const reading = vectors.json_reading.map((vector) => ({ ...vector, typeText: formatJson(vector.type) }));

  test.each(reading.filter(({ error }) => !error))('$typeText $json -> $hex', ({ type, json, hex }) => {
    expect(encode(typeFromJson(type), converted, json)).toBe(hex);
  });

  test.each(reading.filter(({ error }) => error))('$typeText does not take $json', ({ type, json }) => {
    const refused = expect.objectContaining({ code: 'SATS_INVALID_JSON' });
    expect(() => encode(typeFromJson(type), converted, json)).toThrow(refused);
  });
});

describe('types', () => {
  test.each(vectors.types.map((vector) => ({ ...vector, text: formatJson(vector.json) })))(
    '$text <-> $hex',
    ({ json, text, hex }) => {
      const type = readType(new ByteReader(bytes(hex)));
      expect(formatJson(typeToJson(type))).toBe(text);
      const writer = new ByteWriter();
      writeType(writer, typeFromJson(json));
      expect(bytesToHex(writer.written())).toBe(hex);
    },
  );
});

describe('identities', () => {
  interface IdentityVector {
    iss: string;
    sub: string;
    identity: string;
    bsatn: string;
  }
  const identities = JSON.parse(
    readFileSync(new URL('../vectors/identity.json', import.meta.url), 'utf8'),
  ) as IdentityVector[];

  test.each(identities)('$iss | $sub', ({ iss, sub, identity, bsatn }) => {
    expect(Identity.fromClaims(iss, sub).toHex()).toBe(identity);
    expect(bytesToHex(Identity.fromHex(identity).bytes)).toBe(bsatn);
    expect(Identity.fromBytes(bytes(bsatn)).equals(Identity.fromClaims(iss, sub))).toBe(true);
  });
});
