import { fc, test as property } from '@fast-check/vitest';
import { MemoryBlobStore } from '@lightcone/blobs';
import { SnapshotStore } from '@lightcone/commitlog';
import { type AlgebraicValue, ByteReader, type RowType, types } from '@lightcone/sats';
import { type Replay, Store } from '@lightcone/store';
import { blake3 } from '@noble/hashes/blake3.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { btree, sequence, unique } from '../../schema/test/raw-modules.ts';
import { recover } from '../src/recovery.ts';
import { convertSpacetimeSnapshot } from '../src/spacetime-snapshot/index.ts';
import { restoreSpacetimeSnapshot } from '../src/spacetime-snapshot/restore-spacetime-snapshot.ts';
import { rowLayout } from '../src/spacetime-snapshot/row-layout.ts';
import { restoreSnapshot } from '../src/snapshots/restore-snapshot.ts';
import { testIdentity } from '../src/testing/index.ts';
import { anyModule } from './support/any-module.ts';
import { LoggedDatabase } from './support/logged-database.ts';
import { type BuiltSnapshot, type BuiltTable, buildSpacetimeSnapshot } from './support/spacetime-snapshot-builder.ts';
import { type Columns, tables } from './support/tables.ts';
import { CommitLog } from '@lightcone/commitlog';

const SHAPE = types.sum([['none', types.unit], ['circle', types.u64], ['label', types.string]]); // prettier-ignore
/** Every kind of column, with gaps between them. */
const MIXED: Columns = [
  ['id', types.u64],
  ['flag', types.bool],
  ['big', types.u256],
  ['small', types.u16],
  ['text', types.string],
  ['numbers', types.array(types.u32)],
  ['shape', SHAPE],
  ['maybe', types.option(types.string)],
  ['real', types.f64],
  ['data', types.bytes],
  ['wide', types.i128],
];

function mixedRow(i: number): Record<string, AlgebraicValue> {
  const shapes = [{ tag: 'none', value: {} }, { tag: 'circle', value: BigInt(i) }, { tag: 'label', value: `label ${i}` }]; // prettier-ignore
  return {
    id: BigInt(i),
    flag: i % 2 === 0,
    big: 2n ** 200n + BigInt(i),
    small: i,
    text: 'x'.repeat(i % 7 === 3 ? 1500 + i : i % 200),
    numbers: Array.from({ length: i % 5 }, (_, n) => n * i),
    shape: shapes[i % 3]!,
    maybe: i % 4 === 0 ? { tag: 'none', value: {} } : { tag: 'some', value: `maybe ${i}` },
    real: i / 3,
    data: new Uint8Array(i % 11 === 5 ? 5000 : i % 70).fill(i),
    wide: -BigInt(i),
  };
}

const program = anyModule(
  tables(
    [{ name: 'mixed', primaryKey: [0], indexes: [btree(0)], constraints: [unique(0)] }, MIXED],
    [{ name: 'person', primaryKey: [0], indexes: [{ ...btree(0), name: 'p' }], constraints: [unique(0)], sequences: [sequence()] }, [['id', types.u64], ['name', types.string]]], // prettier-ignore
  ),
);

let database: LoggedDatabase;
/** As the log of the database gives it. */
let replayed: Store;
let built: BuiltSnapshot;
let txOffset: number;

beforeAll(async () => {
  database = await LoggedDatabase.create(program);
  await database.insert('mixed', MIXED, ...Array.from({ length: 150 }, (_, i) => mixedRow(i)));
  await database.insert('person', [['id', types.u64], ['name', types.string]], { id: 0n, name: 'Ann' }); // prettier-ignore
  await database.embedded.close();
  await using log = await CommitLog.open(database.disk, 'log');
  replayed = new Store();
  await recover(replayed, log);
  txOffset = log.nextTxOffset - 1;
  built = buildSpacetimeSnapshot(testIdentity('database').bytes, txOffset, tablesOf(replayed));
});
afterAll(() => database?.[Symbol.asyncDispose]());

/** All tables but the ephemeral ones, in no particular order. */
function tablesOf(store: Store): BuiltTable[] {
  const list = [...store.tables.values()].filter(({ definition }) => !definition.isEphemeral);
  return list.toReversed().map((table) => ({
    id: table.definition.id,
    type: table.definition.row.type as BuiltTable['type'],
    rows: rowsOf(store, table.definition.id, table.definition.row),
  }));
}

function rowsOf(store: Store, id: number, type: RowType): AlgebraicValue[] {
  const table = store.table(id);
  const rows: AlgebraicValue[] = [];
  for (let row = table.first(); row >= 0; row = table.next(row)) {
    rows.push(type.decode(new ByteReader(table.bytes(row), table.start(row), table.end(row))));
  }
  return rows;
}

/** The bytes of all rows, by table. */
function dump(store: Store): Record<string, string[]> {
  const tablesById: Record<string, string[]> = {};
  for (const table of store.tables.values()) {
    const rows: string[] = [];
    for (let row = table.first(); row >= 0; row = table.next(row)) {
      rows.push(Buffer.from(table.bytes(row).subarray(table.start(row), table.end(row))).toString('hex'));
    }
    tablesById[table.definition.name] = rows.toSorted();
  }
  return tablesById;
}

function filesOf({ manifest, objects }: BuiltSnapshot) {
  return { manifest, readObject: (hash: string) => Promise.resolve(objects.get(hash)) };
}

