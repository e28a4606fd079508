import { type BlobStore, type ByteRange, MemoryBlobStore } from '@lightcone/blobs';
import { type BlobOperation, FaultyBlobStore } from '@lightcone/blobs/testing';
import { expect, test } from 'vitest';
import { decodeManifest, manifestKey } from './snapshot-manifest.ts';
import { platformSha256 } from './sha256.ts';
import { type SnapshotObject, type SnapshotPiece, objectKey } from './snapshot-object.ts';
import { SnapshotStore } from './snapshot-store.ts';
import { MAX_OBJECT_BYTES } from './snapshot-writer.ts';

const DATABASE = Uint8Array.from({ length: 32 }, (_, i) => i);

test('what was added is read back, piece by piece', async () => {
  const blobs = new MemoryBlobStore();
  const store = new SnapshotStore(blobs);
  const writer = await store.write();
  const small = writer.add(filled(100, 1), 10, 60, false);
  const none = writer.add(filled(0, 0), 0, 0, false);
  const large = writer.add(filled(MAX_OBJECT_BYTES + 5, 2), 0, MAX_OBJECT_BYTES + 5, false);
  const immutable = writer.add(filled(MAX_OBJECT_BYTES * 2 + 1, 3), 1, MAX_OBJECT_BYTES * 2 + 1, true);
  await writer.storeAll();
  await writer.finish(manifestOf(7, [...small, ...none, ...large, ...immutable]));
  expect(writer.pendingBytes).toBe(0);

  const reader = await new SnapshotStore(blobs).open(7);
  expect(reader.manifest).toMatchObject({ database: DATABASE, txOffset: 7, takenAtMicros: 1_234_567_890_123_456 });
  const read = async (pieces: readonly SnapshotPiece[]): Promise<Uint8Array> => {
    const parts = await Promise.all(
      pieces.map(async ({ object, start, end }) => (await reader.read(object)).subarray(start, end)),
    );
    return new Uint8Array(Buffer.concat(parts));
  };
  expect(await read(small)).toEqual(filled(50, 1));
  expect(await read(none)).toEqual(filled(0, 0));
  expect(Buffer.compare(await read(large), filled(MAX_OBJECT_BYTES + 5, 2))).toBe(0);
  expect(Buffer.compare(await read(immutable), filled(MAX_OBJECT_BYTES * 2, 3))).toBe(0);
  expect(await store.verify(7)).toEqual([]);
});

test('bytes are copied when they are added, and only what may not change is not', async () => {
  const store = new SnapshotStore(new MemoryBlobStore());
  const writer = await store.write();
  const page = filled(10, 1);
  const [piece] = writer.add(page, 0, 10, false);
  page.fill(9);
  await writer.storeAll();
  await writer.finish(manifestOf(0, [piece!]));
  const reader = await store.open(0);
  expect(await reader.read(reader.manifest.objects[0]!)).toEqual(filled(10, 1));
});

test('a page that fits an object is in one object', async () => {
  const writer = await new SnapshotStore(new MemoryBlobStore()).write();
  const page = filled(65_536 + 1, 1);
  for (let i = 0; i < 200; i++) expect(writer.add(page, 0, page.length, false)).toHaveLength(1);
});

test('what was read to be verified, and what was stored, is given back at once', async () => {
  const blobs = new RememberingBlobStore();
  const store = new SnapshotStore(blobs);
  const writer = await store.write();
  const pieces = [1, 2, 3].flatMap((value) => writer.add(filled(MAX_OBJECT_BYTES, value), 0, MAX_OBJECT_BYTES, false));
  await writer.storeAll();
  // One of the writer's buffers waits to be filled again.
  expect(blobs.bytesPut.map(({ length }) => length)).toEqual([MAX_OBJECT_BYTES, 0, 0]);
  await writer.finish(manifestOf(0, pieces));
  expect(await store.verify(0)).toEqual([]);
  expect(blobs.bytesGot.slice(-3).map(({ length }) => length)).toEqual([0, 0, 0]);
});

test('the same content has the same name, and a snapshot can consist of objects of the one before', async () => {
  const blobs = new MemoryBlobStore();
  const store = new SnapshotStore(blobs);
  const first = await writeSnapshot(store, 1, [filled(1000, 1)]);
  const writer = await store.write(first);
  const [piece] = writer.add(filled(1000, 1), 0, 1000, false);
  await writer.storeAll();
  expect(piece!.object.id).toBe(first[0]!.id);
  await writer.finish(manifestOf(2, [piece!, { object: first[0]!, start: 0, end: 1000 }]));
  expect(await store.list()).toEqual([1, 2]);
  expect(await objectKeys(blobs)).toHaveLength(1);
});

