import { SatsError } from './errors.ts';

const HYPHENATED = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const UUID = new RegExp(`^(?:[0-9a-f]{32}|${HYPHENATED}|\\{${HYPHENATED}\\}|urn:uuid:${HYPHENATED})$`, 'i');

/** Five groups of lower-case hex digits. */
export function formatUuid(value: bigint): string {
  const digits = value.toString(16).padStart(32, '0');
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join(
    '-',
  );
}

/**
 * Reads a UUID: 32 digits, or five groups, also in braces or after `urn:uuid:`; letters in either case.
 * @throws SatsError `SATS_INVALID_TEXT`
 */
export function parseUuid(text: string): bigint {
  if (!UUID.test(text)) {
    throw new SatsError('SATS_INVALID_TEXT', `not a UUID: ${JSON.stringify(text.slice(0, 60))}`);
  }
  return BigInt(`0x${text.replace(/^urn:uuid:|[-{}]/gi, '')}`);
}
