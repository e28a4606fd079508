import type { SnapshotObject, SnapshotReader } from '@lightcone/commitlog';
import type { CapturedTable, Captures, Replay, SavedPage, Store, Table } from '@lightcone/store';
import { describeTables } from '../describe-tables.ts';
import { defineSystemTables } from '../bootstrap.ts';
import { EngineError } from '../errors.ts';
import { SYSTEM_TABLES } from '../system-tables.ts';
import { type PagePlace, decodeContents } from './snapshot-contents.ts';

const SYSTEM_TABLE_IDS: ReadonlySet<number> = new Set(SYSTEM_TABLES.map(({ id }) => id));

interface PageToFill {
  readonly table: Table;
  readonly number: number;
  readonly page: SavedPage<PagePlace>;
}

/**
 * Fills an empty store with a snapshot: the system tables, then the tables that these describe. Every object is checked
 * before anything of it is used.
 *
 * @param captures learns where the pages are, so that the next snapshot need not write them again
 * @returns what the snapshot consists of
 * @throws EngineError `ENGINE_INVALID_SNAPSHOT`; CommitLogError `SNAPSHOT_DAMAGED`; StoreError, SatsError for rows that
 *   are none; BlobError. The store is of no use then
 */
export async function restoreSnapshot(
  reader: SnapshotReader,
  store: Store,
  replay: Replay,
  captures?: Captures<PagePlace>,
): Promise<readonly CapturedTable<PagePlace>[]> {
  defineSystemTables(replay);
  const tables = decodeContents(reader.manifest);
  const isSystem = ({ id }: CapturedTable<PagePlace>): boolean => SYSTEM_TABLE_IDS.has(id);
  await fill(reader, replay, captures, reserve(store, replay, tables.filter(isSystem)));
  for (const { id, definition } of describeTables(store).values()) {
    if (!SYSTEM_TABLE_IDS.has(id)) replay.define(definition);
  }
  await fill(reader, replay, captures, reserve(store, replay, tables.filter((table) => !isSystem(table)))); // prettier-ignore
  return tables;
}

function reserve(store: Store, replay: Replay, tables: readonly CapturedTable<PagePlace>[]): PageToFill[] {
  const ids = new Set<number>();
  return tables.flatMap(({ id, pages }) => {
    const table = store.tables.get(id);
    if (table === undefined || ids.has(id)) {
      const problem = table === undefined ? 'its system tables do not know' : 'is there twice';
      throw new EngineError('ENGINE_INVALID_SNAPSHOT', `the snapshot has a table, id ${id}, that ${problem}`);
    }
    ids.add(id);
    replay.reservePages(table, pages.length);
    return pages.map((page, number) => ({ table, number, page }));
  });
}

/** Reads each object once, whatever the order of the pages in it, and the next one while the pages of one are filled. */
async function fill(
  reader: SnapshotReader,
  replay: Replay,
  captures: Captures<PagePlace> | undefined,
  pages: readonly PageToFill[],
): Promise<void> {
  const small = Map.groupBy(
    pages.filter(({ page }) => page.place.length === 1),
    ({ page }) => page.place[0]!.object, // it has one piece
  );
  const objects = [...small.keys()];
  let reading = read(reader, objects[0]);
  for (const [i, object] of objects.entries()) {
    const bytes = await reading;
    reading = read(reader, objects[i + 1]);
    for (const { table, number, page } of small.get(object) ?? []) {
      const { start, end } = page.place[0]!;
      replay.fillPage(table, number, bytes, start, end, page.rowCount);
      captures?.restored(table, number, page);
    }
  }
  for (const { table, number, page } of pages) {
    if (page.place.length === 1) continue;
    const bytes = await assemble(reader, page.place);
    replay.fillPage(table, number, bytes, 0, bytes.length, page.rowCount);
    captures?.restored(table, number, page);
  }
}

function read(reader: SnapshotReader, object: SnapshotObject | undefined): Promise<Uint8Array> {
  const reading = object === undefined ? Promise.resolve(new Uint8Array(0)) : reader.read(object);
  reading.catch(() => {}); // it is waited for later, if at all
  return reading;
}

async function assemble(reader: SnapshotReader, place: PagePlace): Promise<Uint8Array> {
  const bytes = new Uint8Array(place.reduce((sum, { start, end }) => sum + end - start, 0));
  let at = 0;
  for (const { object, start, end } of place) {
    bytes.set((await reader.read(object)).subarray(start, end), at);
    at += end - start;
  }
  return bytes;
}
