import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { CountedHistogram } from './counted-histogram.ts';

test('counts from elsewhere come out as a Prometheus histogram, cumulated, and a reset forgets them', async () => {
  const registry = new Registry();
  const histogram = new CountedHistogram(registry, 'delay_seconds', 'How late.', ['db', 'function'], [0.1, 1]);
  histogram.set({ db: 'a', function: 'tick' }, [3, 2, 1], 7.5);
  expect((await registry.metrics()).trim().split('\n')).toEqual([
    '# HELP delay_seconds How late.',
    '# TYPE delay_seconds histogram',
    'delay_seconds_bucket{le="0.1",db="a",function="tick"} 3',
    'delay_seconds_bucket{le="1",db="a",function="tick"} 5',
    'delay_seconds_bucket{le="+Inf",db="a",function="tick"} 6',
    'delay_seconds_sum{db="a",function="tick"} 7.5',
    'delay_seconds_count{db="a",function="tick"} 6',
  ]);
  histogram.reset();
  expect(await registry.metrics()).not.toContain('tick');
});
