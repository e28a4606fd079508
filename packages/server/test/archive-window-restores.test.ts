import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryBlobStore, PrefixedBlobStore } from '@lightcone/blobs';
import { FaultyBlobStore } from '@lightcone/blobs/testing';
import { CommitLog, SnapshotStore } from '@lightcone/commitlog';
import { SimulatedDisk, seededRandom } from '@lightcone/commitlog/testing';
import { Database, EmbeddedDatabase } from '@lightcone/engine';
import { FakeClock, testIdentity } from '@lightcone/engine/testing';
import { ConnectionId, parseTimestamp } from '@lightcone/sats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DatabaseArchiver } from '../src/copies/database-archiver.ts';
import { DatabaseCopy } from '../src/copies/database-copy.ts';
import { restoreCopy } from '../src/copies/restore-copy.ts';
import type { RestoreTarget } from '../src/copies/restore-copy.ts';
import { programs } from './fixtures.ts';

const HOUR_MS = 3_600_000;
const KEEP_DAYS = 2;
const WINDOW_MS = KEEP_DAYS * 24 * HOUR_MS;
const PAUSE_MS = WINDOW_MS / 10;
const identity = testIdentity('database').toHex();
const description = {
  identity,
  owner: testIdentity('owner').toHex(),
  names: ['people'],
  initialProgram: '12'.repeat(32),
  isLocked: false,
};

let work: string;
beforeAll(async () => (work = await mkdtemp(join(tmpdir(), 'lightcone-archive-window-'))));
afterAll(() => rm(work, { recursive: true }));
let count = 0;

/** A transaction that was committed, or a snapshot that was taken after it. */
interface Event {
  readonly kind: 'commit' | 'snapshot';
  readonly txOffset: number;
  /** In the table after it. */
  readonly rows: number;
  /** What the clock said. */
  readonly wallMicros: number;
  /** What time it was. */
  readonly trueMs: number;
}

/** A database of people, on a clock that is not always right, and its archive, whose server is killed now and then. */
class World {
  readonly random: () => number;
  readonly clock = new FakeClock();
  readonly disk = new SimulatedDisk(seededRandom(1));
  readonly folder = new MemoryBlobStore();
  readonly store = new MemoryBlobStore(() => Number(this.clock.nowMicros() / 1000n));
  readonly events: Event[] = [];
  /** When the clock was set forward, in true time. */
  readonly setForwardAtMs: number[] = [];
  database!: Database; // from `open` on, as the next two
  log!: CommitLog;
  person!: (name: string) => Promise<void>;
  trueMs = 0;
  /** When something was last brought to the archive. */
  archivedAtMs = 0;
  archivedBefore = 0;
  archiver: DatabaseArchiver | undefined;
  refusals = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  static async open(seed: number): Promise<World> {
    const world = new World(seed);
    world.log = await CommitLog.open(world.disk, 'db', { maxSegmentBytes: 2000 });
    let embedded: EmbeddedDatabase | undefined;
    const { clock } = world;
    world.database = await Database.create(
      {
        identity: testIdentity('database'),
        log: world.log,
        snapshots: {
          store: new SnapshotStore(new PrefixedBlobStore(world.folder, 'snapshots')),
          archivedBefore: () => world.archivedBefore,
        },
        clock,
        timers: clock,
        defer: clock.defer,
        moduleLog: () => undefined,
        deliver: (batch) => embedded?.deliver(batch),
        onFailure: (error) => expect.unreachable(error.message),
      },
      programs.person,
      testIdentity('owner'),
    );
    embedded = new EmbeddedDatabase(world.database, () => ConnectionId.fromBigInt(1n));
    const session = await embedded.connect(testIdentity('owner'));
    await world.log.sync();
    world.person = (name) => session.call('add', name, 1);
    return world;
  }