async function restored(snapshot: BuiltSnapshot): Promise<Store> {
  const store = new Store();
  const replay: Replay = store.replay();
  await restoreSpacetimeSnapshot(filesOf(snapshot), store, replay);
  return store;
}

test('a snapshot gives the rows that the log gives', async () => {
  expect(dump(await restored(built))).toEqual(dump(replayed));
});

test('it becomes a snapshot of ours at the same transaction', async () => {
  const blobs = new SnapshotStore(new MemoryBlobStore());
  const manifest = await convertSpacetimeSnapshot(filesOf(built), blobs, 1_700_000_000_000_000);
  expect(manifest).toMatchObject({ txOffset, databaseIdentity: testIdentity('database').toHex() });
  expect(await blobs.list()).toEqual([txOffset]);
  expect(await blobs.verify(txOffset)).toEqual([]);
  const store = new Store();
  await restoreSnapshot(await blobs.open(txOffset), store, store.replay());
  expect(dump(store)).toEqual(dump(replayed));
});

test.each([
  { what: 'an integer', columns: [types.u32], size: 4 },
  { what: 'less than a free slot needs', columns: [types.bool], size: 2 },
  { what: 'a gap before a larger field', columns: [types.u8, types.u64], size: 16 },
  { what: 'a gap behind the last field', columns: [types.u64, types.u8], size: 16 },
  { what: 'an identity', columns: [types.u8, types.u256], size: 64 },
  { what: 'a text', columns: [types.string], size: 4 },
  { what: 'a plain enum', columns: [types.sum([['a', types.unit], ['b', types.unit]])], size: 2 }, // prettier-ignore
  { what: 'an option of a u64', columns: [types.option(types.u64)], size: 16 },
  { what: 'an option of a text', columns: [types.option(types.string)], size: 6 },
])('rows of $what take $size bytes', ({ columns, size }) => {
  expect(rowLayout(types.product(columns.map((type, i) => [`c${i}`, type])) as never).size).toBe(size);
});

describe('what does not fit is refused', () => {
  function changed(change: (manifest: Buffer, objects: Map<string, Uint8Array>) => void): BuiltSnapshot {
    const manifest = Buffer.from(built.manifest);
    const objects = new Map(built.objects);
    change(manifest, objects);
    return { manifest, objects };
  }
  function rehash(manifest: Buffer): void {
    Buffer.from(blake3(manifest.subarray(32))).copy(manifest);
  }
  const INVALID = { code: 'ENGINE_INVALID_SNAPSHOT' };

  test.each<{ what: string; snapshot: () => BuiltSnapshot; message: RegExp }>([
    {
      what: 'a manifest with a flipped bit',
      snapshot: () => changed((manifest) => void (manifest[50]! ^= 1)),
      message: /hash at its head/,
    },
    {
      what: 'an empty manifest',
      snapshot: () => ({ ...built, manifest: Buffer.alloc(0) }),
      message: /hash at its head/,
    },
    {
      what: 'another magic',
      snapshot: () =>
        changed((manifest) => {
          manifest[36] = 0;
          rehash(manifest);
        }),
      message: /begins with/,
    },
    {
      what: 'a newer version',
      snapshot: () =>
        changed((manifest) => {
          manifest[40] = 1;
          rehash(manifest);
        }),
      message: /version 1/,
    },
    {
      what: 'another ABI',
      snapshot: () =>
        changed((manifest) => {
          manifest[85] = 8;
          rehash(manifest);
        }),
      message: /ABI 8/,
    },
    {
      what: 'more entries than there is room for',
      snapshot: () =>
        changed((manifest) => {
          manifest.writeUInt32LE(0x7fffffff, 97);
          rehash(manifest);
        }),
      message: /no room/,
    },
    {
      what: 'a missing object',
      snapshot: () => changed((_, objects) => void objects.delete([...objects.keys()][0]!)),
      message: /is missing/,
    },
    {
      what: 'objects that changed',
      snapshot: () =>
        changed((_, objects) => {
          for (const [hash, bytes] of objects) objects.set(hash, Buffer.from(bytes).fill(9, bytes.length - 3));
        }),
      message: /is not what its hash says/,
    },
  ])('$what', async ({ snapshot, message }) => {
    await expect(restored(snapshot())).rejects.toMatchObject({ ...INVALID, message: expect.stringMatching(message) });
  });

  property.prop([fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 })])(
    'whatever is in its files: refused, never a crash',
    async (changes) => {
      const snapshot = changed((manifest, objects) => {
        // Pages that are named after their changed content, so that their hashes do not give them away.
        const hashes = [...objects.keys()];
        for (const [at, value] of changes) {
          const hash = hashes[at % hashes.length]!;
          const object = objects.get(hash)!;
          if (object.length < 65_536) continue;
          const data = Buffer.from(object);
          data[data.length - 65_472 + (at % 65_472)] = value;
          const head = 6;
          const words = 8 * data.readUInt32LE(head);
          const hashed = [data.subarray(-65_472), data.subarray(0, head), data.subarray(head + 4, head + 12 + words)];
          const renamed = Buffer.from(blake3(Buffer.concat(hashed)));
          renamed.copy(data, head + 12 + words + 5);
          objects.set(renamed.toString('hex'), data);
          const place = manifest.indexOf(Buffer.from(hash, 'hex'));
          renamed.copy(manifest, place);
          hashes[at % hashes.length] = renamed.toString('hex');
        }
        rehash(manifest);
      });
      try {
        await restored(snapshot);
      } catch (error) {
        expect(error).toMatchObject(INVALID);
      }
    },
  );
});
