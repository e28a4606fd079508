/** Copies `source[start..end]` to `target` at `at`. Short runs are copied by hand: `set` costs more than they do. */
export function copyBytes(target: Uint8Array, at: number, source: Uint8Array, start: number, end: number): void {
  const count = end - start;
  if (count > 48) {
    target.set(source.subarray(start, end), at);
    return;
  }
  for (let i = 0; i < count; i++) target[at + i] = source[start + i]!; // in range: start + i < end
}
