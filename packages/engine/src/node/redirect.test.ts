import { expect, test } from 'vitest';
import { type Hop, redirectedHop } from './redirect.ts';

const value = new Uint8Array([120]);
const names = ['Authorization', 'cookie', 'Host', 'content-type', 'x-mine'];

function hop(method: string): Hop {
  const url = new URL('http://a.example/one?q=1');
  return { method, url, headers: names.map((name) => ({ name, value })), body: value };
}

test.each([
  { status: 301, method: 'POST', to: 'GET' },
  { status: 302, method: 'PUT', to: 'GET' },
  { status: 303, method: 'DELETE', to: 'GET' },
  { status: 307, method: 'POST', to: 'POST' },
  { status: 308, method: 'PATCH', to: 'PATCH' },
  { status: 302, method: 'GET', to: 'GET' },
  { status: 303, method: 'HEAD', to: 'HEAD' },
])('$method answered with $status goes on as $to', ({ status, method, to }) => {
  const next = redirectedHop(hop(method), status, '/two');
  expect(next).toMatchObject({ method: to });
  expect(next?.url.href).toBe('http://a.example/two');
  expect(next?.body.length).toBe(to === method ? 1 : 0);
  expect(next?.headers.map(({ name }) => name).includes('content-type')).toBe(to === method);
});

test.each([200, 300, 304, 305, 306, 400])('%d redirects nowhere', (status) => {
  expect(redirectedHop(hop('GET'), status, '/two')).toBeUndefined();
});

test.each([undefined, 'http://[::1', 'http://a:99999/'])('a location of %j redirects nowhere', (location) => {
  expect(redirectedHop(hop('GET'), 302, location)).toBeUndefined();
});

test.each([
  { location: 'http://a.example/two', keeps: true },
  { location: '//a.example:80/two', keeps: true },
  { location: 'https://a.example/two', keeps: false },
  { location: 'http://a.example:8080/two', keeps: false },
  { location: 'http://b.example/two', keeps: false },
])('secrets go to $location: $keeps', ({ location, keeps }) => {
  const kept = redirectedHop(hop('GET'), 302, location)?.headers.map(({ name }) => name);
  expect(kept).toEqual(keeps ? names : ['content-type', 'x-mine']);
});
