import { MemoryBlobStore } from '@lightcone/blobs';
import { CountingBlobStore, FaultyBlobStore } from '@lightcone/blobs/testing';
import type { BlobFault, BlobOperation } from '@lightcone/blobs/testing';
import { describe, expect, test } from 'vitest';
import { change, Device, keysOf, LAYOUTS, settle } from './support/device.ts';

describe.each(LAYOUTS)('in the layout %s', (layout) => {
  test('what one device writes another one has after both have synced', async () => {
    const store = new MemoryBlobStore();
    const [a, b] = [new Device(store, layout), new Device(store, layout)];
    a.save('1', { name: 'Can', rank: 7n, score: 2, cover: Uint8Array.of(1, 2), note: null });
    expect(await a.sync.once()).toEqual({ pulled: 0, pushed: 1 });
    expect(await b.sync.once()).toEqual({ pulled: 1, pushed: 0 });
    expect(b.log.changesById(b.log.changeIds())).toEqual(a.log.changesById(a.log.changeIds()));
  });

  test('changes in both directions, of many devices, end in one state', async () => {
    const store = new MemoryBlobStore();
    const devices = Array.from({ length: 5 }, () => new Device(store, layout, { compactEvery: 3 }));
    for (let round = 0; round < 8; round++) {
      for (const [i, device] of devices.entries()) {
        device.save(`row ${(round + i) % 4}`, { [`f${i % 3}`]: BigInt(round * 10 + i), all: `${round}-${i}` });
        if ((round + i) % 2 === 0) await device.sync.once();
      }
    }
    await settle(devices);
    for (const { log } of devices) expect(log.state()).toEqual(devices[0]!.log.state()); // there are five
  });

  test('a sync with nothing new asks the storage at most three times, and writes nothing anywhere', async () => {
    const store = new CountingBlobStore(new MemoryBlobStore());
    const [a, b] = [new Device(store, layout), new Device(store, layout)];
    for (let i = 0; i < 40; i++) a.save(`${i}`, { name: `name ${i}` });
    await settle([a, b]);
    for (const device of [a, b]) {
      let noted = 0;
      const setNotes = device.log.setNotes.bind(device.log);
      device.log.setNotes = (notes) => {
        noted += notes.length;
        setNotes(notes);
      };
      store.reset();
      expect(await device.sync.once()).toEqual({ pulled: 0, pushed: 0 });
      expect(store.operations()).toBeLessThanOrEqual(3);
      expect(store.operations('get') + store.operations('list')).toBe(store.operations());
      device.restart(store);
      store.reset();
      await device.sync.once();
      expect(store.operations()).toBeLessThanOrEqual(3);
      expect(noted).toBe(0);
    }
  });

  test('what came from the storage is not brought back, nor what was there before the database knew it', async () => {
    const store = new CountingBlobStore(new MemoryBlobStore());
    const [a, b] = [new Device(store, layout), new Device(store, layout)];
    a.save('1', { name: 'x' });
    await settle([a, b]);
    b.save('2', { name: 'y' });
    await b.sync.once();
    expect(await a.sync.once()).toEqual({ pulled: 1, pushed: 0 });
    // The same changes, in a database that knows nothing of this storage.
    const c = new Device(store, layout);
    c.log.append(a.log.changesById(a.log.changeIds()));
    c.save('3', { name: 'z' });
    expect(await c.sync.once()).toEqual({ pulled: 0, pushed: 1 });
    expect(await a.sync.once()).toEqual({ pulled: 1, pushed: 0 });
  });

  test('a database brings changes from one storage to another', async () => {
    const [near, far] = [new MemoryBlobStore(), new MemoryBlobStore()];
    const [a, between, b] = [new Device(near, layout), new Device(near, layout), new Device(far, layout)];
    a.save('1', { name: 'x' });
    await settle([a, between]);
    between.restart(far);
    await settle([between, b]);
    expect(b.log.state()).toEqual(a.log.state());
  });

  test('a storage that was emptied is filled again with all that each device has', async () => {
    const store = new MemoryBlobStore();
    const [a, b] = [new Device(store, layout, { compactEvery: 4 }), new Device(store, layout, { compactEvery: 4 })];
    for (let i = 0; i < 10; i++) {
      (i % 2 === 0 ? a : b).save(`${i % 3}`, { name: `${i}` });
      await settle([a, b]);
    }
    for (const key of await keysOf(store)) await store.delete(key);
    b.save('new', { name: 'new' });
    await settle([b, a]);
    const fresh = new Device(store, layout);
    await fresh.sync.once();
    expect(fresh.log.state()).toEqual(b.log.state());
    expect(a.log.state()).toEqual(b.log.state());
  });

  const operations: BlobOperation[] = ['get', 'list', 'put', 'putIfAbsent', 'putIfMatch', 'delete'];
  test.each(operations.flatMap((operation) => (['before', 'after'] as const).map((kind) => ({ operation, kind }))))(
    'a $operation that fails $kind its effect, wherever it comes, is made good by the next sync',
    async ({ operation, kind }) => {
      for (let failing = 0; ; failing++) {
        const inner = new MemoryBlobStore();
        let asked = 0;
        let isFailing = true;
        const faultOf = (asking: BlobOperation): BlobFault | undefined => {
          if (asking !== operation || !isFailing) return undefined;
          return asked++ === failing ? { kind } : undefined;
        };
        const store = new FaultyBlobStore(inner, faultOf);
        const limits = { compactEvery: 2, keepMs: 0, keepObjects: 1 };
        const [a, b] = [new Device(store, layout, limits), new Device(store, layout, limits)];
        let failures = 0;
        for (let i = 0; i < 6; i++) {
          const device = i % 2 === 0 ? a : b;
          device.save(`${i % 4}`, { name: `${i}` });
          await device.sync.once().catch((error: unknown) => {
            failures++;
            expect(error).toMatchObject({
              code: 'SYNC_STORAGE_FAILED',
              message: expect.stringContaining('on purpose') as string,
            });
          });
        }
        isFailing = false;
        await settle([a, b]);
        expect(a.log.state()).toEqual(b.log.state());
        const fresh = new Device(store, layout);
        await fresh.sync.once();
        expect(fresh.log.state()).toEqual(a.log.state());
        if (failures === 0) break;
        expect(failures).toBe(1);
      }
    },
  );

  test('a database that does not take changes is told of, its own are pushed, and the next sync goes on', async () => {
    const store = new MemoryBlobStore();
    const [a, b] = [new Device(store, layout), new Device(store, layout)];
    a.save('1', { name: 'x' });
    await a.sync.once();
    b.save('2', { name: 'y' });
    b.log.failure = new Error('database or disk is full');
    await expect(b.sync.once()).rejects.toMatchObject({ code: 'SYNC_DATABASE_FAILED', cause: b.log.failure });
    expect(b.sync.status.pushError).toBeUndefined();
    expect(await a.sync.once()).toEqual({ pulled: 1, pushed: 0 });
    expect(await b.sync.once()).toEqual({ pulled: 1, pushed: 0 });
    expect(b.sync.status.pullError).toBeUndefined();
  });

  test('a sync that is cancelled ends with the reason, and the next one goes on', async () => {
    const stopping = new AbortController();
    const reason = new Error('left');
    let puts = 0;
    const store = new FaultyBlobStore(new MemoryBlobStore(), (operation) => {
      if (operation.startsWith('put') && ++puts === 2) stopping.abort(reason);
      return undefined;
    });
    const [a, b] = [new Device(store, layout), new Device(store, layout)];
    for (let i = 0; i < 5; i++) a.save(`${i}`, { name: `${i}` });
    await expect(a.sync.once({ signal: stopping.signal })).rejects.toBe(reason);
    await settle([a, b]);
    expect(b.log.state()).toEqual(a.log.state());
    await expect(a.sync.once({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test('a put that the storage only says it did is noticed, and done again', async () => {
    let isLying = true;
    let lies = 0;
    const inner = new MemoryBlobStore();
    const store = new FaultyBlobStore(inner, (operation, key) => {
      const isLie = isLying && operation.startsWith('put') && !key.includes('remote-id');
      if (isLie) lies++;
      return isLie ? { kind: 'drop' } : undefined;
    });
    const [a, b] = [new Device(store, layout), new Device(store, layout)];
    a.save('1', { name: 'x' });
    await expect(a.sync.once()).rejects.toMatchObject({ code: 'SYNC_STORAGE_LOST_DATA' });
    expect(lies).toBeGreaterThan(0);
    isLying = false;
    await settle([a, b]);
    expect(b.log.state()).toEqual(a.log.state());
  });
});

test('an author whose id cannot name a file holds up nobody in the layout of DimpleDb', async () => {
  const store = new MemoryBlobStore();
  const [a, b] = [new Device(store, 'dimple'), new Device(store, 'dimple')];
  a.log.append([change('../../elsewhere', '1', { name: 'x' })]);
  a.save('2', { name: 'y' });
  await settle([a, b]);
  expect(Object.keys(b.log.state())).toEqual(['Artist/2/name']);
});
