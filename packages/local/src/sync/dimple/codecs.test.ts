import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import type { Change, FieldValue } from '../../change.ts';
import { readBatch, readChangeFile, writeChange } from './change-codec.ts';
import { decodeManifest, encodeManifest } from './manifest-codec.ts';
import { MsgpackWriter } from './msgpack-writer.ts';

function vector(name: string): Uint8Array {
  return gunzipSync(readFileSync(new URL(`../../../vectors/dimple/${name}.gz`, import.meta.url)));
}

const expected = (JSON.parse(new TextDecoder().decode(vector('expected.json'))) as Written[]).map(
  ({ merged: _merged, fields, ...header }): Change => ({
    ...header,
    fields: fields.map(({ name, value }) => ({ name, value: valueOf(value) })),
  }),
);

interface Written extends Omit<Change, 'fields'> {
  readonly merged: boolean;
  readonly fields: readonly { readonly name: string; readonly value: WrittenValue }[];
}
type WrittenValue = null | { integer?: string; real?: string; blob?: string; text?: string };

function valueOf(value: WrittenValue): FieldValue {
  if (value === null) return null;
  if (value.integer !== undefined) return BigInt(value.integer);
  if (value.real !== undefined) return Buffer.from(value.real, 'hex').readDoubleBE();
  if (value.blob !== undefined) return new Uint8Array(Buffer.from(value.blob, 'hex'));
  return value.text!; // the last kind
}

function encodeBatch(changes: readonly Change[]): Uint8Array {
  const out = new MsgpackWriter();
  out.array(changes.length);
  for (const change of changes) writeChange(out, change);
  return out.written();
}

describe('files of DimpleDb', () => {
  test('a batch is read, and written again byte for byte', () => {
    expect(readBatch(vector('batch-arrays.msgpack'))).toEqual(expected);
    expect(Buffer.compare(encodeBatch(expected), vector('batch-arrays.msgpack'))).toBe(0);
  });

  test('records may be maps', () => {
    expect(readBatch(vector('batch-maps.msgpack'))).toEqual(expected);
  });

  test('a change alone is read', () => {
    expect(readChangeFile(vector('change.msgpack'))).toEqual(expected.at(-4));
  });

  test('values that SQLite has not are what the reference makes of them', () => {
    const [odd] = readBatch(vector('batch-odd.msgpack'));
    expect(Object.fromEntries(odd!.fields.map(({ name, value }) => [name, value]))).toEqual({
      a: 1.5,
      bad: null,
      ext: null,
      f32: 1,
      list: null,
      map: null,
      u64: -1n,
      z: 1n, // the first of two
    });
    expect(odd!.fields.map(({ name }) => name)).toEqual(['a', 'bad', 'ext', 'f32', 'list', 'map', 'u64', 'z']);
  });

  test.each(['a', 'b'])('the manifest of %s is read, and written again byte for byte', (author) => {
    const bytes = vector(`manifest-${author}.msgpack`);
    const manifest = decodeManifest(bytes);
    expect(manifest.size).toBe(expected.filter(({ authorId }) => authorId.includes(author)).length);
    expect(Buffer.compare(encodeManifest(manifest), bytes)).toBe(0);
  });

  test('a file that is cut off anywhere, or has something behind it, is refused', () => {
    const batch = vector('change.msgpack');
    for (let end = 0; end < batch.length; end++) {
      expect(() => readChangeFile(batch.subarray(0, end))).toThrow(expect.objectContaining({ name: 'MalformedError' }));
    }
    expect(() => readChangeFile(Uint8Array.of(...batch, 0))).toThrow(/1 bytes too many/);
  });

  property.prop([fc.uint8Array({ maxLength: 60, size: 'max' })])(
    'bytes of any kind are refused or read, never a crash',
    (bytes) => {
      for (const read of [readBatch, readChangeFile, decodeManifest]) {
        try {
          read(bytes);
        } catch (error) {
          expect(error).toMatchObject({ name: 'MalformedError' });
        }
      }
    },
  );

  test('a length that promises more than there is takes no memory', () => {
    expect(() => readBatch(Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff))).toThrow(/4294967295 entries/);
    expect(() => readBatch(new Uint8Array(100).fill(0x91))).toThrow(
      expect.objectContaining({ name: 'MalformedError' }),
    );
  });
});
