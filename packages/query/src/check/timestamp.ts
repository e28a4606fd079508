const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/** Microseconds since 1970 of an RFC 3339 time, what is finer cut off; undefined when it is none. */
export function parseTimestamp(text: string): bigint | undefined {
  const match = RFC_3339.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]; // six groups of digits
  const offsetMinutes = Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const isCalendarDay = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!isCalendarDay || hour > 23 || minute > 59 || second > 60 || offsetMinutes >= 1440) return undefined;
  const minutes = hour * 60 + minute - (match[8] === '-' ? -offsetMinutes : offsetMinutes);
  const micros = (match[7] ?? '').slice(0, 6).padEnd(6, '0');
  return (BigInt(date.getTime()) + BigInt(minutes * 60_000 + second * 1000)) * 1000n + BigInt(micros);
}
