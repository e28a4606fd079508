import { expect, test } from 'vitest';
import { AddressPolicy } from './address-policy.ts';

/** The last address before each range, its first and last one, and the first after it. */
const ranges: readonly (readonly [before: string, first: string, last: string, after: string])[] = [
  ['-', '0.0.0.0', '0.255.255.255', '1.0.0.0'],
  ['9.255.255.255', '10.0.0.0', '10.255.255.255', '11.0.0.0'],
  ['100.63.255.255', '100.64.0.0', '100.127.255.255', '100.128.0.0'],
  ['126.255.255.255', '127.0.0.0', '127.255.255.255', '128.0.0.0'],
  ['169.253.255.255', '169.254.0.0', '169.254.255.255', '169.255.0.0'],
  ['172.15.255.255', '172.16.0.0', '172.31.255.255', '172.32.0.0'],
  ['191.255.255.255', '192.0.0.0', '192.0.0.255', '192.0.1.0'],
  ['192.0.1.255', '192.0.2.0', '192.0.2.255', '192.0.3.0'],
  ['192.31.195.255', '192.31.196.0', '192.31.196.255', '192.31.197.0'],
  ['192.52.192.255', '192.52.193.0', '192.52.193.255', '192.52.194.0'],
  ['192.88.98.255', '192.88.99.0', '192.88.99.255', '192.88.100.0'],
  ['192.167.255.255', '192.168.0.0', '192.168.255.255', '192.169.0.0'],
  ['192.175.47.255', '192.175.48.0', '192.175.48.255', '192.175.49.0'],
  ['198.17.255.255', '198.18.0.0', '198.19.255.255', '198.20.0.0'],
  ['198.51.99.255', '198.51.100.0', '198.51.100.255', '198.51.101.0'],
  ['203.0.112.255', '203.0.113.0', '203.0.113.255', '203.0.114.0'],
  ['223.255.255.255', '224.0.0.0', '255.255.255.255', '-'],
  ['-', '::', '::255.255.255.255', '::1:0:0'],
  ['-', '::1', '::ffff', '-'],
  ['64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff', '64:ff9b::', '64:ff9b::255.255.255.255', '64:ff9b::1:0:0'],
  ['64:ff9b:0:ffff::', '64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff', '64:ff9b:2::'],
  ['::fffe:ffff:ffff', '::ffff:0.0.0.0', '::ffff:255.255.255.255', '::1:0:0:0'],
  ['ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '100::', '100::1:ffff:ffff:ffff:ffff', '100:0:0:2::'],
  ['2000:ffff::', '2001::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff', '2001:200::'],
  ['2001:db7:ffff::', '2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', '2001:db9::'],
  ['2001:ffff::', '2002::', '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2003::'],
  ['2620:4f:7fff::', '2620:4f:8000::', '2620:4f:8000:ffff:ffff:ffff:ffff:ffff', '2620:4f:8001::'],
  ['3ffe:ffff::', '3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff', '3fff:1000::'],
  ['5eff:ffff::', '5f00::', '5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '5f01::'],
  ['fbff:ffff::', 'fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'fe00::'],
  ['fe7f:ffff::', 'fe80::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '-'],
  ['-', 'ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '-'],
];

test.each(ranges)('%s | %s to %s | %s: only what is between is refused', (before, first, last, after) => {
  const policy = AddressPolicy.publicOnly;
  for (const inside of [first, last]) expect([inside, policy.allowsAddress(inside)]).toEqual([inside, false]);
  for (const outside of [before, after]) {
    if (outside !== '-') expect([outside, policy.allowsAddress(outside)]).toEqual([outside, true]);
  }
});

test.each(['', 'localhost', '1.2.3', '0x7f.0.0.1', '1.2.3.4.5', '::1::', 'fe80::1%eth0', '[::1]', '8.8.8.8 '])(
  '%j, no public address, is refused',
  (text) => expect(AddressPolicy.publicOnly.allowsAddress(text)).toBe(false),
);

test('the spelling of an address changes nothing', () => {
  for (const text of ['::FFFF:127.0.0.1', '::ffff:7f00:1', '0:0:0:0:0:ffff:7f00:0001', '0::0', 'FE80:0::1']) {
    expect([text, AddressPolicy.publicOnly.allowsAddress(text)]).toEqual([text, false]);
  }
});

test('an operator adds addresses, ranges and hosts, and nothing beside them', () => {
  const policy = AddressPolicy.allowing(['127.0.0.1', '10.1.0.0/16', 'fd00:1::/32', 'Metadata.internal.', 'localhost']);
  const allowed = ['127.0.0.1', '10.1.2.3', 'fd00:1::5', '8.8.8.8'];
  const refused = ['127.0.0.2', '10.2.0.0', 'fd00:2::', '::ffff:127.0.0.1', '169.254.169.254', '::1'];
  expect(allowed.filter((address) => !policy.allowsAddress(address))).toEqual([]);
  expect(refused.filter((address) => policy.allowsAddress(address))).toEqual([]);
  const hosts = ['metadata.internal', 'METADATA.INTERNAL.', 'localhost', 'x.metadata.internal', 'internal'];
  expect(hosts.map((host) => policy.allowsHost(host))).toEqual([true, true, true, false, false]);
});

test.each([
  '',
  ' ',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/-1',
  '::/129',
  '1.2.3',
  '256.1.1.1',
  'a b',
  'http://x',
  '*',
  'x:80',
])('%j is refused as an entry, by its name', (entry) =>
  expect(() => AddressPolicy.allowing([entry])).toThrow(`"${entry}" is no host name`),
);
