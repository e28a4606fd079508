import { fc, test as property } from '@fast-check/vitest';
import { expect } from 'vitest';
import { withCounter } from './support/counting.ts';
import { randomProgram } from './support/random-program.ts';
import { attempt, instantiate, meter, runMetered } from './support/run-metered.ts';
import { validateWithWabt, wat } from './support/wat.ts';

const numRuns = Number(process.env['LIGHTCONE_PROPERTY_RUNS'] ?? 150);
// What a function without loops may pay for instructions that it does not reach.
const UPFRONT_COST = 64;
const MAX_ENERGY = 3_000_000;

const seed = fc.integer();
const argument = fc.integer({ min: -2, max: 300 });

property.prop([seed, argument], { numRuns })(
  'a metered program does what it did before, and pays for the instructions that it executes',
  (from, value) => {
    const bytes = wat(randomProgram(from));
    const metered = runMetered(bytes);
    metered.refill(MAX_ENERGY);
    const outcome = attempt(() => (metered.exports['run'] as (n: number) => number)(value));
    // Some programs nest their loops too deeply to wait for; how those end is the next property.
    fc.pre(!metered.isUsedUp());
    expect(attempt(() => (instantiate(bytes)['run'] as (n: number) => number)(value))).toBe(outcome);
    const counted = instantiate(withCounter(bytes));
    expect(attempt(() => (counted['run'] as (n: number) => number)(value))).toBe(outcome);

    // What a trap leaves pending is not paid.
    if (!outcome.startsWith('result')) return;
    const count = Number((counted['count'] as WebAssembly.Global).value);
    const entries = Number((counted['entries'] as WebAssembly.Global).value);
    expect(metered.used()).toBeGreaterThanOrEqual(count);
    expect(metered.used()).toBeLessThanOrEqual(count + entries * UPFRONT_COST);
  },
);

property.prop([seed, argument, fc.double({ min: 0, max: 1, noNaN: true })], { numRuns })(
  'with enough fuel a program ends as it does, with too little it ends with none left',
  (from, value, part) => {
    const bytes = wat(randomProgram(from));
    const metered = runMetered(bytes);
    const run = metered.exports['run'] as (n: number) => number;
    metered.refill(MAX_ENERGY);
    const expected = attempt(() => run(value));
    fc.pre(expected.startsWith('result') && !metered.isUsedUp());
    const needed = metered.used();

    const exact = runMetered(bytes);
    exact.refill(needed);
    expect(attempt(() => (exact.exports['run'] as (n: number) => number)(value))).toBe(expected);
    expect(exact.used()).toBe(needed);

    const short = runMetered(bytes);
    short.refill(Math.floor(Math.max(needed - 1, 0) * part));
    const outcome = attempt(() => (short.exports['run'] as (n: number) => number)(value));
    expect(short.isUsedUp()).toBe(true);
    expect([expected, 'RuntimeError: unreachable']).toContain(outcome);
  },
);

property.prop([seed], { numRuns: Math.ceil(numRuns / 3) })('wabt and V8 find a metered program valid', (from) => {
  const metered = meter(wat(randomProgram(from)));
  validateWithWabt(metered);
  expect(WebAssembly.validate(metered as BufferSource)).toBe(true);
});
