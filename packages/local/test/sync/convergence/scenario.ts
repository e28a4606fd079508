import { MemoryBlobStore } from '@lightcone/blobs';
import { FaultyBlobStore } from '@lightcone/blobs/testing';
import type { BlobFault, BlobOperation } from '@lightcone/blobs/testing';
import { sql } from '@lightcone/local';
import type { Change } from '@lightcone/local';
import { expect } from 'vitest';
import type { LogLimits } from '../../../src/sync/log/log-limits.ts';
import { naiveRows } from '../../support/naive-model.ts';
import { Random } from '../../support/random.ts';
import { rowsOf } from '../../support/replica.ts';
import { LivingStore } from './living-store.ts';
import { newer, Replica } from './replica.ts';
import type { ReplicaWorld } from './replica.ts';

const DAY_MS = 86_400_000;
const STEPS = 40;

/** What a scenario ran into, to see that it is no walk in the park. */
export interface ScenarioFacts {
  readonly changes: number;
  readonly syncs: number;
  readonly failures: number;
  readonly crashes: number;
  readonly packs: number;
  readonly deleted: number;
}

/**
 * Some devices write, delete, sync, fail, crash, are set to another day and updated to a newer schema, all as the seed
 * has it; then the storage works, everybody is up to date, and all must be equal to each other and to the naive model.
 */
export async function runScenario(seed: number, layout: 'log' | 'dimple'): Promise<ScenarioFacts> {
  const scenario = new Scenario(seed, layout);
  try {
    await scenario.run();
    return scenario.facts();
  } finally {
    scenario.close();
  }
}

class Scenario implements ReplicaWorld {
  readonly random: Random;
  nowMs = Date.UTC(2026, 0, 1);
  /** All that were ever made. */
  readonly #changes: Change[] = [];
  readonly #remote: MemoryBlobStore;
  readonly #replicas: Replica[] = [];
  readonly #limits: LogLimits | undefined;
  readonly #isStale: boolean;
  /** Of an operation. */
  readonly #faultRate: number;
  readonly #crashRate: number;
  #areFaultsOver = false;
  #depth = 0;
  #values = 0;
  #syncs = 0;
  #failures = 0;
  #crashes = 0;
  readonly #packs = new Set<string>();
  #deleted = 0;

  constructor(seed: number, layout: 'log' | 'dimple') {
    this.random = new Random(seed);
    this.#remote = new MemoryBlobStore(() => this.nowMs);
    const { random } = this;
    this.#isStale = random.chance(0.3);
    this.#faultRate = random.pick([0, 0.02, 0.1]);
    this.#crashRate = random.pick([0, 0.02, 0.05]);
    // A listing may be hours old, but not older than what garbage is kept for: see garbage.ts.
    const keep = this.#isStale
      ? { keepMs: 365 * DAY_MS, keepObjects: 10_000 }
      : { keepMs: 0, keepObjects: random.below(4) };
    this.#limits =
      layout === 'dimple'
        ? undefined
        : {
            objectBytes: random.pick([400, 2000]),
            compactEvery: 2 + random.below(4),
            mergeBytes: random.pick([1000, 100_000]),
            ...keep,
          };
    const count = 3 + random.below(5);
    for (let i = 0; i < count; i++) this.#add(`replica ${i}`, random.chance(0.5));
  }

