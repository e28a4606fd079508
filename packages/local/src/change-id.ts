/**
 * The layout of a change id: a UUIDv7 (RFC 9562) whose free bits after the time are a counter, so that the text order,
 * the byte order and the order of the hybrid clock are one:
 *
 *     tttttttt-tttt-7ccc-Vccc-ccrrrrrrrrrr
 *       48 bits ms  12 bits  2+… 18 bits of counter, 44 bits of chance
 *
 * In full: 48 bits milliseconds, version 7, 12 counter bits, variant 2, 18 counter bits, 44 random bits.
 */
export const maxCounter: number = 2 ** 30 - 1;

/**
 * Ids from this time on are malformed: 2200-01-01. A fixed bound, as one relative to a device's clock would make a
 * device whose clock says 1970 refuse everything, and two devices judge one id differently.
 */
export const endOfTimeMs: number = 7_258_118_400_000;

const shape = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Whether `id` is a UUIDv7 in lower case of a believable time. */
export function isChangeId(id: string): boolean {
  return shape.test(id) && changeTimeMs(id) < endOfTimeMs;
}

/** The time in `id`, in Unix milliseconds. */
export function changeTimeMs(id: string): number {
  return Number.parseInt(id.slice(0, 8), 16) * 0x1_0000 + Number.parseInt(id.slice(9, 13), 16);
}

/** The counter in `id`; of ids that others made it is chance, which serves as well. */
export function changeCounter(id: string): number {
  const high = Number.parseInt(id.slice(15, 18), 16);
  const low = ((Number.parseInt(id.slice(19, 23), 16) & 0x3fff) << 4) | Number.parseInt(id.slice(24, 25), 16);
  return high * 2 ** 18 + low;
}

const hexDigits: readonly string[] = Array.from('0123456789abcdef');
const hexBytes: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** @param random 44 bits: `randomHigh` has 12, `randomLow` 32 */
export function formatChangeId(ms: number, counter: number, randomHigh: number, randomLow: number): string {
  return changeIdStem(ms, counter) + lastCounterDigit(counter) + changeIdTail(randomHigh, randomLow);
}

/** The time and all of the counter but its last four bits: sixteen ids that follow each other have the same. */
export function changeIdStem(ms: number, counter: number): string {
  const head = counter >>> 18;
  const tail = counter & 0x3_ffff;
  // The tail's upper 14 bits follow the variant, its lower four begin the last group.
  const group4 = 0x8000 | (tail >>> 4);
  return (
    hex32(Math.floor(ms / 0x1_0000)) +
    '-' +
    hex16(ms % 0x1_0000) +
    '-' +
    hex16(0x7000 | head) +
    '-' +
    hex16(group4) +
    '-'
  );
}

export function lastCounterDigit(counter: number): string {
  return hexDigits[counter & 0xf]!;
}

export function changeIdTail(randomHigh: number, randomLow: number): string {
  return hex16(randomHigh & 0xfff).slice(1) + hex32(randomLow >>> 0);
}

function hex16(value: number): string {
  return hexBytes[(value >>> 8) & 0xff]! + hexBytes[value & 0xff]!;
}

function hex32(value: number): string {
  return hex16(Math.floor(value / 0x1_0000)) + hex16(value % 0x1_0000);
}