  #note(kind: Event['kind'], txOffset: number): void {
    const rows = (this.events.at(-1)?.rows ?? 0) + (kind === 'commit' ? 1 : 0);
    this.events.push({ kind, txOffset, rows, wallMicros: Number(this.clock.nowMicros()), trueMs: this.trueMs });
  }

  pass(ms: number): void {
    this.trueMs += ms;
    this.clock.jump(ms);
  }

  setClock(ms: number): void {
    if (ms > 0) this.setForwardAtMs.push(this.trueMs);
    this.clock.jump(ms);
  }

  async commit(): Promise<void> {
    await this.person(`name ${this.events.length}`);
    this.#note('commit', this.log.durableOffset);
  }

  async snapshot(): Promise<void> {
    this.#note('snapshot', await this.database.takeSnapshot());
  }

  /** @param killedAt the operation of the store that the server does not survive */
  async round(killedAt: number): Promise<void> {
    let left = killedAt;
    const dying = new FaultyBlobStore(this.store, () => {
      left--;
      if (left > 0) return undefined;
      return { kind: left === 0 && this.random() < 0.5 ? 'after' : 'before' };
    });
    const files = { fs: this.disk, path: 'db', folder: this.folder };
    const clock = {
      nowMicros: () => Number(this.clock.nowMicros()),
      randomBytes: (length: number) => new Uint8Array(length).map(() => Math.floor(this.random() * 256)),
    };
    if (killedAt < Number.POSITIVE_INFINITY) this.archiver = undefined;
    this.archiver ??= new DatabaseArchiver(files, dying, clock, KEEP_DAYS);
    this.archivedAtMs = this.trueMs;
    try {
      await this.archiver.round(this.log.durableOffset, description);
    } catch (error) {
      expect(error).toMatchObject({ code: 'BLOB_UNAVAILABLE' });
    }
    this.archivedBefore = this.archiver.endTxOffset;
    if (killedAt < Number.POSITIVE_INFINITY) this.archiver = undefined;
  }

  async copy(): Promise<DatabaseCopy | undefined> {
    const state = await this.folder.get('archive.json');
    if (state === undefined) return undefined;
    const { copy: id } = JSON.parse(new TextDecoder().decode(state)) as { readonly copy: string };
    return new DatabaseCopy(this.store, { identity, id });
  }

  /** Commits that the window must lead to. What the clock was set forward may be taken for time, of a tenth of the window. */
  windowBefore(endTxOffset: number): Event[] {
    return this.events.filter(({ kind, txOffset, trueMs }) => {
      const jumps = this.setForwardAtMs.filter((atMs) => atMs >= trueMs).length;
      const age = this.archivedAtMs - trueMs + jumps * PAUSE_MS;
      return kind === 'commit' && txOffset < endTxOffset && age < WINDOW_MS + PAUSE_MS;
    });
  }

  /** Whether the moment of a commit came once only, so that it is clear what was there then. */
  isClear({ txOffset, wallMicros }: Event): boolean {
    return this.events.every((event) =>
      event.txOffset > txOffset ? event.wallMicros > wallMicros : event.wallMicros <= wallMicros,
    );
  }

  /** Restores, and compares with what was there; or the reason, where that is out of reach. */
  async restored(copy: DatabaseCopy, target: RestoreTarget, expected: Event): Promise<string | undefined> {
    const path = join(work, String(count++));
    try {
      const { lastTxOffset, tables } = await restoreCopy(copy, target, path);
      const rows = tables.find(({ name }) => name === 'person')?.rows;
      expect({ lastTxOffset, rows }).toEqual({ lastTxOffset: expected.txOffset, rows: expected.rows });
      return undefined;
    } catch (error) {
      const { code, message } = error as { readonly code?: string; readonly message: string };
      if (code !== 'SERVER_RESTORE_FAILED') throw error;
      return message;
    } finally {
      await rm(path, { recursive: true, force: true });
    }
  }

  /** @returns the first transaction of the archive's log */
  async check(): Promise<number | undefined> {
    const copy = await this.copy();
    const lastPiece = await copy?.log.findLast();
    if (copy === undefined || lastPiece === undefined) return undefined;
    const { endTxOffset } = await copy.log.readHeader(lastPiece);
    const within = this.windowBefore(endTxOffset);
    const some = [within[0], within.at(-1), within[Math.floor(this.random() * within.length)]];
    for (const event of some) {
      if (event === undefined) continue;
      const { txOffset, wallMicros: micros } = event;
      expect(await this.restored(copy, { kind: 'offset', txOffset }, event)).toBeUndefined();
      if (this.isClear(event)) expect(await this.restored(copy, { kind: 'time', micros }, event)).toBeUndefined();
    }
    const first = (await copy.log.list().next()).value as number;
    if (first > 0) await this.#checkEarliest(copy, endTxOffset);
    return first;
  }

  async #checkEarliest(copy: DatabaseCopy, endTxOffset: number): Promise<void> {
    const commits = this.events.filter(({ kind, txOffset }) => kind === 'commit' && txOffset < endTxOffset);
    const tooEarly = commits[0]!; // of those that went
    const refusals = [
      await this.restored(copy, { kind: 'offset', txOffset: tooEarly.txOffset }, tooEarly),
      this.isClear(tooEarly) ? await this.restored(copy, { kind: 'time', micros: tooEarly.wallMicros }, tooEarly) : '',
    ];
    const [, offset, time] =
      /: the earliest that it can be brought back to is transaction (\d+), of (.*)$/.exec(refusals[0] ?? '') ?? [];
    expect(offset, refusals[0]).toBeDefined();
    if (refusals[1] !== '') expect(refusals[1]).toBe(refusals[0]);
    this.refusals++;
    const index = commits.findIndex(({ txOffset }) => txOffset === Number(offset));
    const earliest = commits[index]!; // it is of a snapshot that was taken after a commit
    const before = commits[index - 1]!; // something went
    expect(await this.restored(copy, { kind: 'offset', txOffset: earliest.txOffset }, earliest)).toBeUndefined();
    expect(await this.restored(copy, { kind: 'offset', txOffset: before.txOffset }, before)).toBe(refusals[0]);
    if (!this.isClear(earliest)) return;
    const micros = Number(parseTimestamp(time!)); // as the offset
    expect(await this.restored(copy, { kind: 'time', micros }, earliest)).toBeUndefined();
  }
}

