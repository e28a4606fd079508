import { expect, test } from 'vitest';
import { requestTimeoutMs } from './outgoing-http.ts';

test.each([
  { asked: undefined, ms: 30_000 },
  { asked: 0n, ms: 0 },
  { asked: -1n, ms: 0 },
  { asked: -(2n ** 63n), ms: 0 },
  { asked: 1n, ms: 1 },
  { asked: 1_500_000n, ms: 1500 },
  { asked: 180_000_000n, ms: 180_000 },
  { asked: 180_000_001n, ms: 180_000 },
  { asked: 2n ** 63n - 1n, ms: 180_000 },
])('a request that asks for $asked µs gets $ms ms', ({ asked, ms }) => {
  expect(requestTimeoutMs(asked)).toBe(ms);
});