test('every flipped bit, every cut and every missing object is found', async () => {
  const blobs = new MemoryBlobStore();
  const store = new SnapshotStore(blobs);
  const [object] = await writeSnapshot(store, 5, [filled(20, 1)]);
  for (const key of [manifestKey(5), objectKey(object!.id)]) {
    const good = (await blobs.get(key))!;
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = good.slice();
      bad[bit >> 3]! ^= 1 << (bit & 7);
      await blobs.put(key, bad);
      expect(await store.verify(5)).toMatchObject([{ code: 'SNAPSHOT_DAMAGED' }]);
    }
    for (let length = 0; length < good.length; length++) {
      await blobs.put(key, good.slice(0, length));
      expect(await store.verify(5)).toMatchObject([{ code: 'SNAPSHOT_DAMAGED' }]);
    }
    await blobs.delete(key);
    expect(await store.verify(5)).toHaveLength(1);
    await blobs.put(key, good);
    expect(await store.verify(5)).toEqual([]);
  }
});

test('a manifest under the name of another is refused', async () => {
  const blobs = new MemoryBlobStore();
  const store = new SnapshotStore(blobs);
  await writeSnapshot(store, 5, [filled(20, 1)]);
  await blobs.put(manifestKey(6), (await blobs.get(manifestKey(5)))!);
  await expect(store.open(6)).rejects.toMatchObject({ code: 'SNAPSHOT_DAMAGED' });
});

test('a manifest of a later version, or with numbers that cannot be, is refused though its checksum is right', async () => {
  const blobs = new MemoryBlobStore();
  await writeSnapshot(new SnapshotStore(blobs), 5, [filled(20, 1)]);
  const good = (await blobs.get(manifestKey(5)))!;
  const withChange = async (at: number, value: number): Promise<Uint8Array> => {
    const bytes = good.slice();
    new DataView(bytes.buffer).setUint32(at, value, true);
    bytes.set(await platformSha256(bytes.slice(0, -32)), bytes.length - 32);
    return bytes;
  };
  const code = async (at: number, value: number): Promise<unknown> =>
    decodeManifest('key', await withChange(at, value), platformSha256).catch((error: unknown) => error);
  expect(await code(0, 0)).toMatchObject({ code: 'SNAPSHOT_DAMAGED' });
  expect(await code(8, 2)).toMatchObject({ code: 'SNAPSHOT_UNSUPPORTED' });
  expect(await code(60, 0xffff_ffff)).toMatchObject({ code: 'SNAPSHOT_DAMAGED' });
  expect(await code(60, 0)).toMatchObject({ code: 'SNAPSHOT_DAMAGED' });
});

test('a collection removes what no snapshot needs', async () => {
  const blobs = new MemoryBlobStore();
  const store = new SnapshotStore(blobs);
  const [shared] = await writeSnapshot(store, 1, [filled(10, 1)]);
  const writer = await store.write([shared!]);
  const [own] = writer.add(filled(20, 2), 0, 20, false);
  await writer.storeAll();
  await writer.finish(manifestOf(2, [{ object: shared!, start: 0, end: 10 }, own!]));
  const abandoned = await store.write();
  abandoned.add(filled(30, 3), 0, 30, false);
  await abandoned.storeAll();

  expect(await store.collect()).toBe(0); // whoever writes needs it
  abandoned.abandon();
  expect(await store.collect()).toBe(30);
  await store.remove(1);
  expect(await store.collect()).toBe(0);
  expect(await store.verify(2)).toEqual([]);
  await store.remove(2);
  expect(await store.collect()).toBe(30);
  expect(await objectKeys(blobs)).toEqual([]);
});

test('with a manifest that cannot be read nothing is removed; set aside, it does not count', async () => {
  const blobs = new MemoryBlobStore();
  const store = new SnapshotStore(blobs);
  await writeSnapshot(store, 1, [filled(10, 1)]);
  const manifest = (await blobs.get(manifestKey(1)))!;
  await blobs.put(manifestKey(1), manifest.subarray(1));
  await expect(store.collect()).rejects.toMatchObject({ code: 'SNAPSHOT_DAMAGED' });
  expect(await objectKeys(blobs)).toHaveLength(1);
  await store.invalidate(1);
  expect(await store.list()).toEqual([]);
  expect(await blobs.get(`${manifestKey(1)}.invalid`)).toEqual(manifest.slice(1));
  expect(await store.collect()).toBe(10);
});

