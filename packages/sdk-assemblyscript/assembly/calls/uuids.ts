import { Timestamp } from '../types/timestamp';
import { Uuid } from '../types/uuid';
import { Random } from './random';

const VARIANT: u64 = 0x8000_0000_0000_0000;
const BELOW_VARIANT: u64 = 0x3fff_ffff_ffff_ffff;

/** RFC 9562, version 4: 122 random bits. */
export function uuidV4(rng: Random): Uuid {
  const high = (rng.nextU64() & ~(<u64>0xf000)) | 0x4000;
  return new Uuid((rng.nextU64() & BELOW_VARIANT) | VARIANT, high);
}

// Counts within the module's instance, so that the UUIDs of one call are in the order of their making.
let counter: u64 = 0;

/** RFC 9562, version 7: milliseconds, then a counter, then random bits. */
export function uuidV7(timestamp: Timestamp, rng: Random): Uuid {
  const millis = <u64>(timestamp.microsSinceUnixEpoch / 1000);
  const count = counter++;
  const high = (millis << 16) | 0x7000 | ((count >> 20) & 0xfff);
  const low = ((count & 0xf_ffff) << 42) | (rng.nextU64() & 0x3ff_ffff_ffff);
  return new Uuid((low & BELOW_VARIANT) | VARIANT, high);
}
