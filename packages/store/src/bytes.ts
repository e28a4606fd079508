/** Copies `source[start..end]` to `target` at `at`. Short runs are copied by hand: `set` costs more than they do. */
export function copyBytes(target: Uint8Array, at: number, source: Uint8Array, start: number, end: number): void {
  const count = end - start;
  if (count > 48) {
    target.set(source.subarray(start, end), at);
    return;
  }
  for (let i = 0; i < count; i++) target[at + i] = source[start + i]!; // in range: start + i < end
}

/** Whether `length` bytes of `a` at `aStart` equal those of `b` at `bStart`. */
export function equalBytes(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[aStart + i] !== b[bStart + i]) return false;
  return true;
}
