import { describe, expect, test } from 'vitest';
import { HostError } from '../src/errors.ts';
import { meter } from './support/run-metered.ts';
import { wat } from './support/wat.ts';

/** A module with one of everything that an instruction may name by the index 0, around the given code. */
const SURROUNDINGS = wat(`(module
  (type (func)) (memory 1) (table 1 funcref) (global (mut i32) (i32.const 0)) (tag)
  (elem declare func 0) (data "x") (func (local i32) (data.drop 0)))`);

/** Byte strings to try as immediates; code after an unreachable instruction takes and leaves any operands. */
const IMMEDIATES = [
  [],
  [0],
  [0, 0],
  [0, 0, 0],
  [1, 0],
  [2, 0],
  [3, 0],
  [0, 0, 15],
  [0x70],
  [0x40, 0x0b],
  [0x40, 0, 0x0b],
  [0x40, 0x19, 0x0b],
  [0, 0x0b],
  [1, 0x7f],
  Array.from({ length: 4 }, () => 0),
  Array.from({ length: 8 }, () => 0),
  Array.from({ length: 16 }, () => 0),
];

/** Puts instructions into the one function of the surroundings, between two unreachable ones. */
function moduleWith(instructions: readonly number[]): Uint8Array {
  const bytes = [...SURROUNDINGS];
  const code = findCodeSection(SURROUNDINGS);
  const body = [1, 1, 0x7f, 0x00, ...instructions, 0x00, 0x0b];
  const content = [1, ...unsigned(body.length), ...body];
  return Uint8Array.from([
    ...bytes.slice(0, code.start),
    10,
    ...unsigned(content.length),
    ...content,
    ...bytes.slice(code.end),
  ]);
}

function findCodeSection(bytes: Uint8Array): { start: number; end: number } {
  let at = 8;
  while (at < bytes.length) {
    const size = bytes[at + 1]!; // every section here is short
    if (bytes[at] === 10) return { start: at, end: at + 2 + size };
    at += 2 + size;
  }
  throw new Error('no code section');
}

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

const isValid = (bytes: Uint8Array): boolean => WebAssembly.validate(bytes as BufferSource);

/** Checks the meter against V8 on every immediate; answers whether V8 knows the instruction at all. */
function agreesWithV8(opcode: readonly number[], mayRefuse: boolean): boolean {
  let isKnown = false;
  for (const immediate of IMMEDIATES) {
    const bytes = moduleWith([...opcode, ...immediate]);
    const valid = isValid(bytes);
    isKnown ||= valid;
    let metered: Uint8Array | undefined;
    let refusal: unknown;
    try {
      metered = meter(bytes);
    } catch (error) {
      refusal = error;
    }
    const what = `${opcode.map((byte) => byte.toString(16)).join(' ')} with [${String(immediate)}]`;
    if (metered === undefined) {
      expect(refusal, what).toBeInstanceOf(HostError);
      if (valid && !mayRefuse) throw new Error(`${what} was refused: ${String(refusal)}`);
    } else {
      expect(isValid(metered), what).toBe(valid);
    }
  }
  return isKnown;
}

describe('every instruction that V8 accepts passes the meter, and no other becomes valid', () => {
  test('opcodes of one byte', () => {
    const known: number[] = [];
    for (let opcode = 0; opcode < 0xfb; opcode++) if (agreesWithV8([opcode], false)) known.push(opcode);
    // Those of MVP, sign extension, exceptions, tail calls, references: most opcodes are in the list.
    expect(known.length).toBeGreaterThanOrEqual(193);
  });

  test.each([
    { name: 'saturating truncation, bulk memory, tables', prefix: 0xfc, last: 0x20, atLeast: 18 },
    { name: 'SIMD', prefix: 0xfd, last: 0x140, atLeast: 236 },
    { name: 'atomics', prefix: 0xfe, last: 0x60, atLeast: 60 },
  ])('$name', ({ prefix, last, atLeast }) => {
    let known = 0;
    for (let sub = 0; sub <= last; sub++) if (agreesWithV8([prefix, ...unsigned(sub)], false)) known++;
    expect(known).toBeGreaterThanOrEqual(atLeast);
  });

  test('garbage collection is refused by name and place', () => {
    let known = 0;
    for (let sub = 0; sub < 0x20; sub++) if (agreesWithV8([0xfb, sub], true)) known++;
    expect(known).toBeGreaterThan(0);
    expect(() => meter(moduleWith([0xfb, 0x1c]))).toThrow(
      /unsupported WebAssembly instruction 0xfb 0x1c at byte \d+: garbage-collected types/,
    );
  });
});