test('a collection leaves what a snapshot needs that is finished while it runs', async () => {
  const gate = Promise.withResolvers<void>();
  const listed = Promise.withResolvers<void>();
  const blobs = new FaultyBlobStore(new MemoryBlobStore(), (operation, key) => {
    if (operation !== 'list' || key !== '') return undefined;
    listed.resolve();
    return undefined;
  });
  const slow = new FaultyBlobStore(blobs, (operation, key) =>
    operation === 'get' && key === manifestKey(1) ? { kind: 'wait', until: gate.promise } : undefined,
  );
  const store = new SnapshotStore(slow);
  await writeSnapshot(store, 1, [filled(10, 1)]);
  const writer = await store.write();
  const [piece] = writer.add(filled(20, 2), 0, 20, false);
  await writer.storeAll();
  const collection = store.collect();
  await listed.promise;
  await writer.finish(manifestOf(2, [piece!]));
  gate.resolve();
  await collection;
  expect(await store.verify(2)).toEqual([]);
});

test('an object that is being removed is stored again when it is needed again', async () => {
  const gate = Promise.withResolvers<void>();
  const deleting = Promise.withResolvers<void>();
  const blobs = new FaultyBlobStore(new MemoryBlobStore(), (operation) => {
    if (operation !== 'delete') return undefined;
    deleting.resolve();
    return { kind: 'wait', until: gate.promise };
  });
  const store = new SnapshotStore(blobs);
  const leftOver = await store.write();
  leftOver.add(filled(10, 1), 0, 10, false);
  await leftOver.storeAll();
  leftOver.abandon();
  const collection = store.collect();
  await deleting.promise;
  const writing = writeSnapshot(store, 1, [filled(10, 1)]);
  gate.resolve();
  await Promise.all([collection, writing]);
  expect(await store.verify(1)).toEqual([]);
});

test('a copy has the same manifest and objects, and what is there already is not put again', async () => {
  const source = new SnapshotStore(new MemoryBlobStore());
  const [shared] = await writeSnapshot(source, 1, [filled(10, 1)]);
  const writer = await source.write([shared!]);
  const [own] = writer.add(filled(20, 2), 0, 20, false);
  await writer.storeAll();
  await writer.finish(manifestOf(2, [{ object: shared!, start: 0, end: 10 }, own!]));

  const puts: string[] = [];
  const targetBlobs = new FaultyBlobStore(new MemoryBlobStore(), (operation, key) => {
    if (operation === 'put') puts.push(key);
    return undefined;
  });
  const target = new SnapshotStore(targetBlobs);
  await source.copyTo(target, 1);
  expect(puts).toEqual([objectKey(shared!.id), manifestKey(1)]);
  await source.copyTo(target, 2);
  expect(puts.slice(2)).toEqual([objectKey(own!.object.id), manifestKey(2)]);
  expect(await target.verify(1)).toEqual([]);
  expect(await target.verify(2)).toEqual([]);
  await expect(source.copyTo(target, 3)).rejects.toMatchObject({ code: 'SNAPSHOT_MISSING' });
});

test('an object that is being removed is written anew when its removal is over', async () => {
  const removing = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const puts: string[] = [];
  const blobs = new FaultyBlobStore(new MemoryBlobStore(), (operation, key) => {
    if (operation === 'put') puts.push(key);
    if (operation !== 'delete' || !key.startsWith('objects/')) return undefined;
    removing.resolve();
    return { kind: 'wait', until: gate.promise };
  });
  const store = new SnapshotStore(blobs);
  await writeSnapshot(store, 1, [filled(10, 1)]);
  await store.remove(1);
  const collecting = store.collect();
  await removing.promise;
  const before = puts.length;
  const writing = writeSnapshot(store, 2, [filled(10, 1)]);
  // It has all the time that it needs, and waits nevertheless.
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(puts).toHaveLength(before);
  gate.resolve();
  await Promise.all([collecting, writing]);
  expect(await store.verify(2)).toEqual([]);
});

test('what a copy finds of an object that is not whole is written over', async () => {
  const source = new SnapshotStore(new MemoryBlobStore());
  const [object] = await writeSnapshot(source, 1, [filled(10, 1)]);
  const targetBlobs = new MemoryBlobStore();
  await targetBlobs.put(objectKey(object!.id), filled(5, 1));
  const target = new SnapshotStore(targetBlobs);
  await source.copyTo(target, 1);
  expect(await target.verify(1)).toEqual([]);
});

