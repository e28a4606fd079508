import { fc, test as property } from '@fast-check/vitest';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { HostError } from '../src/errors.ts';
import { randomProgram } from './support/random-program.ts';
import { meter } from './support/run-metered.ts';
import { wat } from './support/wat.ts';

const numRuns = Number(process.env['LIGHTCONE_PROPERTY_RUNS'] ?? 3000);

const EVERYTHING = wat(`(module
  (type $pair (func (param i32) (result i32 i64)))
  (memory 1 10) (table 2 5 funcref) (global $g (mut i32) (i32.const 1)) (tag $t (param i32))
  (export "memory" (memory 0)) (export "g" (global $g)) (start $start)
  (elem (i32.const 0) $start $pair) (elem declare func $start) (elem funcref (ref.func $start))
  (func $start (local i32 i64) i32.const 0 i32.const 0 i32.const 4 memory.fill
    block loop local.get 0 i32.const 1 i32.add local.tee 0 i32.const 3 i32.lt_s br_if 0 end end)
  (func $pair (type $pair) local.get 0 if (result i32 i64) i32.const 1 i64.const 2 return else i32.const 3 i64.const 4 end)
  (func try i32.const 1 throw $t catch $t drop catch_all end)
  (func (result v128) v128.const i32x4 1 2 3 4 i32.const 0 v128.load offset=16 i8x16.add)
  (func (param i32) block block local.get 0 br_table 0 1 2 end end ref.null func drop)
  (data (i32.const 8) "some data") (data "passive"))`);

const abiProbe = JSON.parse(readFileSync(new URL('../vectors/abi-probe.json', import.meta.url), 'utf8')) as {
  wasm_base64: string;
};
const SAMPLES: readonly Uint8Array[] = [
  EVERYTHING,
  new Uint8Array(Buffer.from(abiProbe.wasm_base64, 'base64')),
  wat(randomProgram(1)),
  wat(randomProgram(2)),
];

/** Meters, and checks that what comes out is as valid as what went in. An error of ours is fine, a crash is not. */
function meterOrRefuse(bytes: Uint8Array): void {
  let metered: Uint8Array;
  try {
    metered = meter(bytes);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    expect(error.code).toMatch(/^HOST_(NOT_WASM|MALFORMED_MODULE|UNSUPPORTED_MODULE)$/);
    return;
  }
  const isValid = WebAssembly.validate(bytes as BufferSource);
  if (WebAssembly.validate(metered as BufferSource) !== isValid) {
    throw new Error(`a module that is ${isValid ? '' : 'not '}valid became the opposite`);
  }
}

test.each(SAMPLES.map((bytes, i) => ({ bytes, i })))('module $i cut off at every byte is refused', ({ bytes }) => {
  expect(() => meter(bytes)).not.toThrow();
  for (let length = 0; length < bytes.length; length++) meterOrRefuse(bytes.slice(0, length));
});

property.prop([fc.constantFrom(...SAMPLES), fc.nat(), fc.integer({ min: 0, max: 255 })], { numRuns })(
  'a changed byte never crashes the meter, nor makes an invalid module valid',
  (sample, place, byte) => {
    const bytes = sample.slice();
    bytes[8 + (place % (bytes.length - 8))] = byte;
    meterOrRefuse(bytes);
  },
);

property.prop([fc.constantFrom(...SAMPLES), fc.nat(), fc.nat(12), fc.uint8Array({ maxLength: 12 })], { numRuns })(
  'nor does a replaced run of bytes',
  (sample, place, removed, inserted) => {
    const at = 8 + (place % (sample.length - 8));
    const bytes = Uint8Array.from([...sample.slice(0, at), ...inserted, ...sample.slice(at + removed)]);
    meterOrRefuse(bytes);
  },
);

property.prop([fc.uint8Array({ maxLength: 60, size: 'max' })], { numRuns })('nor do random sections', (content) => {
  meterOrRefuse(Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...content]));
});

test.each([
  { name: 'a list of four thousand million types', bytes: [1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f] },
  { name: 'a section longer than the file', bytes: [1, 0xff, 0xff, 0xff, 0xff, 0x0f] },
  { name: 'a number of six bytes', bytes: [1, 6, 0x80, 0x80, 0x80, 0x80, 0x80, 0] },
  { name: 'two type sections', bytes: [1, 1, 0, 1, 1, 0] },
  { name: 'sections in the wrong order', bytes: [3, 1, 0, 1, 1, 0] },
  { name: 'a section of an unknown number', bytes: [14, 0] },
  { name: 'a function without code', bytes: [1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0] },
])('$name is malformed', ({ bytes }) => {
  expect(() => meter(Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...bytes]))).toThrow(
    expect.objectContaining({ code: 'HOST_MALFORMED_MODULE', message: expect.stringMatching(/at byte \d+/) }),
  );
});

test.each([
  { name: 'shared memory', text: '(memory 1 1 shared)', message: /shared memory/ },
  { name: 'memory that starts too large', text: '(memory 2000)', message: /starts with 2000 pages/ },
  { name: 'a table that starts too large', text: '(table 1000001 funcref)', message: /1000001 elements/ },
  { name: 'too many tables', text: '(table 1 funcref)'.repeat(17), message: /17 tables/ },
  { name: 'too many locals', text: `(func (local ${'i32 '.repeat(49_999)}))`, message: /49999 locals/ },
])('$name is not supported', ({ text, message }) => {
  expect(() => meter(wat(`(module ${text})`))).toThrow(
    expect.objectContaining({ code: 'HOST_UNSUPPORTED_MODULE', message: expect.stringMatching(message) }),
  );
});

test('memory and tables cannot grow beyond their limits', () => {
  const bytes = wat(`(module (memory 1) (table 1 funcref)
    (func (export "memory") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "table") (param i32) (result i32) (table.grow 0 (ref.null func) (local.get 0))))`);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(meter(bytes, 10) as BufferSource));
  const grow = exports as Record<string, (count: number) => number>;
  expect(grow['memory']!(10)).toBe(-1);
  expect(grow['memory']!(9)).toBe(1);
  expect(grow['table']!(1_000_000)).toBe(-1);
  expect(grow['table']!(999_999)).toBe(1);
});
