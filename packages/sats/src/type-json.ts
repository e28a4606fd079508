import { ALGEBRAIC_TYPE_TAGS } from './algebraic-type.ts';
import type { AlgebraicType, NamedType } from './algebraic-type.ts';
import { SatsError } from './errors.ts';
import { formatJson, isJsonArray, isJsonObject } from './json-value.ts';
import type { JsonValue } from './json-value.ts';
import { MAX_VARIANTS } from './limits.ts';

/** A type as schema documents have it: `{"Array":{"U8":[]}}`. Refs are bigints, as `parseJson` makes them. */
export function typeToJson(type: AlgebraicType): JsonValue {
  switch (type.tag) {
    case 'Ref':
      return { Ref: BigInt(type.ref) };
    case 'Array':
      return { Array: typeToJson(type.element) };
    case 'Product':
      return { Product: { elements: type.elements.map(memberToJson) } };
    case 'Sum':
      return { Sum: { variants: type.variants.map(memberToJson) } };
    default:
      return { [type.tag]: [] };
  }
}

function memberToJson({ name, type }: NamedType): JsonValue {
  return { name: name === undefined ? { none: [] } : { some: name }, algebraic_type: typeToJson(type) };
}

/**
 * Reads what `typeToJson` writes. Refs are not checked: their typespace may come later.
 * @throws SatsError `SATS_INVALID_JSON`
 */
export function typeFromJson(json: JsonValue): AlgebraicType {
  const [[key, payload] = ['', null], more] = isJsonObject(json) ? Object.entries(json) : [];
  const tag = ALGEBRAIC_TYPE_TAGS.find((known) => known === key);
  if (tag === undefined || more !== undefined) return fail('a type such as {"U32":[]}', json);
  switch (tag) {
    case 'Ref':
      if (typeof payload !== 'bigint' || BigInt.asUintN(32, payload) !== payload) return fail('a type index', payload);
      return { tag, ref: Number(payload) };
    case 'Array':
      return { tag, element: typeFromJson(payload) };
    case 'Product':
      return { tag, elements: membersFromJson(payload, 'elements') };
    case 'Sum': {
      const variants = membersFromJson(payload, 'variants');
      return variants.length <= MAX_VARIANTS ? { tag, variants } : fail(`at most ${MAX_VARIANTS} variants`, payload);
    }
    default:
      return { tag };
  }
}

function membersFromJson(json: JsonValue, key: 'elements' | 'variants'): NamedType[] {
  const members = isJsonObject(json) ? json[key] : undefined;
  if (members === undefined || !isJsonArray(members)) return fail(`an object with ${key}`, json);
  return members.map((member) => {
    if (!isJsonObject(member)) return fail('an object', member);
    const { name, algebraic_type: type } = member;
    if (name === undefined || type === undefined) return fail('name and algebraic_type', member);
    return { name: nameFromJson(name), type: typeFromJson(type) };
  });
}

function nameFromJson(json: JsonValue): string | undefined {
  if (!isJsonObject(json)) return fail('{"some":name} or {"none":[]}', json);
  if (typeof json['some'] === 'string') return json['some'];
  return Object.hasOwn(json, 'none') ? undefined : fail('{"some":name} or {"none":[]}', json);
}

function fail(expected: string, found: JsonValue): never {
  throw new SatsError('SATS_INVALID_JSON', `not a type: expected ${expected}, found ${formatJson(found).slice(0, 80)}`);
}