test('a damaged snapshot is not copied', async () => {
  const blobs = new MemoryBlobStore();
  const source = new SnapshotStore(blobs);
  const [object] = await writeSnapshot(source, 1, [filled(10, 1)]);
  await blobs.put(objectKey(object!.id), filled(10, 2));
  const target = new SnapshotStore(new MemoryBlobStore());
  await expect(source.copyTo(target, 1)).rejects.toMatchObject({ code: 'SNAPSHOT_DAMAGED' });
  expect(await target.list()).toEqual([]);
});

test('a snapshot that is removed while it is copied is missing, not damaged', async () => {
  const blobs = new MemoryBlobStore();
  const source = new SnapshotStore(blobs);
  await writeSnapshot(source, 1, [filled(10, 1)]);
  const other = new SnapshotStore(blobs); // of another thread: it knows no pins of ours
  const targetBlobs = new FaultyBlobStore(new MemoryBlobStore(), (operation) =>
    operation === 'list'
      ? { kind: 'wait', until: other.remove(1).then(async () => void (await other.collect())) }
      : undefined,
  );
  await expect(source.copyTo(new SnapshotStore(targetBlobs), 1)).rejects.toMatchObject({ code: 'SNAPSHOT_MISSING' });
});

test.each(['before', 'after'] as const)(
  'a crash %s any operation leaves the snapshots that were there, and the new one whole or not at all',
  async (kind) => {
    for (let lastOperation = 0; ; lastOperation++) {
      const blobs = new MemoryBlobStore();
      const [shared] = await writeSnapshot(new SnapshotStore(blobs), 1, [filled(10, 1)]);
      let operations = 0;
      const dying: BlobStore = new FaultyBlobStore(blobs, (_operation: BlobOperation) => {
        operations++;
        if (operations <= lastOperation) return undefined;
        return { kind: operations === lastOperation + 1 ? kind : 'before' };
      });
      const isDone = await writeNextAndRemoveOld(new SnapshotStore(dying), shared!).then(
        () => true,
        () => false,
      );

      const after = new SnapshotStore(blobs);
      const offsets = await after.list();
      expect(offsets.length).toBeGreaterThan(0);
      for (const offset of offsets) expect(await after.verify(offset)).toEqual([]);
      await after.collect();
      for (const offset of offsets) expect(await after.verify(offset)).toEqual([]);
      if (!isDone) continue;
      expect(offsets).toEqual([2]);
      expect(lastOperation).toBeGreaterThan(5);
      break;
    }
  },
);

async function writeNextAndRemoveOld(store: SnapshotStore, shared: SnapshotObject): Promise<void> {
  const writer = await store.write([shared]);
  const pieces = [filled(MAX_OBJECT_BYTES, 4), filled(5, 5)].flatMap((bytes) =>
    writer.add(bytes, 0, bytes.length, false),
  );
  await writer.storeAll();
  await writer.finish(manifestOf(2, [{ object: shared, start: 0, end: 10 }, ...pieces]));
  expect(await store.verify(2)).toEqual([]);
  await store.remove(1);
  await store.collect();
}

async function writeSnapshot(
  store: SnapshotStore,
  txOffset: number,
  pages: readonly Uint8Array<ArrayBuffer>[],
): Promise<readonly SnapshotObject[]> {
  const writer = await store.write();
  const pieces = pages.flatMap((page) => writer.add(page, 0, page.length, false));
  await writer.storeAll();
  const manifest = manifestOf(txOffset, pieces);
  await writer.finish(manifest);
  return manifest.objects;
}

function manifestOf(txOffset: number, pieces: readonly SnapshotPiece[]) {
  return {
    database: DATABASE,
    txOffset,
    takenAtMicros: 1_234_567_890_123_456,
    objects: [...new Set(pieces.map(({ object }) => object))],
    contents: Uint8Array.of(1, 2, 3),
  };
}

function filled(length: number, value: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).fill(value);
}

async function objectKeys(blobs: BlobStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of blobs.list('objects/')) keys.push(key);
  return keys;
}

/** Remembers the bytes that it was given, and those that it gave. */
class RememberingBlobStore extends MemoryBlobStore {
  readonly bytesPut: Uint8Array[] = [];
  readonly bytesGot: Uint8Array[] = [];

  override async get(key: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    const bytes = await super.get(key, range);
    if (bytes !== undefined) this.bytesGot.push(bytes);
    return bytes;
  }

  override async put(key: string, bytes: Uint8Array): Promise<void> {
    await super.put(key, bytes);
    if (key.startsWith('objects/')) this.bytesPut.push(bytes);
  }
}
