const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
};
// Rust leaves printable characters as they are, and the ASCII space alone of all white space.
const ESCAPED = /["\\]|(?! )[\p{C}\p{Z}\p{Grapheme_Extend}]/gu;

/** A string as Rust's `{:?}` shows it. */
export function debugString(text: string): string {
  const body = text.replace(ESCAPED, (found) => SHORT_ESCAPES[found] ?? `\\u{${found.codePointAt(0)!.toString(16)}}`); // a match is not empty
  return `"${body}"`;
}

/** A duration in microseconds, which may have a fraction, as Rust's `{:?}` shows it: `1.5s`, `20ms`, `830ns`. */
export function debugDuration(micros: number): string {
  const nanos = Math.max(0, Math.round(micros * 1000));
  if (nanos >= 1e9) return decimal(nanos, 9, 's');
  if (nanos >= 1e6) return decimal(nanos, 6, 'ms');
  if (nanos >= 1e3) return decimal(nanos, 3, 'µs');
  return `${nanos}ns`;
}

/** `value` / 10^digits without trailing zeros. */
function decimal(value: number, digits: number, unit: string): string {
  const scale = 10 ** digits;
  const fraction = (value % scale).toString().padStart(digits, '0').replace(/0+$/, '');
  return `${Math.floor(value / scale)}${fraction === '' ? '' : `.${fraction}`}${unit}`;
}
