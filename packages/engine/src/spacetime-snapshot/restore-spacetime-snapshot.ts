import { ByteWriter, SatsError, bytesToHex, typeEquals } from '@lightcone/sats';
import type { Replay, Store, Table } from '@lightcone/store';
import { blake3 } from '@noble/hashes/blake3.js';
import { defineSystemTables } from '../bootstrap.ts';
import { describeTables } from '../describe-tables.ts';
import { systemRowType } from '../system-rows.ts';
import { SYSTEM_TABLES } from '../system-tables.ts';
import { Granules } from './granules.ts';
import { invalidSnapshot } from './invalid-snapshot.ts';
import { type SpacetimeSnapshotManifest, readManifest } from './manifest.ts';
import { readPage } from './page.ts';
import { rowLayout } from './row-layout.ts';

/** The files of a snapshot of SpacetimeDB, decompressed. */
export interface SpacetimeSnapshotFiles {
  /** `<tx offset>.snapshot_bsatn` */
  readonly manifest: Uint8Array;
  /** `objects/<2 hex>/<62 hex>`; undefined if it is missing. */
  readonly readObject: (hash: string) => Promise<Uint8Array | undefined>;
}

const systemTableIds: ReadonlySet<number> = new Set(SYSTEM_TABLES.map(({ id }) => id));

/**
 * Fills an empty store with a snapshot of SpacetimeDB 2.x: the system tables, then those that they describe. All hashes
 * are checked.
 *
 * @throws EngineError `ENGINE_INVALID_SNAPSHOT`. The store is of no use then
 */
export async function restoreSpacetimeSnapshot(
  files: SpacetimeSnapshotFiles,
  store: Store,
  replay: Replay,
): Promise<SpacetimeSnapshotManifest> {
  const manifest = readManifest(files.manifest);
  const blobs = new Map<string, Uint8Array>();
  for (const hash of manifest.blobs) {
    const blob = await readObject(files, hash);
    if (bytesToHex(blake3(blob)) !== hash) throw invalidSnapshot(`blob ${hash} is not what its hash says`);
    blobs.set(hash, blob);
  }
  defineSystemTables(replay);
  const { tables } = manifest;
  for (const { id, pages } of tables) {
    if (systemTableIds.has(id)) await fill(files, replay, store.table(id), pages, blobs);
  }
  defineDescribed(store, replay);
  for (const { id, pages } of tables) {
    if (systemTableIds.has(id)) continue;
    const table = store.tables.get(id);
    if (table === undefined) throw invalidSnapshot(`it has a table, id ${id}, that its system tables do not know`);
    await fill(files, replay, table, pages, blobs);
  }
  return manifest;
}

/** Makes the tables that the system tables describe, which must be those that are known here. */
function defineDescribed(store: Store, replay: Replay): void {
  try {
    for (const { id, name, definition } of describeTables(store).values()) {
      if (!systemTableIds.has(id)) replay.define(definition);
      else if (!typeEquals(definition.row.type, systemRowType(id).type)) {
        throw invalidSnapshot(`system table ${name} has other columns than it has here`);
      }
    }
  } catch (error) {
    if (!(error instanceof SatsError)) throw error;
    throw invalidSnapshot(`its system tables do not decode: ${error.message}`);
  }
}

async function fill(
  files: SpacetimeSnapshotFiles,
  replay: Replay,
  table: Table,
  pages: readonly string[],
  blobs: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  const { row, name } = table.definition;
  const { type } = row;
  if (type.tag !== 'Product') throw new Error('rows are products');
  const layout = rowLayout(type);
  const writer = new ByteWriter();
  for (const hash of pages) {
    const object = await readObject(files, hash);
    try {
      const { rowData, rows } = readPage(object, hash, layout.size);
      const granules = new Granules(rowData, blobs);
      for (const start of rows) {
        writer.reset();
        layout.write(writer, rowData, start, granules);
        if (!replay.insert(table, writer.bytes, 0, writer.length))
          throw invalidSnapshot(`table ${name} has a row twice`);
      }
    } catch (error) {
      if (!(error instanceof SatsError)) throw error;
      throw invalidSnapshot(`page ${hash} of table ${name} does not decode: ${error.message}`);
    }
  }
}

async function readObject({ readObject: read }: SpacetimeSnapshotFiles, hash: string): Promise<Uint8Array> {
  const object = await read(hash);
  if (object === undefined) throw invalidSnapshot(`object ${hash} is missing`);
  return object;
}
