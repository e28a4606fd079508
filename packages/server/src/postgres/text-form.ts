import type { AlgebraicType, AlgebraicValue } from '@lightcone/sats';
import { jsonForm } from './json-form.ts';
import { isPlainEnum } from './postgres-type.ts';
import { formatBytes, formatFloat, shortestSingle } from './scalar-text.ts';
import { specialForm } from './special-form.ts';
import type { TextForm } from './special-form.ts';

/** How values of a type are written in the text format of PostgreSQL's protocol. Prepared once, for all rows. */
export function textForm(type: AlgebraicType): TextForm {
  switch (type.tag) {
    case 'String':
      return String;
    case 'Bool':
      return (value) => (value === true ? 't' : 'f');
    case 'F32':
      return (value) => formatFloat(shortestSingle(value as number));
    case 'F64':
      return (value) => formatFloat(value as number);
    case 'Array':
      return type.element.tag === 'U8' ? (value) => formatBytes(value as Uint8Array) : arrayForm(type.element);
    case 'Product':
      return specialForm(type) ?? jsonForm(type);
    case 'Sum':
      return isPlainEnum(type) ? (value) => (value as { readonly tag: string }).tag : jsonForm(type);
    case 'Ref':
      throw new Error('the columns of a result have no references');
    default:
      return String; // integers
  }
}

/** `{1,2}`; elements that could be read otherwise are in double quotes. */
function arrayForm(elementType: AlgebraicType): TextForm {
  const form = textForm(elementType);
  const isArray = elementType.tag === 'Array' && elementType.element.tag !== 'U8';
  const element: TextForm = isArray ? form : (value) => quoteElement(form(value));
  return (value) => `{${(value as readonly AlgebraicValue[]).map(element).join()}}`;
}

function quoteElement(text: string): string {
  if (text !== '' && !/[\s"\\{},]/u.test(text) && text.toUpperCase() !== 'NULL') return text;
  return `"${text.replaceAll(/["\\]/gu, '\\$&')}"`;
}
