import type { WriteCall } from './load-driver.ts';

/** The funds transfer, the same for every server under test. */
export const ACCOUNTS = 100_000;
export const INITIAL_BALANCE = 1_000_000_000;

/** How the accounts of a transfer are drawn. */
export type Distribution = 'uniform' | 'zipf';

const ZIPF_EXPONENT = 1.5;

/**
 * Draws account ids from 0 to `accounts - 1`, the same ones for the same seed.
 *
 * Zipf: id `k` comes with a probability proportional to `1 / (k + 1)^1.5`, so a handful of accounts
 * is in almost every transfer.
 */
function accountPicker(distribution: Distribution, seed: number, accounts: number): () => number {
  const random = mulberry32(seed);
  if (distribution === 'uniform') return () => Math.floor(random() * accounts);
  const cumulative = new Float64Array(accounts);
  let sum = 0;
  for (let k = 0; k < accounts; k++) {
    sum += 1 / (k + 1) ** ZIPF_EXPONENT;
    cumulative[k] = sum;
  }
  return () => {
    const wanted = random() * sum;
    let low = 0;
    let high = accounts - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cumulative[middle]! < wanted) low = middle + 1; // in range: middle < ACCOUNTS
      else high = middle;
    }
    return low;
  };
}

/** A small seeded generator of numbers in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const REDUCER_NAME = new TextEncoder().encode('transfer');

/** Calls of `transfer(from: u32, to: u32, amount: i64 = 1)` between two accounts that differ, the same ones for the same seed. */
export function transferCalls(distribution: Distribution, seed: number, accounts: number = ACCOUNTS): WriteCall {
  const pick = accountPicker(distribution, seed, accounts);
  return (writer, requestId) => {
    const from = pick();
    let to = pick();
    while (to === from) to = pick();
    writer.u8(3);
    writer.u32(requestId);
    writer.u8(0);
    writer.lengthPrefixed(REDUCER_NAME);
    writer.u32(16);
    writer.u32(from);
    writer.u32(to);
    writer.i64(1n);
  };
}