  async run(): Promise<void> {
    const { random } = this;
    for (let step = 0; step < STEPS; step++) {
      this.nowMs += random.below(60_000);
      const replica = random.pick(this.#replicas);
      const dice = random.below(100);
      if (dice < 55) this.#write(replica);
      else if (dice < 90) await this.#sync(replica);
      else if (dice < 95) replica.skewMs = (random.below(11) - 5) * DAY_MS;
      else if (dice < 98) this.#restart(replica);
      else {
        replica.isNewer = true;
        this.#restart(replica);
      }
    }
    await this.#settle();
  }

  facts(): ScenarioFacts {
    return {
      changes: this.#changes.length,
      syncs: this.#syncs,
      failures: this.#failures,
      crashes: this.#crashes,
      packs: this.#packs.size,
      deleted: this.#deleted,
    };
  }

  close(): void {
    for (const replica of this.#replicas) replica.close();
  }

  async #settle(): Promise<void> {
    this.#areFaultsOver = true;
    for (const replica of this.#replicas) {
      // What its process is in the middle of stays there.
      const mustRestart = !replica.isNewer || replica.isSyncing || this.random.chance(0.3);
      replica.isNewer = true;
      if (mustRestart) this.#restart(replica);
    }
    for (let round = 0; ; round++) {
      let moved = 0;
      for (const { sync } of this.#replicas) {
        const { pulled, pushed } = await sync.once();
        moved += pulled + pushed;
      }
      if (moved === 0) break;
      expect(round, 'rounds until nothing moves').toBeLessThan(6);
    }
    const fresh = this.#add('fresh replica', true);
    await fresh.sync.once();
    const expected = naiveRows(this.#changes, newer);
    for (const { db, name } of this.#replicas) expect(rowsOf(db), name).toEqual(expected);
  }

  #add(name: string, isNewer: boolean): Replica {
    const replica = new Replica(name, this, isNewer, this.#limits);
    if (!this.#areFaultsOver) replica.skewMs = this.random.chance(0.5) ? 0 : (this.random.below(11) - 5) * DAY_MS;
    this.#replicas.push(replica);
    this.#restart(replica);
    return replica;
  }

  readonly #storeOf = new Map<Replica, { store: LivingStore; crashed: Promise<'crashed'> }>();

  #restart(replica: Replica): void {
    this.#storeOf.get(replica)?.store.kill();
    const { promise: crashed, resolve } = Promise.withResolvers<'crashed'>();
    const faulty = new FaultyBlobStore(this.#remote, (operation, key) => this.#faultOf(operation, key));
    const moment = () => ({
      before: () => this.#interlude(replica),
      death:
        this.#areFaultsOver || !this.random.chance(this.#crashRate)
          ? undefined
          : this.random.pick(['before', 'after'] as const),
    });
    const store = new LivingStore(faulty, moment, () => resolve('crashed'));
    this.#storeOf.set(replica, { store, crashed });
    replica.start(store);
  }

  async #sync(replica: Replica): Promise<void> {
    if (replica.isSyncing) return;
    replica.isSyncing = true;
    this.#syncs++;
    const { crashed } = this.#storeOf.get(replica)!; // each has one
    const outcome = await Promise.race([
      crashed,
      replica.sync.once({ verify: this.random.chance(0.05) }).catch((error: unknown) => {
        expect(error).toMatchObject({ name: 'SyncError' });
        expect(error).not.toMatchObject({ code: 'SYNC_DATABASE_FAILED' });
        this.#failures++;
      }),
    ]);
    if (outcome === 'crashed') {
      this.#crashes++;
      this.#restart(replica);
    }
    replica.isSyncing = false;
  }

  /** Between two operations of one device another one writes, or syncs. */
  async #interlude(replica: Replica): Promise<void> {
    if (this.#areFaultsOver || this.#depth >= 2 || !this.random.chance(0.04)) return;
    const other = this.random.pick(this.#replicas);
    if (other === replica) {
      this.#write(replica);
      return;
    }
    this.#depth++;
    await this.#sync(other);
    this.#depth--;
  }

  #faultOf(operation: BlobOperation, key: string): BlobFault | undefined {
    if (operation.startsWith('put') && key.startsWith('pack/')) this.#packs.add(key);
    if (operation === 'delete') this.#deleted++;
    if (this.#areFaultsOver || !this.random.chance(this.#faultRate)) return undefined;
    switch (this.random.below(6)) {
      case 0:
        return { kind: 'before' };
      case 1:
        return { kind: 'after' };
      case 2:
        return { kind: 'drop' };
      case 3:
        return { kind: 'repeat' };
      case 4:
        // The files of DimpleDb have no checksums: some damage cannot be told from another value.
        return this.#limits === undefined ? { kind: 'before' } : { kind: 'damage', at: this.random.below(120) };
      default: {
        if (!this.#isStale) return undefined;
        const seed = this.random.bits();
        return {
          kind: 'stale',
          hides: (name) => new Random(seed ^ name.length ^ name.charCodeAt(name.length - 1)).chance(0.3),
        };
      }
    }
  }

  #write(replica: Replica): void {
    const { random } = this;
    const { db } = replica;
    const before = db.log.lastCursor();
    const items = db.query(sql`SELECT id FROM Item ORDER BY id`) as { id: string }[];
    const notes = db.query(sql`SELECT id FROM Note ORDER BY id`) as { id: string }[];
    const value = `v${++this.#values}`;
    const dice = random.below(100);
    if (items.length === 0 || dice < 20) {
      const id = random.chance(0.3) ? { id: `item ${random.below(4)}` } : {};
      db.Item.save({ ...id, title: value, ...(replica.isNewer && random.chance(0.5) && { tag: value }) });
    } else if (dice < 55) {
      const { id } = random.pick(items);
      const patches = [{ title: value }, { count: this.#values }, { remark: null }, { remark: value, count: null }];
      const patch =
        replica.isNewer && random.chance(0.4)
          ? { tag: random.pick(['007', '1e5', value, null]) }
          : random.pick(patches);
      db.Item.update(id, patch);
    } else if (dice < 70) db.Note.save({ body: value, itemId: random.pick(items).id });
    else if (dice < 78 && notes.length > 0) db.Note.delete(random.pick(notes).id);
    else if (dice < 90) {
      const { id } = random.pick(items);
      const hasNotes = db.query(sql`SELECT 1 FROM Note WHERE item_id = ${id}`).length > 0;
      if (!hasNotes) db.Item.delete(id);
    } else if (replica.isNewer)
      db.Extra.save({ id: `extra ${random.below(5)}`, label: random.chance(0.3) ? null : value });
    else db.exec(sql`UPDATE Item SET count = coalesce(count, 0) + 1 WHERE id = ${random.pick(items).id}`);
    for (const { change } of db.log.changesSince(before, { limit: 1000 })) this.#changes.push(change);
  }
}
