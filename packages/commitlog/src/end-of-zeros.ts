/** Where the zeros end that begin at `from`: at another byte, or at the end. */
export function endOfZeros(bytes: Uint8Array, from: number): number {
  let end = from;
  while (end < bytes.length && (bytes.byteOffset + end) % WORD_BYTES !== 0 && bytes[end] === 0) end++;
  if ((bytes.byteOffset + end) % WORD_BYTES === 0) {
    // There may be gigabytes of them.
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + end, Math.floor((bytes.length - end) / WORD_BYTES));
    let count = 0;
    while (count < words.length && words[count] === 0) count++;
    end += count * WORD_BYTES;
  }
  while (end < bytes.length && bytes[end] === 0) end++;
  return end;
}

const WORD_BYTES = Int32Array.BYTES_PER_ELEMENT;