const RUNS = Number(process.env['LIGHTCONE_WINDOW_RUNS'] ?? 4);
const SEED = Number(process.env['LIGHTCONE_WINDOW_SEED'] ?? 1);

test.each(Array.from({ length: RUNS }, (_, i) => SEED + i))(
  'what the window has is restored as it was, and what is before it refused with the earliest there is: seed %d',
  { timeout: 60_000 },
  async (seed) => {
    const world = await World.open(seed);
    const { random } = world;
    const jumps = seed % 2 === 0 ? 0 : 0.04;
    /** How far the clock is off. */
    let off = 0;
    let first: number | undefined;
    for (let step = 0; step < 90; step++) {
      world.pass(random() * 6 * HOUR_MS);
      for (let i = 0; i < 1 + random() * 2; i++) {
        world.pass(1 + random() * 60_000);
        await world.commit();
      }
      if (random() < jumps) {
        const next = off === 0 ? (random() - 0.5) * 10 ** (3 + random() * 9) : 0;
        world.setClock(next - off);
        off = next;
      }
      world.pass(1000);
      if (random() < 0.4) await world.snapshot();
      if (random() < 0.7) await world.round(random() < 0.3 ? 1 + Math.floor(random() * 40) : Number.POSITIVE_INFINITY);
      if (step % 15 === 14) first = await world.check();
    }
    await world.round(Number.POSITIVE_INFINITY);
    expect(first === undefined).toBe(false);
    if (jumps === 0) expect(world.refusals).toBeGreaterThan(0);
    await world.database.close();
  },
);
