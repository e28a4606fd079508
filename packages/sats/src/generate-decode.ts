import type { ReadForm } from './generate-read.ts';
import { readLeaf } from './generate-read.ts';
import { memberKey } from './member-key.ts';

/** A decoded value, see `AlgebraicValue`. */
export const DECODED_VALUE: ReadForm = {
  leaf: readLeaf,
  bytes: 'reader.lengthPrefixed().slice()',
  product(elements, fields) {
    // A computed key, so that a field named __proto__ is a field.
    const members = elements.map((element, i) => `[${JSON.stringify(memberKey(element, i))}]: ${fields[i]}`);
    return `{ ${members.join(', ')} }`;
  },
  variant(variant, position, payload) {
    return `{ tag: ${JSON.stringify(memberKey(variant, position))}, value: ${payload} }`;
  },
  // Grown by pushing: a count from outside must not choose how much is allocated.
  array: (element) =>
    `const elements = [];\nfor (let i = 0; i < count; i++) elements.push(${element});\nreturn elements;`,
};
