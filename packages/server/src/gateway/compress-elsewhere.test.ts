import { availableParallelism } from 'node:os';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { compressElsewhere } from './compress-elsewhere.ts';

test('many at once are compressed a few at a time, in order, and all of them', async () => {
  const atATime = Math.min(2, Math.max(1, Math.floor(availableParallelism() / 2)));
  const order: number[] = [];
  const inputs = Array.from({ length: 10 }, (_, i) => new Uint8Array(500_000).fill(i));
  const packed = inputs.map(async (input, i) => {
    const output = await compressElsewhere(input, 'Gzip');
    order.push(i);
    return output;
  });
  for (const [i, output] of (await Promise.all(packed)).entries()) {
    expect(gunzipSync(output).equals(inputs[i]!)).toBe(true);
  }
  // Those that run at the same time may end in any order.
  for (const [position, i] of order.entries()) expect(Math.abs(position - i)).toBeLessThan(2 * atATime);
});
