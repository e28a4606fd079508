// The local-first package on a disk that is full: its database, and the folder through which it syncs.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryBlobStore } from '@lightcone/blobs';
import { FolderBlobStore } from '@lightcone/blobs/node';
import { createSync } from '@lightcone/local/sync';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { logOf, openNotes, rowsOf, rowsOfLog } from '../src/notes-database.ts';
import type { NotesDatabase } from '../src/notes-database.ts';
import { SmallDisk } from '../src/small-disk.ts';

const diskMegabytes = 8;
const layouts = ['log', 'dimple'] as const;
const isSkipped = ((): boolean => {
  using disk = new SmallDisk(1);
  return disk.isSkipped;
})();

let disk: SmallDisk;
let elsewhere: string;
beforeEach(() => {
  disk = new SmallDisk(diskMegabytes);
  expect(disk.isMounted, 'a small tmpfs could not be mounted').toBe(true);
  elsewhere = mkdtempSync(join(tmpdir(), 'lightcone-local-'));
});
afterEach(() => {
  disk[Symbol.dispose]();
  rmSync(elsewhere, { recursive: true });
});

/** Two rows that belong together, of a text that cannot be packed. */
function savePair(db: NotesDatabase, name: string, bytes: number): void {
  const half = randomBytes(bytes / 2).toString('hex');
  db.transaction((tx) => {
    tx.Note.save({ id: `${name} a`, text: half });
    tx.Note.save({ id: `${name} b`, text: half });
  });
}

/** Saves pairs until the disk is full, ever smaller ones, so that not even a short one fits in the end. */
function fill(db: NotesDatabase): { saved: string[]; refusals: unknown[] } {
  const saved: string[] = [];
  const refusals: unknown[] = [];
  for (let bytes = 64 * 1024, count = 0; bytes >= 64; bytes /= 4) {
    for (let isRefused = false; !isRefused; count++) {
      expect(count).toBeLessThan(10_000);
      try {
        savePair(db, `${count}`, bytes);
        saved.push(`${count}`);
      } catch (error) {
        refusals.push(error);
        isRefused = true;
      }
    }
  }
  return { saved, refusals };
}

function expectPairs(db: NotesDatabase, names: readonly string[]): void {
  const rows = rowsOf(db);
  expect(rows.map(({ id }) => id)).toEqual(names.flatMap((name) => [`${name} a`, `${name} b`]).toSorted());
  for (let i = 0; i < rows.length; i += 2) expect(rows[i]!.text).toBe(rows[i + 1]!.text); // pairs, by the line above
  expect(rowsOfLog(db)).toEqual(rows);
}

describe.skipIf(isSkipped)('a full disk', () => {
  test('under saves is said each time, keeps what was committed and no half of a transaction, and room ends it', () => {
    const file = join(disk.folder, 'notes.db');
    let db = openNotes(file);
    try {
      const { saved, refusals } = fill(db);
      expect(saved.length).toBeGreaterThan(20);
      expect(refusals).toHaveLength(6);
      for (const refusal of refusals)
        expect(refusal).toMatchObject({ code: 'LOCAL_DISK_FULL', message: expect.stringContaining('full') as string });
      expectPairs(db, saved);

      // Where there is no room for a new database, none is begun.
      const isFullOrFailed = expect.stringMatching(/^LOCAL_(DISK_FULL|IO)$/) as string;
      expect(() => openNotes(join(disk.folder, 'other.db'))).toThrow(expect.objectContaining({ code: isFullOrFailed }));

      // As after a crash of the program, which has no room to tidy up either.
      const copy = openNotes(file);
      expectPairs(copy, saved);
      copy.close();

      disk.resize(4 * diskMegabytes);
      savePair(db, 'more', 256 * 1024);
      expectPairs(db, [...saved, 'more']);
      db.close();
      db = openNotes(file);
      savePair(db, 'reopened', 64);
      expectPairs(db, [...saved, 'more', 'reopened']);
    } finally {
      db.close();
    }
  });

  test.each(layouts)(
    'under the database of a sync (%s) is told from a storage that fails, and is made good',
    async (layout) => {
      const remote = new MemoryBlobStore();
      using author = openNotes();
      author.transaction((tx) => {
        for (let i = 0; i < 12_000; i++) tx.Note.save({ id: `of author ${i}`, text: randomBytes(300).toString('hex') });
      });
      await createSync(author, { remote, layout }).once();

      using db = openNotes(join(disk.folder, 'notes.db'));
      db.Note.save({ id: 'own', text: 'before' });
      const sync = createSync(db, { remote, layout });
      const refusal = {
        code: 'SYNC_DATABASE_FAILED',
        message: expect.stringContaining('full') as string,
        cause: expect.objectContaining({ code: 'LOCAL_DISK_FULL' }) as unknown,
      };
      await expect(sync.once()).rejects.toMatchObject(refusal);
      expect(sync.status.pullError).toMatchObject(refusal);
      await expect(sync.once()).rejects.toMatchObject(refusal);
      expect(rowsOf(db)).toContainEqual({ id: 'own', text: 'before', writer: null });
      expect(rowsOfLog(db)).toEqual(rowsOf(db));

      disk.resize(16 * diskMegabytes);
      await sync.once();
      await createSync(author, { remote, layout }).once();
      expect(rowsOf(db)).toHaveLength(12_001);
      expect(rowsOf(author)).toEqual(rowsOf(db));
      expect(sync.status).toMatchObject({ pullError: undefined, pushError: undefined });
    },
  );

  test.each(layouts)(
    'under the folder of a sync (%s) leaves nothing half there, and what waits goes when there is room',
    async (layout) => {
      const open = () => new FolderBlobStore(join(disk.folder, 'shared'));
      using a = openNotes(join(elsewhere, 'a.db'));
      using b = openNotes(join(elsewhere, 'b.db'));
      const [syncA, syncB] = [createSync(a, { remote: open(), layout }), createSync(b, { remote: open(), layout })];
      let pushed = 0;
      let refusal: unknown;
      while (refusal === undefined) {
        expect(pushed).toBeLessThan(2 * diskMegabytes);
        savePair(a, `${pushed}`, 512 * 1024);
        try {
          await syncA.once();
          pushed++;
        } catch (error) {
          refusal = error;
        }
      }
      expect(pushed).toBeGreaterThan(3);
      const expected = { code: 'SYNC_STORAGE_FAILED', message: expect.stringContaining('ENOSPC') as string };
      expect(refusal).toMatchObject(expected);
      expect(syncA.status.pushError).toMatchObject(expected);
      expect(readdirSync(disk.folder, { recursive: true }).filter((name) => String(name).includes('.tmp-'))).toEqual(
        [],
      );

      // Reading needs no room, and finds what was put whole.
      await syncB.once();
      expect(rowsOf(b)).toEqual(rowsOf(a).filter(({ id }) => Number.parseInt(id) < pushed));
      savePair(b, 'of b', 512 * 1024);
      await expect(syncB.once()).rejects.toMatchObject(expected);

      disk.resize(4 * diskMegabytes);
      for (const sync of [syncA, syncB, syncA]) await sync.once();
      using fresh = openNotes();
      await createSync(fresh, { remote: open(), layout }).once();
      expect(rowsOf(a)).toHaveLength(2 * pushed + 4);
      expect(rowsOf(b)).toEqual(rowsOf(a));
      expect(rowsOf(fresh)).toEqual(rowsOf(a));
      expect(logOf(fresh)).toHaveLength(logOf(a).length);
    },
  );
});
