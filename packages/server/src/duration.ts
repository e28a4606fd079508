const UNITS: readonly (readonly [RegExp, number])[] = [
  [/^(?:ms|msec|millis)$/u, 1],
  [/^(?:s|secs?|seconds?)$/u, 1000],
  [/^(?:m|mins?|minutes?)$/u, 60_000],
  [/^(?:h|hrs?|hours?)$/u, 3_600_000],
  [/^(?:d|days?)$/u, 86_400_000],
];

/** Reads durations such as `15s`, `250ms` or `1min 30s`; undefined for anything else. */
export function parseDurationMs(text: string): number | undefined {
  let total = 0;
  for (const part of text.trim().split(/(?<=[a-z])\s*(?=\d)/u)) {
    const [, digits, unit = ''] = /^(\d{1,12})\s*([a-z]+)$/u.exec(part) ?? [];
    const [, factor] = UNITS.find(([names]) => names.test(unit)) ?? [];
    if (digits === undefined || factor === undefined) return undefined;
    total += Number(digits) * factor;
  }
  return total;
}
