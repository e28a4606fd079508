import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import type { Change } from '../../change.ts';
import { readSegment } from './segment-reader.ts';
import { SegmentWriter } from './segment-writer.ts';

const tag = Uint8Array.from({ length: 16 }, (_, i) => i);
const uuid = '01977420-0000-7abc-8000-0123456789ab';

const values = fc.oneof(
  fc.constant(null),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.double(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(uuid, uuid.toUpperCase(), `${uuid.slice(0, 35)}-`, 'x'.repeat(127), 'x'.repeat(128), 'ü'.repeat(70)),
  fc.uint8Array(),
);
const names = fc.constantFrom('name', 'country', 'a', '', 'ü');
const changes = fc.array(
  fc.record({
    id: fc.oneof(fc.uuid(), fc.string()),
    authorId: fc.constantFrom(uuid, 'somebody', ''),
    entityType: fc.constantFrom('Artist', 'Album'),
    entityId: fc.oneof(fc.uuid(), fc.string({ maxLength: 200 })),
    fields: fc.array(fc.record({ name: names, value: values }), { maxLength: 5 }),
  }),
);

async function write(list: readonly Change[]): Promise<Uint8Array> {
  const writer = new SegmentWriter();
  for (const change of list) writer.add(change);
  expect(writer.changes).toBe(list.length);
  return writer.finish(41, 42, tag);
}

property.prop([changes])('a segment is read as it was written', async (list) => {
  const segment = await readSegment(await write(list));
  expect({ ...segment, changes: [...segment.changes] }).toEqual({ tag, from: 41, to: 42, changes: list });
});

test('a change of two short columns takes less than 60 bytes', async () => {
  const list = Array.from({ length: 1000 }, (_, i) => ({
    id: `01977420-0000-7000-8000-${i.toString(16).padStart(12, '0')}`,
    authorId: uuid,
    entityType: 'Artist',
    entityId: `01977420-1111-7000-8000-${i.toString(16).padStart(12, '0')}`,
    fields: [
      { name: 'country', value: 'DE' },
      { name: 'name', value: `Artist ${i}` },
    ],
  }));
  expect((await write(list)).length / 1000).toBeLessThan(60);
});

test('a segment that was changed anywhere, or cut off anywhere, is refused', async () => {
  const bytes = await write([
    { id: uuid, authorId: uuid, entityType: 'T', entityId: 'x', fields: [{ name: 'a', value: 1n }] },
  ]);
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at]! ^= 1;
    await expect(readSegment(changed)).rejects.toMatchObject({ name: 'MalformedError' });
    await expect(readSegment(bytes.subarray(0, at))).rejects.toMatchObject({ name: 'MalformedError' });
  }
});

property.prop([fc.uint8Array({ maxLength: 80, size: 'max' })])(
  'a body of any kind, with the right sum, is refused or read',
  async (body) => {
    const bytes = new Uint8Array(52 + body.length);
    bytes.set(new TextEncoder().encode('LCS1'));
    bytes.set(body, 52);
    bytes.set(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes.subarray(36))), 4);
    try {
      expect([...(await readSegment(bytes)).changes].length).toBeLessThanOrEqual(body.length);
    } catch (error) {
      expect(error).toMatchObject({ name: 'MalformedError' });
    }
  },
);
