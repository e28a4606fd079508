import { formatTimestamp, formatUuid, memberKey, specialType } from '@lightcone/sats';
import type { AlgebraicValue, ProductType } from '@lightcone/sats';

/** Writes the values of one type. */
export type TextForm = (value: AlgebraicValue) => string;

const MICROS_PER_SECOND = 1_000_000n;

/** The text of a product with a meaning of its own; undefined for the others. */
export function specialForm(type: ProductType): TextForm | undefined {
  const format = specialFormat(type);
  const [field] = type.elements;
  if (format === undefined || field === undefined) return undefined;
  const key = memberKey(field, 0);
  // All of these have one field, which is an integer of 64 bits or more.
  return (value) => format((value as Readonly<Record<string, bigint>>)[key] ?? 0n);
}

function specialFormat(type: ProductType): ((value: bigint) => string) | undefined {
  switch (specialType(type)) {
    case 'Identity':
      return (value) => `\\x${value.toString(16).padStart(64, '0')}`;
    case 'ConnectionId':
      return (value) => `\\x${value.toString(16).padStart(32, '0')}`;
    case 'Timestamp':
      return formatTimestamp;
    case 'TimeDuration':
      return formatInterval;
    case 'Uuid':
      return formatUuid;
    default:
      return undefined;
  }
}

/** ISO 8601 in seconds, the sign where PostgreSQL has it: `PT-1.5S`. */
function formatInterval(micros: bigint): string {
  if (micros === 0n) return 'P0D';
  const magnitude = micros < 0n ? -micros : micros;
  const fraction = String(magnitude % MICROS_PER_SECOND)
    .padStart(6, '0')
    .replace(/0+$/u, '');
  return `PT${micros < 0n ? '-' : ''}${magnitude / MICROS_PER_SECOND}${fraction === '' ? '' : `.${fraction}`}S`;
}
