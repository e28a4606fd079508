import { describe, expect, test } from 'vitest';
import type { BlobInfo, BlobStore } from '../blob-store.ts';

export interface BlobStoreContractOptions {
  /** How many bytes a blob has in the store, by how many were put; as many unless told. */
  readonly storedSize?: (size: number) => number;
}

/** Declares the tests of what `BlobStore` promises. `makeStore` gives a new, empty store for each. */
export function blobStoreContract(makeStore: () => Promise<BlobStore>, options: BlobStoreContractOptions = {}): void {
  const storedSize = options.storedSize ?? ((size) => size);

  describe('a blob', () => {
    test('is what was put, and the last put wins', async () => {
      const store = await makeStore();
      await store.put('a/b/c.bin', bytesOf('first'));
      await store.put('a/b/c.bin', bytesOf('second, and longer'));
      expect(textOf(await store.get('a/b/c.bin'))).toBe('second, and longer');
      await store.put('a/b/c.bin', bytesOf('third'));
      expect(textOf(await store.get('a/b/c.bin'))).toBe('third');
    });

    test('that is not there is undefined, also where a folder is', async () => {
      const store = await makeStore();
      expect(await store.get('a')).toBeUndefined();
      await store.put('a/b', bytesOf('x'));
      expect(await store.get('a')).toBeUndefined();
      expect(await store.get('a/c')).toBeUndefined();
      expect(await store.get('a/c', { start: 0, end: 1 })).toBeUndefined();
    });

    test('may be empty', async () => {
      const store = await makeStore();
      await store.put('empty', new Uint8Array(0));
      expect(await store.get('empty')).toEqual(new Uint8Array(0));
      expect(await store.get('empty', { start: 0, end: 5 })).toEqual(new Uint8Array(0));
      expect(await collect(store.list(''))).toMatchObject([{ key: 'empty', size: storedSize(0) }]);
    });

    test('keeps all 256 bytes, and is its owner’s after the put and after the get', async () => {
      const store = await makeStore();
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
      await store.put('all', bytes);
      bytes.fill(0);
      const read = await store.get('all');
      expect(read).toEqual(Uint8Array.from({ length: 256 }, (_, i) => i));
      read?.fill(7);
      expect((await store.get('all'))?.[255]).toBe(255);
    });

    test('of some megabytes comes back the same', async () => {
      const store = await makeStore();
      const bytes = new Uint8Array(5_000_003);
      for (let i = 0, state = 1; i < bytes.length; i++) {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        bytes[i] = state >>> 24;
      }
      await store.put('large', bytes);
      const read = await store.get('large');
      expect(Buffer.compare(Buffer.from(read!), Buffer.from(bytes))).toBe(0); // it was put above
      const range = await store.get('large', { start: 4_194_301, end: 4_194_311 });
      expect(range).toEqual(bytes.slice(4_194_301, 4_194_311));
    });

    test.each([
      { start: 0, end: 3, expected: '012' },
      { start: 3, end: 4, expected: '3' },
      { start: 8, end: 10, expected: '89' },
      { start: 8, end: 99, expected: '89' },
      { start: 0, end: 99, expected: '0123456789' },
      { start: 10, end: 12, expected: '' },
      { start: 99, end: 100, expected: '' },
      { start: 4, end: 4, expected: '' },
    ])('from $start to $end of ten bytes is "$expected"', async ({ start, end, expected }) => {
      const store = await makeStore();
      await store.put('ten', bytesOf('0123456789'));
      expect(textOf(await store.get('ten', { start, end }))).toBe(expected);
    });

    test.each([
      { start: -1, end: 2 },
      { start: 3, end: 2 },
      { start: 0.5, end: 2 },
      { start: 0, end: Number.NaN },
    ])('from $start to $end is refused', async (range) => {
      const store = await makeStore();
      await store.put('ten', bytesOf('0123456789'));
      await expect(store.get('ten', range)).rejects.toBeInstanceOf(RangeError);
    });
  });

  describe('putIfAbsent', () => {
    test('puts what is not there, and leaves what is', async () => {
      const store = await makeStore();
      expect(await store.putIfAbsent('a/once', bytesOf('first'))).toBe(true);
      expect(await store.putIfAbsent('a/once', bytesOf('second'))).toBe(false);
      expect(textOf(await store.get('a/once'))).toBe('first');
      await store.delete('a/once');
      expect(await store.putIfAbsent('a/once', bytesOf('third'))).toBe(true);
      expect(textOf(await store.get('a/once'))).toBe('third');
    });

    test('has one winner among many at once, and the blob is the winner’s', async () => {
      const store = await makeStore();
      const writers = Array.from({ length: 12 }, (_, i) => `writer ${i} `.repeat(1000));
      const outcomes = await Promise.all(writers.map((text) => store.putIfAbsent('race', bytesOf(text))));
      expect(outcomes.filter(Boolean)).toHaveLength(1);
      expect(textOf(await store.get('race'))).toBe(writers[outcomes.indexOf(true)]);
    });
  });

  describe('putIfMatch', () => {
    const etagOf = async (store: BlobStore, key: string): Promise<string> => {
      const info = (await collect(store.list(key))).find((blob) => blob.key === key);
      return info!.etag; // it was put
    };

    test('puts over the blob that was listed, and over no other', async () => {
      const store = await makeStore();
      await store.put('a/b', bytesOf('first'));
      const first = await etagOf(store, 'a/b');
      expect(await store.putIfMatch('a/b', bytesOf('second'), first)).toBe(true);
      expect(await store.putIfMatch('a/b', bytesOf('third'), first)).toBe(false);
      expect(textOf(await store.get('a/b'))).toBe('second');
      const second = await etagOf(store, 'a/b');
      expect(second).not.toBe(first);
      await store.put('a/b', bytesOf('fourth'));
      expect(await store.putIfMatch('a/b', bytesOf('fifth'), second)).toBe(false);
      expect(textOf(await store.get('a/b'))).toBe('fourth');
    });

    test('puts nothing where nothing is, or no more', async () => {
      const store = await makeStore();
      await store.put('a/b', bytesOf('first'));
      const etag = await etagOf(store, 'a/b');
      await store.delete('a/b');
      expect(await store.putIfMatch('a/b', bytesOf('second'), etag)).toBe(false);
      expect(await store.putIfMatch('c/d/e', bytesOf('second'), etag)).toBe(false);
      expect(await keysOf(store.list(''))).toEqual([]);
    });

    test('has one winner among many at once, and the blob is the winner’s', async () => {
      const store = await makeStore();
      await store.put('race', bytesOf('start'));
      const etag = await etagOf(store, 'race');
      const writers = Array.from({ length: 12 }, (_, i) => `writer ${i} `.repeat(1000));
      const outcomes = await Promise.all(writers.map((text) => store.putIfMatch('race', bytesOf(text), etag)));
      expect(outcomes.filter(Boolean)).toHaveLength(1);
      expect(textOf(await store.get('race'))).toBe(writers[outcomes.indexOf(true)]);
      expect(await keysOf(store.list(''))).toEqual(['race']);
    });

    test('counts to as many as there were increments, whoever else counts', async () => {
      const store = await makeStore();
      await store.put('count', bytesOf('0'));
      await Promise.all(
        Array.from({ length: 4 }, async () => {
          for (let done = 0; done < 5;) {
            const etag = await etagOf(store, 'count');
            const next = Number(textOf(await store.get('count'))) + 1;
            if (await store.putIfMatch('count', bytesOf(String(next)), etag)) done++;
          }
        }),
      );
      expect(textOf(await store.get('count'))).toBe('20');
    });
  });

  test('after it was aborted, nothing is done and its reason is given', async () => {
    const store = await makeStore();
    await store.put('a/b', bytesOf('x'));
    const [info] = await collect(store.list('a/b'));
    const reason = new Error('left');
    const signal = AbortSignal.abort(reason);
    await expect(store.get('a/b', undefined, signal)).rejects.toBe(reason);
    await expect(store.put('a/b', bytesOf('y'), signal)).rejects.toBe(reason);
    await expect(store.putIfAbsent('a/c', bytesOf('y'), signal)).rejects.toBe(reason);
    await expect(store.putIfMatch('a/b', bytesOf('y'), info!.etag, signal)).rejects.toBe(reason); // it was put
    await expect(store.delete('a/b', signal)).rejects.toBe(reason);
    await expect(keysOf(store.list('', undefined, signal))).rejects.toBe(reason);
    expect(textOf(await store.get('a/b'))).toBe('x');
    expect(await keysOf(store.list(''))).toEqual(['a/b']);
  });

  test('of many puts of one key at once, one wins whole', async () => {
    const store = await makeStore();
    const writers = Array.from({ length: 8 }, (_, i) => `writer ${i} `.repeat(5000));
    await Promise.all(writers.map((text) => store.put('race', bytesOf(text))));
    expect(writers).toContain(textOf(await store.get('race')));
    expect(await keysOf(store.list(''))).toEqual(['race']);
  });

  describe('delete', () => {
    test('removes one blob, and nothing else', async () => {
      const store = await makeStore();
      await store.put('a/b', bytesOf('1'));
      await store.put('a/bc', bytesOf('2'));
      await store.delete('a/b');
      expect(await store.get('a/b')).toBeUndefined();
      expect(await keysOf(store.list(''))).toEqual(['a/bc']);
    });

    test('of what is not there is no error, also where a folder is', async () => {
      const store = await makeStore();
      await store.delete('a');
      await store.put('a/b', bytesOf('1'));
      await store.delete('a');
      await store.delete('a/c/d');
      expect(await keysOf(store.list(''))).toEqual(['a/b']);
    });
  });

  describe('list', () => {
    // In this order a folder's `/` comes behind `-` and `.`, and before digits and letters.
    const keys = [
      'A',
      'a',
      'a+1/x',
      'a-b/x',
      'a.b',
      'a/b/c',
      'a/b/d',
      'a/c',
      'a0',
      'aa',
      'b/0000000010',
      'b/9',
      'c=d@e',
    ];
    async function filled(): Promise<BlobStore> {
      const store = await makeStore();
      const withoutConflict = keys.filter((key) => key !== 'a');
      for (const key of withoutConflict.toReversed()) await store.put(key, bytesOf(key));
      return store;
    }

    test.each([
      { prefix: '', after: undefined },
      { prefix: 'a', after: undefined },
      { prefix: 'a/', after: undefined },
      { prefix: 'a/b', after: undefined },
      { prefix: 'a/b/', after: undefined },
      { prefix: 'a/b/c', after: undefined },
      { prefix: 'a-', after: undefined },
      { prefix: 'nothing', after: undefined },
      { prefix: 'nothing/there', after: undefined },
      { prefix: '', after: 'a/b/c' },
      { prefix: '', after: 'a/b' },
      { prefix: '', after: 'a-b/y' },
      { prefix: 'a/', after: 'a/b/d' },
      { prefix: 'a/', after: 'A' },
      { prefix: 'a/', after: 'b/9' },
      { prefix: '', after: 'z' },
    ])('with prefix "$prefix" after $after', async ({ prefix, after }) => {
      const store = await filled();
      const expected = keys.filter((key) => key !== 'a' && key.startsWith(prefix) && key > (after ?? ''));
      expect(await keysOf(store.list(prefix, after))).toEqual(expected);
    });

    test('says how large blobs are and when they were put', async () => {
      const before = Date.now();
      const store = await makeStore();
      await store.put('a/b', bytesOf('hello'));
      const [info] = await collect(store.list('a/'));
      expect(info).toMatchObject({ key: 'a/b', size: storedSize(5) });
      // The store's clock is its own, and may count whole seconds.
      expect(Math.abs(info!.modifiedAt - before)).toBeLessThan(60_000); // it was listed
    });

    test('of very many blobs misses none and has none twice', async () => {
      const store = await makeStore();
      const many = Array.from({ length: 1203 }, (_, i) => `many/${i.toString().padStart(5, '0')}`);
      for (let i = 0; i < many.length; i += 50) {
        await Promise.all(many.slice(i, i + 50).map((key) => store.put(key, bytesOf(key))));
      }
      expect(await keysOf(store.list('many/'))).toEqual(many);
      expect(await keysOf(store.list('many/', many[1001]))).toEqual(many.slice(1002));
    });

    test('can be left early, and while blobs are deleted', async () => {
      const store = await filled();
      for await (const { key } of store.list('a')) {
        await store.delete(key);
        if (key === 'a/b/d') break;
      }
      expect(await keysOf(store.list('a'))).toEqual(['a/c', 'a0', 'aa']);
    });
  });

  describe('keys', () => {
    const bad = ['', '/', '/a', 'a/', 'a//b', '.', '..', '../a', 'a/../b', 'a/./b', '.hidden', 'a/.hidden', 'a\\b'];
    const worse = [
      'a b',
      'a\u0000b',
      'ä',
      'a%2e%2e',
      'a?b',
      'a#b',
      'a:b',
      'a\n',
      'x'.repeat(201),
      'x/'.repeat(450) + 'x',
    ];

    test.each([...bad, ...worse])('%j is refused everywhere', async (key) => {
      const store = await makeStore();
      const refusal = { code: 'BLOB_INVALID_KEY' };
      await expect(store.get(key)).rejects.toMatchObject(refusal);
      await expect(store.put(key, bytesOf('x'))).rejects.toMatchObject(refusal);
      await expect(store.putIfAbsent(key, bytesOf('x'))).rejects.toMatchObject(refusal);
      await expect(store.putIfMatch(key, bytesOf('x'), 'etag')).rejects.toMatchObject(refusal);
      await expect(store.delete(key)).rejects.toMatchObject(refusal);
      expect(await keysOf(store.list(''))).toEqual([]);
    });

    test.each(['..', '../', 'a/../b', '/', '/a', 'a//', 'a b', '.x'])('%j is refused as a prefix', async (prefix) => {
      const store = await makeStore();
      await expect(keysOf(store.list(prefix))).rejects.toMatchObject({ code: 'BLOB_INVALID_KEY' });
    });

    test('may have the longest names and be as long as they may', async () => {
      const store = await makeStore();
      const key = `${'n'.repeat(200)}/${'a.b_c=d+e@f-g'.repeat(15)}/${'x/'.repeat(200)}end`;
      await store.put(key, bytesOf('x'));
      expect(textOf(await store.get(key))).toBe('x');
      expect(await keysOf(store.list(''))).toEqual([key]);
    });
  });
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

async function collect(blobs: AsyncIterable<BlobInfo>): Promise<BlobInfo[]> {
  const found: BlobInfo[] = [];
  for await (const blob of blobs) found.push(blob);
  return found;
}

async function keysOf(blobs: AsyncIterable<BlobInfo>): Promise<string[]> {
  return (await collect(blobs)).map(({ key }) => key);
}
