import { MemoryBlobStore } from '@lightcone/blobs';
import { FaultyBlobStore } from '@lightcone/blobs/testing';
import type { BlobFault } from '@lightcone/blobs/testing';
import { describe, expect, test } from 'vitest';
import { Device, flip, keysOf, LAYOUTS, settle } from './support/device.ts';
import type { LayoutName } from './support/device.ts';

const objectsOf: Record<LayoutName, string> = { log: 'log/', dimple: 'batches/' };

async function twoDevicesWithThreePushes(
  layout: LayoutName,
): Promise<{ store: MemoryBlobStore; a: Device; keys: string[] }> {
  const store = new MemoryBlobStore();
  const a = new Device(store, layout);
  for (let i = 0; i < 3; i++) {
    a.save(`${i}`, { name: `name ${i}` });
    await a.sync.once();
  }
  const keys = await keysOf(store, objectsOf[layout]);
  expect(keys).toHaveLength(3);
  return { store, a, keys };
}

describe.each(LAYOUTS)('in the layout %s', (layout) => {
  test.each(['damaged', 'cut off', 'empty', 'something else', 'deleted'])(
    'an object that is %s is told of by its name, the others are read, own changes are pushed, and verifying mends it',
    async (how) => {
      const { store, a, keys } = await twoDevicesWithThreePushes(layout);
      const key = keys[1]!; // there are three
      const bytes = (await store.get(key))!; // it was listed
      if (how === 'damaged') await flip(store, key, layout === 'log' ? bytes.length - 3 : 0);
      if (how === 'cut off') await store.put(key, bytes.subarray(0, bytes.length - 1));
      if (how === 'empty') await store.put(key, new Uint8Array(0));
      if (how === 'something else') await store.put(key, new TextEncoder().encode('<html>404</html>'));
      if (how === 'deleted') await store.delete(key);

      const b = new Device(store, layout);
      b.save('b', { name: 'of b' });
      const code = how === 'deleted' ? 'SYNC_MISSING' : 'SYNC_DAMAGED';
      const refusal = { code, message: expect.stringContaining(key) as string };
      await expect(b.sync.once()).rejects.toMatchObject(refusal);
      expect(b.sync.status).toMatchObject({ pullError: refusal, pushError: undefined });
      expect(Object.keys(b.log.state())).toHaveLength(3);
      await expect(b.sync.once()).rejects.toMatchObject({ code });

      expect(await a.sync.once()).toMatchObject({ pulled: 1 });
      await a.sync.once({ verify: true }).catch((error: unknown) => {
        // It could not read it either, but it has what was in it.
        expect(error).toMatchObject({ code });
      });
      await settle([b, a]);
      expect(b.log.state()).toEqual(a.log.state());
      const fresh = new Device(store, layout);
      await fresh.sync.once();
      expect(fresh.log.state()).toEqual(a.log.state());
    },
  );

  test.each([0, 30, 100])(
    'of what is put only the first %i bytes are kept: the next sync puts it whole',
    async (bytes) => {
      const inner = new MemoryBlobStore();
      let isTorn = true;
      const isOfChanges = (key: string): boolean => key.startsWith(objectsOf[layout]) || key.startsWith('changes/');
      const store = new FaultyBlobStore(inner, (operation, key) =>
        isTorn && operation.startsWith('put') && isOfChanges(key) ? { kind: 'torn', bytes } : undefined,
      );
      const [a, b] = [new Device(store, layout), new Device(store, layout)];
      a.save('1', { name: 'first' });
      await expect(a.sync.once()).rejects.toMatchObject({ code: 'SYNC_STORAGE_FAILED' });
      isTorn = false;
      a.save('2', { name: 'second' });
      await a.sync.once();
      expect(await b.sync.once()).toMatchObject({ pulled: 2 });
      expect(b.log.state()).toEqual(a.log.state());
      expect(await a.sync.once()).toMatchObject({ pushed: 0, pulled: 0 });
    },
  );

  test('a listing that is older than what it lists hides nothing for good', async () => {
    const inner = new MemoryBlobStore();
    let fault: BlobFault | undefined;
    const store = new FaultyBlobStore(inner, (operation) => (operation === 'list' ? fault : undefined));
    const [a, b] = [new Device(store, layout), new Device(store, layout)];
    a.save('1', { name: 'first' });
    await settle([a, b]);
    const known = new Set(await keysOf(inner));
    b.save('2', { name: 'second' });
    await b.sync.once();
    fault = { kind: 'stale', hides: (key) => !known.has(key) };
    a.save('3', { name: 'third' });
    await a.sync.once().catch((error: unknown) => expect(error).toMatchObject({ code: 'SYNC_CONTENDED' }));
    fault = undefined;
    await settle([a, b]);
    expect(Object.keys(b.log.state())).toHaveLength(3);
    expect(a.log.state()).toEqual(b.log.state());
  });

  test('what an older copy of the storage lacks is put there again', async () => {
    const store = new MemoryBlobStore();
    const [a, b] = [new Device(store, layout), new Device(store, layout)];
    a.save('1', { name: 'first' });
    await settle([a, b]);
    const backup = new Map<string, Uint8Array>();
    for (const key of await keysOf(store)) backup.set(key, (await store.get(key))!); // it was listed
    for (let i = 2; i < 5; i++) {
      a.save(`${i}`, { name: `${i}` });
      b.save(`b${i}`, { name: `${i}` });
      await settle([a, b]);
    }
    for (const key of await keysOf(store)) await store.delete(key);
    for (const [key, bytes] of backup) await store.put(key, bytes);
    await settle([a, b]);
    const fresh = new Device(store, layout);
    await fresh.sync.once();
    expect(fresh.log.state()).toEqual(a.log.state());
    expect(Object.keys(fresh.log.state())).toHaveLength(7);
  });

  test('a storage of a newer version, or of something else, is left as it is', async () => {
    for (const [text, code] of [
      ['{"version":2,"id":"x"}', 'SYNC_UNKNOWN_FORMAT'],
      ['what?', 'SYNC_DAMAGED'],
    ] as const) {
      const store = new MemoryBlobStore();
      const key = layout === 'log' ? 'remote-id' : 'lightcone/remote-id';
      await store.put(key, new TextEncoder().encode(text));
      const a = new Device(store, layout);
      a.save('1', { name: 'x' });
      await expect(a.sync.once()).rejects.toMatchObject({ code });
      expect(await keysOf(store)).toEqual([key]);
    }
  });
});

