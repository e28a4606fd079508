import type { NamedType } from './algebraic-type.ts';
import type { ReadForm } from './generate-read.ts';
import { readLeaf } from './generate-read.ts';

/**
 * How products and sums are written.
 *
 * | style | product | sum | used for |
 * | --- | --- | --- | --- |
 * | typed | object by field name | `{"variant": payload}` | structures of the host: schema documents |
 * | row | object by field name | `[tag, payload]` | initial rows of JSON subscriptions |
 * | untyped | array | `[tag, payload]` | SQL results, return values, arguments, row updates |
 */
export type JsonStyle = 'typed' | 'row' | 'untyped';

/** SATS-JSON without spaces: each expression is a text. */
export function jsonForm(style: JsonStyle): ReadForm {
  return {
    leaf(tag) {
      switch (tag) {
        case 'String':
          return 'JSON.stringify(reader.string())';
        case 'F32':
        case 'F64':
          return `format${tag}(${readLeaf(tag)})`;
        case 'I256':
        case 'U256':
          return `formatHexInteger(${readLeaf(tag)})`;
        default:
          return `String(${readLeaf(tag)})`;
      }
    },
    bytes: `'"' + bytesToHex(reader.lengthPrefixed()) + '"'`,
    product(elements, fields) {
      if (style === 'untyped') return enclosed('[', fields, ']');
      return enclosed(
        '{',
        elements.map((element, i) => `${label(element)} + ${fields[i]}`),
        '}',
      );
    },
    variant(variant, position, payload) {
      if (style !== 'typed') return enclosed(`[${position},`, [payload], ']');
      // The typed writer has the unit of the host's own language here, which is not a product without fields.
      const isUnit = variant.type.tag === 'Product' && variant.type.elements.length === 0;
      const written = isUnit ? `'[]'` : payload;
      if (variant.name === undefined) return enclosed(`[${position},`, [written], ']');
      return enclosed(`{${JSON.stringify(variant.name)}:`, [written], '}');
    },
    array: (element) => `let text = '[';
for (let i = 0; i < count; i++) text += (i === 0 ? '' : ',') + ${element};
return text + ']';`,
  };
}

/** The expression for the texts with commas between them. */
function enclosed(before: string, texts: readonly string[], after: string): string {
  return [JSON.stringify(before), texts.join(` + ',' + `), JSON.stringify(after)].filter(Boolean).join(' + ');
}

function label({ name }: NamedType): string {
  return name === undefined ? 'throwNoName()' : JSON.stringify(`${JSON.stringify(name)}:`);
}
