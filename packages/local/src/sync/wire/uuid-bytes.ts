const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** By character code: the value of a hexadecimal digit in lower case, or -1. */
const DIGITS = new Int8Array(128).fill(-1);
for (let value = 0; value < 16; value++) DIGITS['0123456789abcdef'.charCodeAt(value)] = value;

/**
 * Writes a UUID in lower case with hyphens as its 16 bytes.
 * @returns false, with anything written, if the text is none
 */
export function writeUuid(text: string, bytes: Uint8Array, at: number): boolean {
  if (text.length !== 36) return false;
  for (let i = 0, end = at; i < 36; i += 2) {
    if (i === 8 || i === 13 || i === 18 || i === 23) {
      if (text.charCodeAt(i) !== 45) return false;
      i++;
    }
    const high = DIGITS[text.charCodeAt(i)] ?? -1;
    const low = DIGITS[text.charCodeAt(i + 1)] ?? -1;
    if (high < 0 || low < 0) return false;
    bytes[end++] = (high << 4) | low;
  }
  return true;
}

export function readUuid(bytes: Uint8Array, at: number): string {
  const hex = (offset: number): string => HEX[bytes[at + offset]!]!; // a byte has 256 values
  return (
    `${hex(0)}${hex(1)}${hex(2)}${hex(3)}-${hex(4)}${hex(5)}-${hex(6)}${hex(7)}-` +
    `${hex(8)}${hex(9)}-${hex(10)}${hex(11)}${hex(12)}${hex(13)}${hex(14)}${hex(15)}`
  );
}
