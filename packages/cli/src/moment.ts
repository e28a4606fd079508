/**
 * Reads a moment with its time zone, as RFC 3339 writes it: microseconds since 1970, or undefined if it is none.
 *
 * A time without a zone would mean something else on every machine, so it is none.
 */
export function readMoment(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?([Zz]|[+-]\d\d:\d\d)$/u.exec(text);
  if (match === null) return undefined;
  const [, date, time, fraction = '', zone = ''] = match;
  const seconds = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  return Number.isNaN(seconds) ? undefined : seconds * 1000 + Number(fraction.padEnd(6, '0'));
}
