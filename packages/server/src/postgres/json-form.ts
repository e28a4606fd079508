import { memberKey } from '@lightcone/sats';
import type { AlgebraicType, AlgebraicValue, NamedType, ProductType, SumType } from '@lightcone/sats';
import { columnName, isPlainEnum } from './postgres-type.ts';
import { formatBytes, formatFloat, shortestSingle } from './scalar-text.ts';
import { specialForm } from './special-form.ts';
import type { TextForm } from './special-form.ts';

/**
 * How values of a type are written inside a column of type json: products as `{"field": value, …}`, sums as
 * `{"variant": payload}`, integers of every width as numbers, and what JSON lacks as the text that a column would have.
 */
export function jsonForm(type: AlgebraicType): TextForm {
  switch (type.tag) {
    case 'String':
      return (value) => JSON.stringify(value);
    case 'F32':
      return (value) => jsonFloat(shortestSingle(value as number));
    case 'F64':
      return (value) => jsonFloat(value as number);
    case 'Array': {
      if (type.element.tag === 'U8') return (value) => JSON.stringify(formatBytes(value as Uint8Array));
      const element = jsonForm(type.element);
      return (value) => `[${(value as readonly AlgebraicValue[]).map(element).join(', ')}]`;
    }
    case 'Product': {
      const special = specialForm(type);
      return special === undefined ? productForm(type) : (value) => JSON.stringify(special(value));
    }
    case 'Sum':
      return sumForm(type);
    case 'Ref':
      throw new Error('the columns of a result have no references');
    default:
      return String; // booleans and integers
  }
}

function jsonFloat(value: number): string {
  return Number.isFinite(value) ? formatFloat(value) : `"${value}"`;
}

function productForm({ elements }: ProductType): TextForm {
  const fields = elements.map((element, i) => {
    return { key: memberKey(element, i), label: JSON.stringify(columnName(element, i)), form: jsonForm(element.type) };
  });
  return (value) => {
    const record = value as Readonly<Record<string, AlgebraicValue>>;
    return `{${fields.map(({ key, label, form }) => `${label}: ${form(record[key] ?? '')}`).join(', ')}}`;
  };
}

function sumForm(type: SumType): TextForm {
  if (isPlainEnum(type)) return (value) => JSON.stringify((value as { readonly tag: string }).tag);
  const forms = new Map(type.variants.map((variant, i) => [memberKey(variant, i), variantForm(variant, i)]));
  return (value) => {
    const { tag, value: payload } = value as { readonly tag: string; readonly value: AlgebraicValue };
    const form = forms.get(tag);
    if (form === undefined) throw new Error(`the type has no variant ${JSON.stringify(tag)}`);
    return form(payload);
  };
}

function variantForm(variant: NamedType, position: number): TextForm {
  const label = JSON.stringify(columnName(variant, position));
  const form = jsonForm(variant.type);
  return (payload) => `{${label}: ${form(payload)}}`;
}
