import { expect, test } from 'vitest';
import { ConnectionId, Identity } from './identity.ts';

const hex = 'c2001122334455667788990011223344556677889900112233445566778899aa';
const invalid: unknown = expect.objectContaining({ code: 'SATS_INVALID_TEXT' });

test('an identity is written big-endian and kept little-endian', () => {
  const identity = Identity.fromHex(`0x${hex.toUpperCase()}`);
  expect(identity.bytes[0]).toBe(0xaa);
  expect(identity.toHex()).toBe(hex);
  expect(String(identity)).toBe(hex);
  expect(identity.toBigInt()).toBe(BigInt(`0x${hex}`));
  expect(Identity.fromBigInt(identity.toBigInt()).equals(identity)).toBe(true);
  expect(identity.equals(Identity.ZERO)).toBe(false);
});

test('an identity does not change with the bytes it was read from', () => {
  const bytes = new Uint8Array(40).fill(7);
  const identity = Identity.fromBytes(bytes, 8);
  bytes.fill(0);
  expect(identity.toHex()).toBe('07'.repeat(32));
  expect(() => Identity.fromBytes(bytes, 9)).toThrow(expect.objectContaining({ code: 'SATS_UNEXPECTED_END' }));
});

test.each(['', hex.slice(2), `${hex}00`, `0X${hex}`, `g${hex.slice(1)}`, ` ${hex}`])('%j is no identity', (text) => {
  expect(() => Identity.fromHex(text)).toThrow(invalid);
});

test('a connection id', () => {
  const id = ConnectionId.fromHex('ff0102030405060708090a0b0c0d0e0f');
  expect([...id.bytes.subarray(0, 2)]).toEqual([0x0f, 0x0e]);
  expect(id.toBigInt()).toBe(338958372025759790396521755767219228175n);
  expect(ConnectionId.fromBigInt(id.toBigInt()).equals(id)).toBe(true);
  expect([id.isZero(), ConnectionId.ZERO.isZero()]).toEqual([false, true]);
  expect(() => ConnectionId.fromHex('00')).toThrow(invalid);
});
