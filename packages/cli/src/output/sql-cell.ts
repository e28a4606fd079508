import {
  formatJson,
  formatTimeDuration,
  formatTimestamp,
  formatUuid,
  isJsonArray,
  memberKey,
  specialType,
} from '@lightcone/sats';
import type { AlgebraicType, JsonValue } from '@lightcone/sats';
import { printable } from './printable.ts';

/**
 * One value of an SQL answer as the text table shows it: strings and UUIDs in double quotes, identities and bytes as
 * `0x…`, times as texts, products `(name = value, …)`, variants `(name = payload)`, arrays `[a, b]`, numbers plain.
 *
 * @param json the value in the untyped form: products and sums are arrays
 */
export function formatSqlCell(type: AlgebraicType, json: JsonValue): string {
  switch (type.tag) {
    case 'String':
      return typeof json === 'string' ? `"${printable(json)}"` : formatJson(json);
    case 'U256':
    case 'I256':
      return typeof json === 'string' ? wideDecimal(json) : formatJson(json);
    case 'Array': {
      if (type.element.tag === 'U8' && typeof json === 'string') return `0x${json}`;
      if (!isJsonArray(json)) return formatJson(json);
      return `[${json.map((item) => formatSqlCell(type.element, item)).join(', ')}]`;
    }
    case 'Product': {
      const special = formatSpecial(type, json);
      if (special !== undefined) return special;
      if (!isJsonArray(json)) return formatJson(json);
      const fields = type.elements.map((element, i) => {
        return `${printable(memberKey(element, i))} = ${formatSqlCell(element.type, json[i] ?? null)}`;
      });
      return `(${fields.join(', ')})`;
    }
    case 'Sum': {
      const [tag, payload] = isJsonArray(json) ? json : [];
      const variant = typeof tag === 'bigint' ? type.variants[Number(tag)] : undefined;
      if (variant === undefined || payload === undefined) return formatJson(json);
      return `(${printable(memberKey(variant, Number(tag)))} = ${formatSqlCell(variant.type, payload)})`;
    }
    default:
      return formatJson(json);
  }
}

/** The types with a meaning of their own; undefined for the others. */
function formatSpecial(type: AlgebraicType, json: JsonValue): string | undefined {
  const inner = isJsonArray(json) ? json[0] : undefined;
  switch (specialType(type)) {
    case 'Identity':
      return typeof inner === 'string' ? `0x${BigInt(inner).toString(16).padStart(64, '0')}` : undefined;
    case 'ConnectionId':
      return typeof inner === 'bigint' ? `0x${inner.toString(16).padStart(32, '0')}` : undefined;
    case 'Timestamp':
      return typeof inner === 'bigint' ? formatTimestamp(inner) : undefined;
    case 'TimeDuration':
      return typeof inner === 'bigint' ? formatTimeDuration(inner) : undefined;
    case 'Uuid':
      return typeof inner === 'bigint' ? `"${formatUuid(inner)}"` : undefined;
    default:
      return undefined;
  }
}

/** `"-0x2a"` as decimal digits: JSON carries the widest integers as hex texts. */
function wideDecimal(hex: string): string {
  return hex.startsWith('-') ? `-${BigInt(hex.slice(1))}` : String(BigInt(hex));
}
