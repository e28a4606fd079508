import { expect, test } from 'vitest';
import { REQUEST_BOUNDS_SECONDS, RequestTimes } from './request-times.ts';

test.each([
  { seconds: 0, bucket: 0 },
  { seconds: 0.0005, bucket: 0 },
  { seconds: 0.000_51, bucket: 1 },
  { seconds: 5, bucket: REQUEST_BOUNDS_SECONDS.length - 1 },
  { seconds: 5.1, bucket: REQUEST_BOUNDS_SECONDS.length },
])('$seconds s are counted in bucket $bucket', ({ seconds, bucket }) => {
  const times = new RequestTimes();
  times.observe('/v1/ping', 'GET', 200, seconds);
  const [route] = times.all();
  expect(route).toMatchObject({ labels: { route: '/v1/ping', method: 'GET', status: '200' }, seconds });
  expect(route?.counts.map((count, i) => (count === 0 ? -1 : i)).filter((i) => i >= 0)).toEqual([bucket]);
});

test('each route, method and status has times of its own', () => {
  const times = new RequestTimes();
  times.observe('/v1/ping', 'GET', 200, 0.25);
  times.observe('/v1/ping', 'GET', 200, 0.5);
  times.observe('/v1/ping', 'POST', 405, 1);
  expect([...times.all()].map(({ labels, seconds }) => [labels.method, labels.status, seconds])).toEqual([
    ['GET', '200', 0.75],
    ['POST', '405', 1],
  ]);
});
