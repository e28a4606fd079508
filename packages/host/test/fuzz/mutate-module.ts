import { SECTION, readModuleShape } from '../../src/wasm/module-shape.ts';
import type { ModuleShape } from '../../src/wasm/module-shape.ts';
import type { Random } from '../support/random-program.ts';

/** A valid module, and where things lie in it. */
export interface Sample {
  readonly name: string;
  readonly shape: ModuleShape;
}

export function sample(name: string, bytes: Uint8Array): Sample {
  return { name, shape: readModuleShape(bytes) };
}

type Mutation = (bytes: Uint8Array, shape: ModuleShape, random: Random) => unknown;

/**
 * Instructions that take and give the same types, so that one may stand for the other; which byte is an instruction is
 * guessed. Numbers: WebAssembly core specification, section 5.4.
 */
const LIKE_INSTRUCTIONS: readonly (readonly [first: number, last: number])[] = [
  [0x28, 0x29],
  [0x2c, 0x2f],
  [0x30, 0x35],
  [0x36, 0x37],
  [0x3a, 0x3b],
  [0x3c, 0x3e],
  [0x46, 0x4f],
  [0x51, 0x5a],
  [0x6a, 0x78],
  [0x7c, 0x8a],
  [0xa0, 0xa6],
];
const CONSTANTS: readonly number[] = [0x41, 0x42];
/** Instructions before the index of a local, a label or a function. */
const BEFORE_INDEX: readonly number[] = [0x20, 0x21, 0x22, 0x0c, 0x0d, 0x10];
const BLOCKS: readonly number[] = [0x02, 0x03, 0x04];
const BLOCK_TYPES: readonly number[] = [0x40, 0x7f, 0x7e, 0x7d, 0x7c];
const VALUE_TYPES: readonly number[] = [0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f];
const TRIES = 200;
/** Of a section: its count, and the head of its first entry. */
const HEAD_BYTES = 7;

/** Changes of what a module does: most leave it valid. No mutation changes the length. */
const BEHAVIOUR: readonly Mutation[] = [
  inBody(
    (byte) => LIKE_INSTRUCTIONS.some(([first, last]) => byte >= first && byte <= last),
    (bytes, at, random) => {
      const [first, last] = LIKE_INSTRUCTIONS.find((range) => bytes[at]! >= range[0] && bytes[at]! <= range[1])!;
      bytes[at] = first + random.below(last - first + 1);
    },
  ),
  inBody(
    (byte, next) => CONSTANTS.includes(byte) && next < 0x80,
    (bytes, at, random) => (bytes[at + 1] = random.below(0x80)),
  ),
  inBody(
    (byte, next) => BEFORE_INDEX.includes(byte) && next < 0x80,
    (bytes, at, random) => (bytes[at + 1] = random.below(bytes[at + 1]! + 2)),
  ),
  inSection(SECTION.data, overwriteRun),
  inSection(SECTION.data, (bytes, at, random) => (bytes[at] = random.below(256))),
];

/** Changes of what a module is: most make it invalid. */
const FORM: readonly Mutation[] = [
  inBody(
    (byte, next) => BLOCKS.includes(byte) && BLOCK_TYPES.includes(next),
    (bytes, at, random) => (bytes[at + 1] = random.pick(BLOCK_TYPES)),
  ),
  // An instruction becomes `unreachable` or `nop`.
  inBody(
    () => true,
    (bytes, at, random) => (bytes[at] = random.below(2)),
  ),
  inSection(SECTION.type, (bytes, at, random) => (bytes[at] = random.pick(VALUE_TYPES))),
  inSection(SECTION.function, (bytes, at, random) => (bytes[at] = random.below(24))),
  ...[SECTION.memory, SECTION.table, SECTION.element, SECTION.global, SECTION.import, SECTION.export].map((id) =>
    inSection(id, (bytes, at, random) => (bytes[at] = random.below(0x80))),
  ),
  (bytes, _, random) => (bytes[random.below(bytes.length)] = random.below(256)),
];

/** A copy of the sample with some changes; now and then with an end that is missing or twice there. */
export function mutateModule({ shape }: Sample, random: Random): Uint8Array {
  const bytes = shape.bytes.slice();
  for (let count = 1 + random.below(3); count > 0; count--) random.pick(BEHAVIOUR)(bytes, shape, random);
  if (random.below(3) === 0) random.pick(FORM)(bytes, shape, random);
  if (random.below(40) > 0) return bytes;
  const cut = bytes.slice(0, random.below(bytes.length));
  return random.below(2) === 0 ? cut : Uint8Array.from([...bytes, ...bytes.subarray(cut.length)]);
}

/** Changes a place in the code whose two bytes fit; the first that is found from a random place on. */
function inBody(
  fits: (byte: number, next: number) => boolean,
  change: (bytes: Uint8Array, at: number, random: Random) => unknown,
): Mutation {
  return (bytes, { bodies }, random) => {
    if (bodies.length === 0) return;
    const { start, end } = random.pick(bodies);
    let at = start + random.below(end - start);
    for (let tries = 0; tries < TRIES && at + 1 < end; tries++, at++) {
      if (!fits(bytes[at]!, bytes[at + 1]!)) continue;
      change(bytes, at, random);
      return;
    }
  };
}

function inSection(id: number, change: (bytes: Uint8Array, at: number, random: Random) => unknown): Mutation {
  return (bytes, { sections }, random) => {
    const section = sections.find((each) => each.id === id);
    if (section === undefined || section.end === section.start) return;
    // Of a small section much is head, and a change of it leaves nothing to run.
    const start = section.start + Math.min(HEAD_BYTES, section.end - section.start - 1) * Math.min(random.below(8), 1);
    change(bytes, start + random.below(section.end - start), random);
  };
}

function overwriteRun(bytes: Uint8Array, at: number, random: Random): void {
  const length = Math.min(1 + random.below(16), bytes.length - at);
  const from = random.below(bytes.length - length + 1);
  bytes.copyWithin(at, from, from + length);
}
