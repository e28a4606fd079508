import { mkdtemp, readFile, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fc, test as property } from '@fast-check/vitest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NodeFileSystem } from '../src/node-file-system.ts';

const fs = new NodeFileSystem();
let folder: string;
let files = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lightcone-direct-'));
});
afterAll(() => rm(folder, { recursive: true }));

const BLOCK_BYTES = 4096;
const length = fc.oneof(fc.nat(300), fc.nat(3 * BLOCK_BYTES), fc.constantFrom(BLOCK_BYTES, 2 * BLOCK_BYTES, 1_100_000));
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('write'), at: fc.nat(), length, fill: fc.integer({ max: 255 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('append'), at: fc.nat(), length, fill: fc.integer({ min: 1, max: 255 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('room'), at: fc.nat(), length, fill: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('truncate'), at: fc.nat(), length, fill: fc.constant(0) }) },
);

/** What a file of the system is to hold: bytes, and where the log would go on writing. */
class Model {
  bytes = new Uint8Array(0);
  end = 0;

  write(source: Uint8Array, position: number): void {
    if (source.length === 0) return; // a file does not grow by nothing
    const grown = new Uint8Array(Math.max(this.bytes.length, position + source.length));
    grown.set(this.bytes);
    grown.set(source, position);
    this.bytes = grown;
    this.end = Math.max(this.end, position + source.length);
  }

  truncate(to: number): void {
    const cut = new Uint8Array(to);
    cut.set(this.bytes.subarray(0, to));
    this.bytes = cut;
    this.end = Math.min(this.end, to);
  }
}

property.prop([fc.array(step, { maxLength: 20, size: 'max' })], { numRuns: 25 })(
  'a file whose writes are synced holds what was written, wherever and in whatever order',
  async (steps) => {
    const path = join(folder, `${files++}`);
    const file = await fs.open(path, 'write-synced');
    const model = new Model();
    try {
      for (const { kind, at, length: count, fill } of steps) {
        const bytes = new Uint8Array(count).fill(fill);
        // A writer of a log appends into room; anything else has to come out right too.
        if (kind === 'truncate') {
          const to = at % (model.bytes.length + 100);
          await file.truncate(to);
          model.truncate(to);
        } else {
          const size = model.bytes.length;
          const position = kind === 'room' ? size : kind === 'append' ? model.end : at % (size + 100);
          await file.write(bytes, position);
          model.write(bytes, position);
          if (kind === 'room') model.end = Math.min(model.end, position);
        }
        expect(Buffer.compare(await readFile(path), model.bytes), `after ${kind} of ${count} bytes`).toBe(0);
        expect(await file.size()).toBe(model.bytes.length);
      }
    } finally {
      await file.close();
    }
    expect(Buffer.compare(await readFile(path), model.bytes)).toBe(0);
  },
);

test('what was cut off does not come back with a write into the same block', async () => {
  const path = join(folder, 'cut');
  const file = await fs.open(path, 'write-synced');
  try {
    await file.write(new Uint8Array(2 * BLOCK_BYTES), 0);
    await file.write(new Uint8Array(100).fill(7), 0);
    await file.truncate(50);
    // Room again, all of it zeros, around the place where the file was cut.
    await file.truncate(2 * BLOCK_BYTES);
    await file.write(new Uint8Array(10).fill(9), 200);
  } finally {
    await file.close();
  }
  const expected = new Uint8Array(2 * BLOCK_BYTES).fill(7, 0, 50).fill(9, 200, 210);
  expect(Buffer.compare(await readFile(path), expected)).toBe(0);
});

test('what went through the cache is still there after the next write into its block', async () => {
  const path = join(folder, 'both ways');
  const file = await fs.open(path, 'write-synced');
  try {
    await file.write(new Uint8Array(2 * BLOCK_BYTES), 0);
    await file.write(new Uint8Array(100).fill(7), 0);
    // In the middle of content, so that what follows is not known.
    await file.write(new Uint8Array(10).fill(8), 20);
    await file.write(new Uint8Array(100).fill(9), 100);
  } finally {
    await file.close();
  }
  const expected = new Uint8Array(2 * BLOCK_BYTES).fill(7, 0, 100).fill(8, 20, 30).fill(9, 100, 200);
  expect(Buffer.compare(await readFile(path), expected)).toBe(0);
});

test.runIf(process.platform === 'linux')('a file that is closed is open no more, in neither way', async () => {
  const path = join(folder, 'closed');
  const opened = async (): Promise<string[]> => {
    const names = await readdir('/proc/self/fd');
    const paths = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')));
    return paths.filter((open) => open.endsWith('/closed'));
  };
  const file = await fs.open(path, 'write-synced');
  expect(await opened()).not.toEqual([]);
  await file.close();
  expect(await opened()).toEqual([]);
});
