import { ByteWriter } from '@lightcone/sats';
import { hiddenBytes } from '../catalog.ts';
import type { JoinBranch, JoinPlan } from '../plan/join-plan.ts';
import type { RowChanges, RowSource, RowVisitor } from '../row-source.ts';
import { RowTuple } from '../row-tuple.ts';
import { ByteBag } from './byte-bag.ts';
import { JoinRun, type StateBefore, type TupleVisitor } from './join-run.ts';
import { writeTuple } from './visit-join.ts';

/**
 * What a transaction changes in the rows that a join yields, found from the changed rows.
 *
 * With R and S the tables as they are, ΔR and ΔS their added rows (weight 1) and removed rows (weight -1), and S₀ the
 * table S as it was, the change of R ⋈ S is ΔR ⋈ S₀ + R ⋈ ΔS: every table in turn is the changed one, those before it
 * are read as they are and those after it as they were. The weights of equal rows are added up; what is left over is
 * inserted or deleted as often as it says. A row that finds k partners has weight k and keeps k - 1 when one of them
 * goes.
 *
 * Where a tuple counts once however often it is found (`isDistinct`), the weights are those of its findings. Whether
 * it came or went is known from them and from how often it is found now.
 *
 * Rows of an event table were never there before and are gone after: such a query yields what the added events find
 * among the other tables as they are.
 *
 * One object serves all queries of a database, one after the other.
 */
export class JoinEvaluator {
  readonly #rows = new ByteBag();
  readonly #findings = new ByteBag();
  readonly #key = new ByteWriter();

  /**
   * Rows as clients get them: those with a positive count are inserted as often, those with a negative one deleted. The
   * bag is valid until the next evaluation.
   * @param source the state after the transaction
   * @param sender the caller's identity, its 32 BSATN bytes
   */
  evaluate(plan: JoinPlan, source: RowSource, changes: RowChanges, sender: Uint8Array): ByteBag {
    this.#rows.clear();
    this.#findings.clear();
    for (const branch of plan.branches) this.#followBranch(plan, branch, source, changes, sender);
    if (plan.isDistinct) this.#settleFindings(plan, source, sender);
    return this.#rows;
  }

  #followBranch(plan: JoinPlan, branch: JoinBranch, source: RowSource, changes: RowChanges, sender: Uint8Array): void {
    const collector: TupleVisitor = {
      tuple: (tuple, weight) => {
        if (plan.isDistinct) {
          this.#key.reset();
          writeTuple(this.#key, tuple, plan.tables.length);
          this.#findings.add(this.#key.bytes, 0, this.#key.length, weight);
        } else {
          this.#addRow(plan, tuple, weight);
        }
        return true;
      },
    };
    branch.shape.tables.forEach((table, position) => {
      if (changes.count(table.id) === 0) return;
      const isEvent = plan.table.isEvent;
      if (isEvent && position !== plan.position) return;
      const before: StateBefore | undefined = isEvent ? undefined : { changes, above: position };
      const run = new JoinRun(branch.from(position), source, sender, collector, before);
      changes.visitInserts(table.id, new GivenRows(run, 1));
      if (!isEvent) changes.visitDeletes(table.id, new GivenRows(run, -1));
    });
  }

  /** Turns changed numbers of findings into tuples that came or went. */
  #settleFindings(plan: JoinPlan, source: RowSource, sender: Uint8Array): void {
    const tuple = new RowTuple(plan.tables.length);
    const counter = new FindingsCounter(plan, source, sender);
    this.#findings.forEach((bytes, start, _end, change) => {
      let at = start;
      plan.tables.forEach((table, position) => {
        const end = table.row.skip(bytes, at);
        tuple.set(position, bytes, at, end);
        at = end;
      });
      if (plan.table.isEvent) {
        this.#addRow(plan, tuple, 1);
        return;
      }
      // More findings than before: it is there now, and was before if there are more than came. Fewer: it was there.
      const now = counter.count(tuple, change > 0 ? change + 1 : 1);
      if (change > 0 && now <= change) this.#addRow(plan, tuple, 1);
      if (change < 0 && now === 0) this.#addRow(plan, tuple, -1);
    });
  }

  #addRow({ table, position }: JoinPlan, { bytes, starts, ends }: RowTuple, count: number): void {
    this.#rows.add(bytes[position]!, starts[position]! + hiddenBytes(table), ends[position]!, count); // it has the row
  }
}

/** Hands rows to a path that starts from them. */
class GivenRows implements RowVisitor {
  readonly #run: JoinRun;
  readonly #weight: number;
  constructor(run: JoinRun, weight: number) {
    this.#run = run;
    this.#weight = weight;
  }
  row(bytes: Uint8Array, start: number, end: number): boolean {
    this.#run.complete(bytes, start, end, this.#weight);
    return true;
  }
}

/** Counts how often a tuple is found in the state as it is. */
class FindingsCounter implements TupleVisitor {
  readonly #plan: JoinPlan;
  readonly #source: RowSource;
  readonly #sender: Uint8Array;
  #count = 0;
  #enough = 0;

  constructor(plan: JoinPlan, source: RowSource, sender: Uint8Array) {
    this.#plan = plan;
    this.#source = source;
    this.#sender = sender;
  }

  /** Stops at `enough`. */
  count(tuple: RowTuple, enough: number): number {
    this.#count = 0;
    this.#enough = enough;
    const { tables, branches } = this.#plan;
    const isThere = tables.every((table, i) =>
      this.#source.contains(table.id, tuple.bytes[i]!, tuple.starts[i]!, tuple.ends[i]!),
    );
    for (const branch of isThere ? branches : []) {
      if (this.#count >= enough) break;
      const path = branch.fromTuple(tables.length);
      new JoinRun(path, this.#source, this.#sender, this, undefined).completeTuple(tuple, tables.length);
    }
    return this.#count;
  }

  tuple(): boolean {
    this.#count += 1;
    return this.#count < this.#enough;
  }
}
