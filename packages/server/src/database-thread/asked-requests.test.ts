import { expect, test } from 'vitest';
import { AskedRequests } from './asked-requests.ts';

const MIB = 1024 * 1024;

test('of one asker 4,096 requests are taken at a time, and of another still', () => {
  const requests = new AskedRequests();
  for (let i = 0; i < 4096; i++) expect(requests.begin('flood', 10)).toBeUndefined();
  expect(requests.begin('flood', 10)).toMatchObject({ kind: 'overloaded', retryAfterSeconds: 1 });
  expect(requests.begin('modest', 10)).toBeUndefined();
  requests.over('flood', 10);
  expect(requests.begin('flood', 10)).toBeUndefined();
  expect(requests.begin('flood', 10)).toBeDefined();
});

test('of one asker 64 MiB are taken, and of all 256 MiB, but for the first request of each', () => {
  const requests = new AskedRequests();
  for (let asker = 0; asker < 4; asker++) {
    for (let i = 0; i < 32; i++) expect(requests.begin(`${asker}`, 2 * MIB)).toBeUndefined();
    expect(requests.begin(`${asker}`, 1)).toBeDefined();
  }
  expect(requests.begin('modest', 2 * MIB)).toBeUndefined();
  expect(requests.begin('modest', 1)).toBeDefined();
  requests.over('modest', 2 * MIB);
  expect(requests.begin('modest', 2 * MIB)).toBeUndefined(); // its first again
  requests.over('0', 2 * MIB);
  requests.over('1', 2 * MIB);
  expect(requests.begin('modest', 1)).toBeUndefined();
});
