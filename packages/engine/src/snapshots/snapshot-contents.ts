import type { SnapshotManifest, SnapshotObject, SnapshotPiece } from '@lightcone/commitlog';
import { ByteReader, ByteWriter } from '@lightcone/sats';
import type { CapturedTable, SavedPage } from '@lightcone/store';
import { EngineError } from '../errors.ts';

/** Where the rows of a page are: one piece, or several for rows that are larger than an object. */
export type PagePlace = readonly SnapshotPiece[];

/**
 * What the objects of a snapshot mean, as its manifest holds it. Integers are u32, little-endian:
 *
 *     version = 1 · count of tables, each:
 *       table id · count of pages, each:
 *         count of rows · count of pieces, each: object (its position in the manifest) · start · end
 *
 * The bytes of a page are its rows in BSATN, without anything between them. Tables of views and events are not there.
 */
const VERSION = 1;
const PAGE_BYTES = 8;
const PIECE_BYTES = 12;

/** @returns the contents, and the objects that they speak of, in the order that they have there */
export function encodeContents(tables: readonly CapturedTable<PagePlace>[]): {
  readonly contents: Uint8Array;
  readonly objects: readonly SnapshotObject[];
} {
  const writer = new ByteWriter();
  const positions = new Map<string, number>();
  const objects: SnapshotObject[] = [];
  writer.u32(VERSION);
  writer.u32(tables.length);
  for (const { id, pages } of tables) {
    writer.u32(id);
    writer.u32(pages.length);
    for (const { rowCount, place } of pages) {
      writer.u32(rowCount);
      writer.u32(place.length);
      for (const { object, start, end } of place) {
        let position = positions.get(object.id);
        if (position === undefined) {
          position = objects.length;
          positions.set(object.id, position);
          objects.push(object);
        }
        writer.u32(position);
        writer.u32(start);
        writer.u32(end);
      }
    }
  }
  return { contents: writer.finish(), objects };
}

/** @throws EngineError `ENGINE_INVALID_SNAPSHOT`, SatsError */
export function decodeContents({ contents, objects }: SnapshotManifest): readonly CapturedTable<PagePlace>[] {
  const reader = new ByteReader(contents);
  const version = reader.u32();
  if (version !== VERSION) throw invalid(`its contents have version ${version}; this program reads version ${VERSION}`);
  const tables: CapturedTable<PagePlace>[] = [];
  for (let left = reader.u32(); left > 0; left--) {
    const id = reader.u32();
    const pages = Array.from({ length: count(reader, PAGE_BYTES) }, () => readPage(reader, objects));
    tables.push({ id, pages });
  }
  if (reader.remaining > 0) throw invalid(`${reader.remaining} bytes are left over after its contents`);
  return tables;
}

function readPage(reader: ByteReader, objects: readonly SnapshotObject[]): SavedPage<PagePlace> {
  const rowCount = reader.u32();
  const place = Array.from({ length: count(reader, PIECE_BYTES) }, (): SnapshotPiece => {
    const object = objects[reader.u32()];
    const start = reader.u32();
    const end = reader.u32();
    if (object === undefined || start > end || end > object.byteLength) {
      throw invalid('a page of it is outside of its objects');
    }
    return { object, start, end };
  });
  return { rowCount, place };
}

/** A count of things that take `bytes` or more each: no memory is taken for those that cannot be there. */
function count(reader: ByteReader, bytes: number): number {
  const value = reader.u32();
  if (value * bytes > reader.remaining) throw invalid(`its contents are cut off: ${value} entries have no room`);
  return value;
}

function invalid(problem: string): EngineError {
  return new EngineError('ENGINE_INVALID_SNAPSHOT', `the snapshot cannot be used: ${problem}`);
}
