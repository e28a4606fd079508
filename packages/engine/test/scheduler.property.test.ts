import { fc, test as property } from '@fast-check/vitest';
import { expect } from 'vitest';
import { type At, type JobRow, type JobTable, ScheduleBench } from './support/schedule-bench.ts';

/*
 * Random histories of a scheduled table, against a model that keeps a list and looks at all of it for
 * every step. What is compared is every run: which row, when, with which timestamp; and the rows left.
 */

const SECOND = 1_000_000;

/** What a row's function does to the table, by the number in the row. */
type Deed =
  | { readonly kind: 'nothing' | 'fail' | 'deleteSelf' | 'touchSelf' | 'replaceSelf' | 'clear' }
  | { readonly kind: 'moveSelf' | 'moveSelfAndFail'; readonly at: At }
  | { readonly kind: 'put'; readonly id: number; readonly at: At }
  | { readonly kind: 'deleteOther'; readonly id: number };

interface Table {
  find(id: number): JobRow | undefined;
  put(row: JobRow): void;
  delete(id: number): void;
  clear(): void;
}

function perform(deed: Deed, row: JobRow, table: Table): void {
  switch (deed.kind) {
    case 'nothing':
      break;
    case 'fail':
      throw new Error('failed on purpose');
    case 'deleteSelf':
      table.delete(row.id);
      break;
    case 'touchSelf':
      table.put({ ...row, note: `${row.note}.` });
      break;
    case 'replaceSelf':
      table.delete(row.id);
      table.put({ ...row, note: `${row.note}!` });
      break;
    case 'clear':
      table.clear();
      break;
    case 'moveSelf':
      table.put({ ...row, at: deed.at, deed: 0 });
      break;
    case 'moveSelfAndFail':
      table.put({ ...row, at: deed.at });
      throw new Error('failed on purpose');
    case 'put':
      table.put({ note: '', at: deed.at, deed: 0, id: deed.id });
      break;
    case 'deleteOther':
      table.delete(deed.id);
      break;
  }
}

/** The specification, as slow and plain as it gets. */
class Model implements Table {
  now = 0;
  rows: JobRow[] = [];
  due = new Map<number, number>();
  runs: { id: number; atMicros: number; timestampMicros: number; row: JobRow }[] = [];
  readonly #deeds: readonly Deed[];

  constructor(deeds: readonly Deed[]) {
    this.#deeds = deeds;
  }

  find(id: number): JobRow | undefined {
    return this.rows.find((row) => row.id === id);
  }

  put(row: JobRow): void {
    this.delete(row.id);
    this.rows.push(row);
  }

  delete(id: number): void {
    this.rows = this.rows.filter((row) => row.id !== id);
  }

  clear(): void {
    this.rows = [];
  }