test.each([
  'log/9007199254740991',
  'log/9999999999999999',
  `pack/${'0'.repeat(16)}-${'9'.repeat(16)}-${'0'.repeat(32)}/0000-last`,
])('%s, behind all positions that a log can have, is a stranger’s and passed over', async (key) => {
  const store = new MemoryBlobStore();
  const [a, b] = [new Device(store), new Device(store)];
  await store.put(key, Uint8Array.of(1));
  a.save('1', { name: 'x' });
  expect(await a.sync.once()).toEqual({ pulled: 0, pushed: 1 });
  expect(await b.sync.once()).toEqual({ pulled: 1, pushed: 0 });
});

test('where a stranger has taken the last position of a log nothing is pushed, until he is gone', async () => {
  const store = new MemoryBlobStore();
  const [a, b] = [new Device(store), new Device(store)];
  a.save('1', { name: 'x' });
  await settle([a, b]);
  const last = 'log/0999999999999999';
  await store.put(last, Uint8Array.of(1));
  a.save('2', { name: 'y' });
  const refusal = { code: 'SYNC_DAMAGED', message: expect.stringContaining(last) as string };
  await expect(a.sync.once()).rejects.toMatchObject(refusal);
  expect(a.sync.status.pushError).toMatchObject(refusal);
  await store.delete(last);
  await settle([a, b]);
  expect(b.log.state()).toEqual(a.log.state());
  expect(Object.keys(b.log.state())).toHaveLength(2);
});

test('a manifest of our own that is damaged or lost entries is written again from what we have', async () => {
  const store = new MemoryBlobStore();
  const [a, b] = [new Device(store, 'dimple'), new Device(store, 'dimple')];
  for (let i = 0; i < 3; i++) {
    a.save(`${i}`, { name: `name ${i}` });
    await a.sync.once();
  }
  const key = `manifests/${a.authorId}.msgpack`;
  await store.put(key, Uint8Array.of(0x81)); // cut off
  await expect(b.sync.once()).rejects.toMatchObject({ code: 'SYNC_DAMAGED' });
  await a.sync.once().catch(() => {});
  await settle([b, a]);
  expect(b.log.state()).toEqual(a.log.state());
  // As DimpleDb does when its read of the manifest fails: the file has the new entries only.
  await store.put(key, Uint8Array.of(0x80));
  const fresh = new Device(store, 'dimple');
  await fresh.sync.once();
  expect(fresh.log.state()).toEqual({});
  await settle([a, fresh]);
  expect(fresh.log.state()).toEqual(a.log.state());
});
