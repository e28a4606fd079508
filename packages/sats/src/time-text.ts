import { SatsError } from './errors.ts';

const MICROS_PER_SECOND = 1_000_000n;
const SECONDS_PER_DAY = 86_400;
const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/** A timestamp in microseconds since 1970 as RFC 3339 in UTC: `2023-11-14T22:13:20.500+00:00`. */
export function formatTimestamp(micros: bigint): string {
  const [seconds, fraction] = divideFloor(micros, MICROS_PER_SECOND);
  const [days, secondOfDay] = divideFloor(seconds, BigInt(SECONDS_PER_DAY));
  const [year, month, day] = civilFromDays(Number(days));
  const second = Number(secondOfDay);
  const time = [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60].map(twoDigits).join(':');
  return `${formatYear(year)}-${twoDigits(month)}-${twoDigits(day)}T${time}${formatFraction(fraction)}+00:00`;
}

/** Sign, seconds, point, six digits: `+1.500000`. */
export function formatTimeDuration(micros: bigint): string {
  const magnitude = micros < 0n ? -micros : micros;
  const fraction = String(magnitude % MICROS_PER_SECOND).padStart(6, '0');
  return `${micros < 0n ? '-' : '+'}${magnitude / MICROS_PER_SECOND}.${fraction}`;
}

/**
 * Reads RFC 3339 with an offset; a space may stand for the `T`. Digits after the sixth of the fraction are cut off.
 * @returns microseconds since 1970
 * @throws SatsError `SATS_INVALID_TEXT`
 */
export function parseTimestamp(text: string): bigint {
  const match = RFC3339.exec(text);
  if (match === null) return fail(text);
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]; // the groups that every match has
  const [, , , , , , , fraction = '', offsetSign = '+', offsetHour = '0', offsetMinute = '0'] = match;
  const isDate = month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
  // A leap second is the first of the next minute.
  const isTime = hour <= 23 && minute <= 59 && second <= 60;
  if (!isDate || !isTime || Number(offsetHour) > 23 || Number(offsetMinute) > 59) return fail(text);
  const offset = (Number(offsetHour) * 3600 + Number(offsetMinute) * 60) * (offsetSign === '-' ? -1 : 1);
  const seconds = daysFromCivil(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second - offset;
  return BigInt(seconds) * MICROS_PER_SECOND + BigInt(fraction.slice(0, 6).padEnd(6, '0'));
}

function fail(text: string): never {
  throw new SatsError('SATS_INVALID_TEXT', `not an RFC 3339 timestamp: ${JSON.stringify(text.slice(0, 60))}`);
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function formatYear(year: number): string {
  const digits = String(Math.abs(year)).padStart(4, '0');
  if (year < 0) return `-${digits}`;
  return year > 9999 ? `+${digits}` : digits;
}

/** No fraction, three digits or six, whichever is shortest and exact. */
function formatFraction(micros: bigint): string {
  if (micros === 0n) return '';
  const digits = String(micros).padStart(6, '0');
  return `.${digits.endsWith('000') ? digits.slice(0, 3) : digits}`;
}

/** Quotient rounded down, and what is left (not negative). */
function divideFloor(value: bigint, divisor: bigint): [quotient: bigint, rest: bigint] {
  const rest = ((value % divisor) + divisor) % divisor;
  return [(value - rest) / divisor, rest];
}

/*
 * The Gregorian calendar over all years, after Howard Hinnant's "chrono-compatible low-level date algorithms":
 * years begin in March, so that the leap day comes last, and repeat every 400. `Date` ends before i64 microseconds do.
 */

const DAYS_PER_ERA = 146_097;
/** From 0000-03-01 to 1970-01-01. */
const EPOCH_DAYS = 719_468;

function civilFromDays(daysSinceEpoch: number): [year: number, month: number, day: number] {
  const days = daysSinceEpoch + EPOCH_DAYS;
  const era = Math.floor(days / DAYS_PER_ERA);
  const dayOfEra = days - era * DAYS_PER_ERA;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day];
}

function daysFromCivil(year: number, month: number, day: number): number {
  const yearFromMarch = month <= 2 ? year - 1 : year;
  const era = Math.floor(yearFromMarch / 400);
  const yearOfEra = yearFromMarch - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * DAYS_PER_ERA + dayOfEra - EPOCH_DAYS;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
