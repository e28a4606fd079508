import type { FieldValue } from '../change.ts';
import { hexOf } from '../hex.ts';

/** `value` as SQL says it, for statements that take no bound values: those of a schema. */
export function literal(value: FieldValue): string {
  if (value === null) return 'NULL';
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return String(value);
    return value > 0 ? '9e999' : '-9e999';
  }
  if (typeof value === 'string' && !value.includes('\0')) return `'${value.replaceAll("'", "''")}'`;
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  const hex = hexOf(bytes);
  return typeof value === 'string' ? `(CAST(X'${hex}' AS TEXT))` : `X'${hex}'`;
}
