import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { externalUrl } from './external-url.ts';

function request(url: string, headers: Record<string, string> = { host: 'h:1' }): IncomingMessage {
  return { url, headers } as unknown as IncomingMessage; // what is read of it
}

test.each([
  { headers: { host: 'h:1' }, expected: 'http://h:1/p?q=1' },
  { headers: { host: 'h', 'x-forwarded-proto': 'HTTPS, http' }, expected: 'https://h/p?q=1' },
  { headers: { host: 'h', 'x-forwarded-host': 'public.example, inner' }, expected: 'http://public.example/p?q=1' },
  { headers: { host: 'h', 'x-forwarded-proto': 'javascript' }, expected: 'http://h/p?q=1' },
  { headers: { host: 'h', 'x-forwarded-host': 'a b' }, expected: 'http://h/p?q=1' },
  { headers: { host: 'h', 'x-forwarded-host': 'a/b' }, expected: 'http://h/p?q=1' },
  { headers: { host: '[::1]:3000' }, expected: 'http://[::1]:3000/p?q=1' },
  { headers: { host: 'a b' }, expected: 'http://localhost/p?q=1' },
  { headers: {}, expected: 'http://localhost/p?q=1' },
])('with $headers the URL is $expected', ({ headers, expected }) => {
  expect(externalUrl(request('/p?q=1', headers))).toBe(expected);
});

test('a target that is a whole URL stays as it is', () => {
  expect(externalUrl(request('https://else.where/p', { host: 'h' }))).toBe('https://else.where/p');
});

test.each(['/a b', '/a<b', '/a>b', '/a`b', '/a#b', '/\u00e9', '/a\u0000', '/\u007f'])('%j is no URL', (url) => {
  expect(() => externalUrl(request(url))).toThrow(expect.objectContaining({ status: 400 }));
});
