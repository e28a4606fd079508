import { type AlgebraicType, type AlgebraicValue, bytesToHex, typeEquals, types, writeJson } from '@lightcone/sats';

/** A value as scripts have it. */
export function printValue(type: AlgebraicType, value: AlgebraicValue): string {
  if (typeof value === 'string') return value === '' ? '(empty)' : value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeEquals(type, types.bytes)) return `0x${bytesToHex(value as Uint8Array)}`; // what bytes are decoded to
  return writeJson(type, [], value, 'untyped');
}

/** What a script calls the type of a column: `I` integers, `R` floats, `T` all others. */
export function columnLetter({ tag }: AlgebraicType): string {
  if (tag === 'F32' || tag === 'F64') return 'R';
  return /^[IU]\d+$/.test(tag) ? 'I' : 'T';
}
