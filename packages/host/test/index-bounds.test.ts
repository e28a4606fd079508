import { expect, test } from 'vitest';
import { HostError } from '../src/errors.ts';
import { meter } from './support/run-metered.ts';
import { wat } from './support/wat.ts';

/** Replaces bytes that occur once. */
function patched(text: string, from: readonly number[], to: readonly number[]): Uint8Array {
  const bytes = wat(text);
  const at = bytes.findIndex((_, i) => from.every((byte, j) => bytes[i + j] === byte));
  expect(at, 'the bytes to patch').toBeGreaterThan(0);
  bytes.set(to, at);
  return bytes;
}

// The meter adds a global, locals and types behind the module's own: code that names the next index would reach them.
test.each([
  {
    name: 'global.set of the fuel',
    bytes: () =>
      patched(
        '(module (global (mut i64) (i64.const 0)) (func i64.const 99 global.set 0))',
        [0x42, 0xe3, 0x00, 0x24, 0],
        [0x42, 0xe3, 0x00, 0x24, 1],
      ),
  },
  {
    name: 'export of the fuel',
    bytes: () =>
      patched('(module (global (mut i64) (i64.const 0)) (export "f" (global 0)))', [0x66, 3, 0], [0x66, 3, 1]),
  },
  {
    name: 'local.set of the debt',
    bytes: () =>
      patched('(module (func (local i64) i64.const 99 local.set 0))', [0xe3, 0x00, 0x21, 0], [0xe3, 0x00, 0x21, 1]),
  },
  {
    name: 'the type of a block',
    bytes: () =>
      patched(
        '(module (func (param i32) (result i32 i64) i32.const 7 i64.const 8) (func block (type 1) end))',
        [0x02, 0x40],
        [0x02, 0x02],
      ),
  },
  {
    name: 'a global in a constant',
    bytes: () =>
      patched(
        '(module (global i64 (i64.const 77)) (global i64 (global.get 0)))',
        [0x7e, 0, 0x23, 0],
        [0x7e, 0, 0x23, 2],
      ),
  },
])('$name is refused', ({ bytes }) => {
  const module = bytes();
  expect(WebAssembly.validate(module as BufferSource)).toBe(false);
  expect(() => meter(module)).toThrow(HostError);
  expect(() => meter(module)).toThrow(/index|out of range/);
});

test('an export that has the name of the fuel keeps its own', () => {
  const bytes = wat('(module (global (export "__lightcone_fuel") i32 (i32.const 5)))');
  const exports = new WebAssembly.Instance(new WebAssembly.Module(meter(bytes) as BufferSource)).exports;
  expect((exports['__lightcone_fuel'] as WebAssembly.Global).value).toBe(5);
  expect((exports['__lightcone_fuel_'] as WebAssembly.Global).value).toBe(10_000_000_000n);
});
