/** Orders names by their UTF-8 bytes, as the reference does: `<` would compare UTF-16 units. */
export function compareNames(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a.charCodeAt(i) === b.charCodeAt(i)) continue;
    // Where the first difference lies inside a surrogate pair, the low halves decide.
    return a.codePointAt(i)! - b.codePointAt(i)!; // i is below both lengths
  }
  return a.length - b.length;
}
