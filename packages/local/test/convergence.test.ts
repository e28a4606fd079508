import { fc, test as property } from '@fast-check/vitest';
import { expect } from 'vitest';
import { defineSchema, int, ref, sql, table, text } from '../src/index.ts';
import type { DatabaseSync, LocalError } from '../src/index.ts';
import { naiveRows } from './support/naive-model.ts';
import { Random } from './support/random.ts';
import { logOf, openReplica, pull, rowsOf, TestClock } from './support/replica.ts';

// PROPERTY_RUNS=2000 for a night's work.
const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 150);

const schema = defineSchema({
  Artist: table({ name: text(), country: text().optional(), plays: int().default(0) }),
  Album: table({ title: text(), artistId: ref('Artist').named('artist_id'), next: ref('Album').optional() }),
  Note: table({ body: text() }, { concurrentEdit: 'edit-revives' }),
});
type Db = DatabaseSync<typeof schema>;

const id = fc.constantFrom('a', 'b');
const word = fc.constantFrom('x', 'y', '007', '');

type Step = { replica: number } & (
  | { kind: 'artist'; id: string; name: string; country: string | null }
  | { kind: 'patch'; id: string; plays: number }
  | { kind: 'album'; id: string; artistId: string; next: string | null }
  | { kind: 'note'; id: string; body: string }
  | { kind: 'delete'; table: 'Artist' | 'Album' | 'Note'; id: string }
  | { kind: 'raw'; name: string }
  | { kind: 'deliver'; from: number; seed: number }
  | { kind: 'clock'; jumpMs: number }
);

const replica = fc.nat({ max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('artist' as const), replica, id, name: word, country: fc.option(word) }),
  fc.record({ kind: fc.constant('patch' as const), replica, id, plays: fc.nat({ max: 3 }) }),
  // Twice, as most of them are refused for want of an artist.
  ...[1, 2].map(() =>
    fc.record({ kind: fc.constant('album' as const), replica, id, artistId: id, next: fc.option(id) }),
  ),
  fc.record({ kind: fc.constant('note' as const), replica, id, body: word }),
  fc.record({
    kind: fc.constant('delete' as const),
    replica,
    table: fc.constantFrom('Artist' as const, 'Album' as const, 'Note' as const),
    id,
  }),
  fc.record({ kind: fc.constant('raw' as const), replica, name: word }),
  fc.record({ kind: fc.constant('deliver' as const), replica, from: replica, seed: fc.nat() }),
  fc.record({
    kind: fc.constant('clock' as const),
    replica,
    jumpMs: fc.constantFrom(-86_400_000, 1, 1000, 86_400_000),
  }),
);

function write(db: Db, does: Step): void {
  switch (does.kind) {
    case 'artist':
      return void db.Artist.save({ id: does.id, name: does.name, country: does.country });
    case 'patch':
      return void db.Artist.update(does.id, { plays: does.plays });
    case 'album':
      return void db.Album.save({ id: does.id, title: 't', artistId: does.artistId, next: does.next });
    case 'note':
      return void db.Note.save({ id: does.id, body: does.body });
    case 'delete':
      return void db[does.table].delete(does.id);
    case 'raw':
      return db.transaction((tx) => {
        tx.exec(sql`UPDATE Artist SET name = ${does.name}, plays = plays + 1 WHERE id <> 'b'`);
        tx.exec(sql`DELETE FROM Note WHERE body = ${does.name}`);
      });
    case 'deliver':
    case 'clock':
      return;
  }
}

property.prop([fc.array(step, { minLength: 15, maxLength: 60, size: 'max' })], { numRuns })(
  'rows are what the log says at every step [S2], ids rise [S6], own writes win [S5], replicas converge [S1]',
  (steps) => {
    const clocks = [new TestClock(), new TestClock(), new TestClock()];
    const replicas = clocks.map((clock, at) => openReplica(schema, { nowMs: clock.now, random: new Random(at).bits }));
    try {
      for (const does of steps) {
        const db = replicas[does.replica]!;
        const before = db.log.lastCursor();
        const greatest = logOf(db).reduce((max, change) => (change.id > max ? change.id : max), '');
        if (does.kind === 'clock') clocks[does.replica]!.ms += does.jumpMs;
        else if (does.kind === 'deliver') deliverSome(replicas[does.from]!, db, does.seed);
        else
          try {
            write(db, does);
          } catch (error) {
            // A parent that is not there, a row that others refer to, nothing to patch: refused whole.
            expect((error as LocalError).code).toMatch(/^LOCAL_(CONSTRAINT|NOT_FOUND)$/);
            expect(db.log.lastCursor()).toBe(before);
          }
        const own = db.log.changesSince(before, { limit: 100 }).filter(({ change }) => change.authorId === db.authorId);
        if (does.kind !== 'deliver') for (const { change } of own) expect(change.id > greatest).toBe(true);
        expect(rowsOf(db)).toEqual(naiveRows(logOf(db), schema));
      }
      for (const from of replicas) for (const to of replicas) pull(from, to);
      for (const from of replicas) for (const to of replicas) pull(from, to);
      const union = naiveRows(logOf(replicas[0]!), schema);
      for (const db of replicas) expect(rowsOf(db)).toEqual(union);

      // A fresh one gets it in any order, and from the winners alone.
      const fresh = openReplica(schema);
      for (const change of shuffled(logOf(replicas[0]!), 7)) fresh.log.append([change, change]);
      expect(rowsOf(fresh)).toEqual(union);
      const reduced = openReplica(schema);
      for (let afterId = ''; ;) {
        const changes = replicas[1]!.log.winningChanges({ afterId, limit: 3 });
        if (changes.length === 0) break;
        reduced.log.append(changes);
        afterId = changes.at(-1)!.id;
      }
      expect(rowsOf(reduced)).toEqual(union);
      fresh.close();
      reduced.close();
    } finally {
      for (const db of replicas) db.close();
    }
  },
);

/** Some of what `to` may lack, some of it twice, in any order. */
function deliverSome(from: Db, to: Db, seed: number): void {
  const random = new Random(seed);
  const changes = shuffled(logOf(from), seed).filter(() => random.below(3) > 0);
  to.log.append([...changes, ...changes.slice(0, 2)]);
}

function shuffled<Item>(items: readonly Item[], seed: number): Item[] {
  const random = new Random(seed);
  return items
    .map((item) => ({ item, at: random.bits() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
