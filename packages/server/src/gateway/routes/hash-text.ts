/** A hash as tools expect it in JSON: its bytes read as a little-endian number. */
export function hashText(hash: string): string {
  const reversed = Buffer.from(hash, 'hex').reverse().toString('hex');
  return `0x${reversed.replace(/^0+(?=.)/u, '')}`;
}

/** Reads such a text back; undefined if it is none. */
export function parseHashText(text: string): string | undefined {
  const [, digits] = /^(?:0x)?([0-9a-f]{1,64})$/iu.exec(text) ?? [];
  if (digits === undefined) return undefined;
  return Buffer.from(digits.toLowerCase().padStart(64, '0'), 'hex').reverse().toString('hex');
}
