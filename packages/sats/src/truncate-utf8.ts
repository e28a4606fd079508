const encoder = new TextEncoder();

/** The longest beginning of a text that takes at most so many bytes in UTF-8, cut between characters. */
export function truncateUtf8(text: string, maxBytes: number): Uint8Array {
  const target = new Uint8Array(maxBytes);
  return target.slice(0, encoder.encodeInto(text, target).written);
}
