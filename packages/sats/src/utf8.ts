/**
 * Where the first byte that is not strict UTF-8 lies in `bytes[start..end]`, or -1.
 * Overlong forms, surrogates and code points over U+10FFFF are refused, as TextDecoder does (Unicode table 3-7).
 */
export function findInvalidUtf8(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  for (;;) {
    // Almost all text is ASCII: four bytes at a time, then one by one.
    while (at + 4 <= end && ((bytes[at]! | bytes[at + 1]! | bytes[at + 2]! | bytes[at + 3]!) & 0x80) === 0) at += 4;
    if (at >= end) return -1;
    const lead = bytes[at]!;
    if (lead < 0x80) {
      at++;
      continue;
    }
    let length = 2;
    let lowest = 0x80;
    let highest = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) {
      length = 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      length = 3;
      if (lead === 0xe0) lowest = 0xa0;
      if (lead === 0xed) highest = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      length = 4;
      if (lead === 0xf0) lowest = 0x90;
      if (lead === 0xf4) highest = 0x8f;
    } else {
      return at;
    }
    if (at + length > end) return at;
    const second = bytes[at + 1]!;
    if (second < lowest || second > highest) return at;
    for (let i = at + 2; i < at + length; i++) if ((bytes[i]! & 0xc0) !== 0x80) return at;
    at += length;
  }
}
