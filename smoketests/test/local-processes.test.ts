// Processes that write to one file of the local-first package, and sync it, at the same time as each other.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderBlobStore } from '@lightcone/blobs/node';
import { createSync } from '@lightcone/local/sync';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { logOf, openNotes, rowsOf, rowsOfLog } from '../src/notes-database.ts';
import type { NotesDatabase } from '../src/notes-database.ts';
import { WriterProcess } from '../src/writer-process.ts';

const count = 60;

let folder: string;
let writers: WriterProcess[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lightcone-local-'));
  writers = [];
});
afterEach(async () => {
  await Promise.all(writers.map((writer) => writer.kill()));
  rmSync(folder, { recursive: true });
});

describe.each(['log', 'dimple'] as const)('in the layout %s', (layout) => {
  const remote = () => new FolderBlobStore(join(folder, 'shared'));
  const pathOf = (device: string): string => join(folder, `${device}.db`);
  const syncOf = (db: NotesDatabase) => createSync(db, { remote: remote(), layout });

  /** Two processes with one file and a third with its own, ready to go. */
  async function startWriters(): Promise<WriterProcess[]> {
    for (const device of ['one', 'other']) openNotes(pathOf(device)).close();
    const files = { a: pathOf('one'), b: pathOf('one'), c: pathOf('other') };
    for (const [writer, file] of Object.entries(files))
      writers.push(await WriterProcess.start({ file, folder: join(folder, 'shared'), layout, writer, count }));
    return writers;
  }

  /** Syncs both files and a fresh one, which must be equal. @returns the ids of their rows */
  async function expectEqual(): Promise<string[]> {
    using one = openNotes(pathOf('one'));
    using other = openNotes(pathOf('other'));
    using fresh = openNotes();
    for (const db of [one, other, one]) await syncOf(db).once();
    expect(await syncOf(other).once()).toEqual({ pulled: 0, pushed: 0 });
    await syncOf(fresh).once();
    const rows = rowsOf(fresh);
    expect(rowsOf(one)).toEqual(rows);
    expect(rowsOf(other)).toEqual(rows);
    expect(rowsOfLog(one)).toEqual(rows);
    for (const db of [one, other, fresh]) {
      // Of what was overwritten, only some come by way of packs; what was not comes once.
      const entities = logOf(db).map(({ entityId }) => entityId);
      expect(entities.filter((id) => id !== 'of all').toSorted()).toEqual(rows.slice(0, -1).map(({ id }) => id));
      if (layout === 'dimple') expect(db.log.changeIds()).toEqual(one.log.changeIds());
    }
    return rows.map(({ id }) => id);
  }

  test('two processes that sync one file at once lose nothing and bring nothing twice', async () => {
    const all = await startWriters();
    for (const writer of all) writer.go();
    await Promise.all(all.map((writer) => writer.done()));
    const ids = await expectEqual();
    const numbers = Array.from({ length: count }, (_, i) => i);
    expect(ids).toEqual(
      [...['a', 'b', 'c'].flatMap((name) => numbers.map((i) => `${name} ${i}`)), 'of all'].toSorted(),
    );
  });

  test('one of them that is killed leaves all that it said, and hinders nobody', async () => {
    const [a, b, c] = (await startWriters()) as [WriterProcess, WriterProcess, WriterProcess];
    for (const writer of [a, b, c]) writer.go();
    await Promise.all([b.killAfter(20), a.done(), c.done()]);
    const ids = await expectEqual();
    expect(b.saved).toBeLessThan(count);
    const numbersOfB = ids.filter((id) => id.startsWith('b ')).map((id) => Number(id.slice(2)));
    expect(numbersOfB.toSorted((x, y) => x - y)).toEqual(numbersOfB.map((_, i) => i));
    // The last may be committed without a word of it.
    expect(numbersOfB.length - b.saved).toBeGreaterThanOrEqual(0);
    expect(numbersOfB.length - b.saved).toBeLessThanOrEqual(1);
  });
});
