const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hex, two digits per byte. */
export function bytesToHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += DIGITS[byte]!; // a digit pair for every byte value
  return text;
}

const NOT_A_DIGIT = 0xff;
const VALUES = new Uint8Array(128).fill(NOT_A_DIGIT);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  VALUES[digit.charCodeAt(0)] = value;
  VALUES[digit.toUpperCase().charCodeAt(0)] = value;
}

/** The bytes of hex digits in either case, or undefined when it is not that or of odd length. */
export function hexToBytes(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const high = VALUES[text.charCodeAt(2 * i)] ?? NOT_A_DIGIT;
    const low = VALUES[text.charCodeAt(2 * i + 1)] ?? NOT_A_DIGIT;
    if (high === NOT_A_DIGIT || low === NOT_A_DIGIT) return undefined;
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}