  /** Of all changes of a transaction, what is left counts: a row that is as before was not written. */
  transact(change: (table: Table) => void, isRunning?: JobRow): void {
    const before = this.rows;
    try {
      change(this);
    } catch {
      this.rows = before;
      return;
    }
    for (const { id } of before) if (this.find(id) === undefined) this.due.delete(id);
    for (const row of this.rows) {
      const old = before.find(({ id }) => id === row.id);
      if (JSON.stringify(old) === JSON.stringify(row)) continue;
      // A function that writes its own row without another schedule asks for nothing new.
      if (row.id === isRunning?.id && JSON.stringify(row.at) === JSON.stringify(isRunning.at)) continue;
      this.due.set(row.id, this.#firstDue(row.at));
    }
  }

  restart(): void {
    this.due = new Map(this.rows.map((row) => [row.id, this.#firstDue(row.at)]));
  }

  advance(micros: number): void {
    const end = this.now + micros;
    for (;;) {
      const [next] = [...this.due].toSorted(([a, dueA], [b, dueB]) => dueA - dueB || a - b);
      if (next === undefined || next[1] > end) break;
      this.now = Math.max(this.now, next[1]);
      this.#run(...next);
    }
    this.now = end;
  }

  #run(id: number, due: number): void {
    const row = this.find(id)!; // what is due is there
    this.runs.push({ id, atMicros: this.now, timestampMicros: this.now, row });
    this.due.delete(id);
    this.transact((table) => perform(this.#deeds[row.deed] ?? { kind: 'nothing' }, row, table), row);
    const left = this.find(id);
    if (left === undefined || this.due.has(id)) return;
    if (left.at.tag === 'Time') this.delete(id);
    else {
      let tick = due;
      do tick += Math.abs(left.at.micros) || 1;
      while (tick <= this.now);
      this.due.set(id, tick);
    }
  }

  #firstDue(at: At): number {
    return at.tag === 'Time' ? at.micros : this.now + Math.abs(at.micros);
  }
}

const id = fc.integer({ min: 1, max: 6 });
const time = fc.integer({ min: -5, max: 60 }).map((seconds): At => ({ tag: 'Time', micros: seconds * SECOND }));
const oddTime = fc.integer({ min: 0, max: 60 * SECOND }).map((micros): At => ({ tag: 'Time', micros }));
const interval = fc
  .oneof(
    fc.constantFrom(-3, 1, 2, 7, 30).map((seconds) => seconds * SECOND),
    fc.integer({ min: 300_000, max: 9 * SECOND }),
  )
  .map((micros): At => ({ tag: 'Interval', micros }));
const at = fc.oneof(time, oddTime, interval);
const deed = fc.oneof(
  fc.constantFrom<Deed>(
    ...(['fail', 'deleteSelf', 'touchSelf', 'replaceSelf', 'clear'] as const).map((kind) => ({ kind })),
  ),
  fc.record({ kind: fc.constantFrom('moveSelf' as const, 'moveSelfAndFail' as const), at }),
  fc.record({ kind: fc.constant('put' as const), id, at }),
  fc.record({ kind: fc.constant('deleteOther' as const), id }),
);

const change = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('put' as const), id, at, deed: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('touch' as const), id }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), id }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rename' as const), id, to: id }) },
);

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('transaction' as const),
      changes: fc.array(change, { minLength: 1, maxLength: 4 }),
      fails: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), micros: fc.integer({ min: 0, max: 12 * SECOND }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('jump' as const), ms: fc.integer({ min: 0, max: 9000 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('restart' as const), downMs: fc.integer({ min: 0, max: 9000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('publish' as const) }) },
);

function apply(changes: readonly (typeof change extends fc.Arbitrary<infer C> ? C : never)[], table: Table): void {
  for (const each of changes) {
    const row = table.find(each.id);
    if (each.kind === 'put') table.put({ note: row?.note ?? '', at: each.at, deed: each.deed, id: each.id });
    else if (each.kind === 'delete') table.delete(each.id);
    else if (row === undefined) continue;
    else if (each.kind === 'touch') table.put({ ...row, note: `${row.note}?` });
    else {
      table.delete(each.id);
      table.put({ ...row, id: each.to });
    }
  }
}

property.prop([fc.array(deed, { maxLength: 5 }), fc.array(step, { minLength: 5, maxLength: 40, size: 'max' })], {
  numRuns: Number(process.env['LIGHTCONE_PROPERTY_RUNS'] ?? 60),
})('every run of every history is the one that the plain model makes', async (deeds, steps) => {
  // Deed 0 is what rows have that deeds write.
  const all: readonly Deed[] = [{ kind: 'nothing' }, ...deeds];
  const bench = await ScheduleBench.create();
  const model = new Model(all);
  bench.deed = (row, table: JobTable) => perform(all[row.deed] ?? { kind: 'nothing' }, row, table);

  for (const action of steps) {
    switch (action.kind) {
      case 'transaction': {
        const run = (table: Table): void => {
          apply(action.changes, table);
          if (action.fails) throw new Error('rolled back');
        };
        bench.transact(run);
        model.transact(run);
        break;
      }
      case 'advance':
        await bench.clock.advance(action.micros / 1000);
        model.advance(action.micros);
        break;
      case 'jump':
        bench.clock.jump(action.ms);
        await bench.clock.advance(0);
        model.now += action.ms * 1000;
        model.advance(0);
        break;
      case 'restart':
        await bench.restart(action.downMs);
        model.now = bench.nowMicros; // to whole milliseconds
        model.restart();
        break;
      case 'publish':
        bench.publish();
        model.restart();
        break;
    }
    expect(bench.runs).toEqual(model.runs);
    expect(bench.rows().toSorted((a, b) => a.id - b.id)).toEqual(model.rows.toSorted((a, b) => a.id - b.id));
    expect(bench.core.scheduler.waitingCount).toBe(model.due.size);
    expect(bench.clock.wakeUpCount).toBeLessThanOrEqual(1);
  }
  await bench.close();
});

const backAndForth = fc.oneof(
  fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 5000 }) }),
  fc.record({ kind: fc.constant('jump' as const), ms: fc.integer({ min: -100_000, max: 20_000 }) }),
);

property.prop([
  fc.array(fc.integer({ min: 100, max: 4000 }), { minLength: 1, maxLength: 5 }),
  fc.array(backAndForth, { maxLength: 30, size: 'max' }),
])('however the wall clock is set, no interval waits for more than its length', async (intervalsMs, steps) => {
  const bench = await ScheduleBench.create();
  let elapsedMs = 0;
  const lastRunMs = new Map<number, number>();
  bench.transact((jobs) =>
    intervalsMs.forEach((ms, id) => jobs.put({ note: '', at: { tag: 'Interval', micros: ms * 1000 }, deed: 0, id })),
  );
  const elapsed = (): number => Number(bench.clock.monotonicNanos()) / 1e6;
  bench.deed = ({ id }) => {
    lastRunMs.set(id, elapsed());
  };
  for (const step of [...steps, { kind: 'advance' as const, ms: 9000 }]) {
    if (step.kind === 'jump') bench.clock.jump(step.ms);
    else {
      // Small steps, so that a long wait between two runs shows.
      for (let left = step.ms; left > 0; left -= 50) {
        await bench.clock.advance(Math.min(left, 50));
        elapsedMs = elapsed();
        intervalsMs.forEach((ms, id) => {
          expect(elapsedMs - (lastRunMs.get(id) ?? 0)).toBeLessThanOrEqual(ms);
        });
      }
    }
  }
  await bench.close();
});
