import { ByteWriter } from '@lightcone/sats';
import { hiddenBytes } from '../catalog.ts';
import { QueryError } from '../errors.ts';
import type { JoinPlan } from '../plan/join-plan.ts';
import type { RowSource, RowVisitor } from '../row-source.ts';
import type { RowTuple } from '../row-tuple.ts';
import { ByteBag } from './byte-bag.ts';
import { JoinRun, type TupleVisitor } from './join-run.ts';

/** What the rows that a join yields may take together: it yields each as often as it finds partners. */
const MAX_JOINED_BYTES = 256 * 1024 * 1024;

/**
 * Visits the tuples that a join selects until the visitor has enough. Those of several branches, and those that a
 * branch yields several times because of tables that are no part of the tuple, are visited once.
 * @param sender the caller's identity, its 32 BSATN bytes
 */
export function visitTuples(plan: JoinPlan, source: RowSource, sender: Uint8Array, visitor: TupleVisitor): void {
  const first = plan.isDistinct ? new Distinct(plan.tables.length, visitor) : visitor;
  for (const branch of plan.branches) {
    const run = new JoinRun(branch.full, source, sender, first, undefined);
    run.run();
    if (run.hasEnough) return;
  }
}

/** Visits the rows that a join yields, without hidden columns: one for each tuple. */
export function visitJoin(plan: JoinPlan, source: RowSource, sender: Uint8Array, visitor: RowVisitor): void {
  const { position } = plan;
  const hidden = hiddenBytes(plan.table);
  let left = MAX_JOINED_BYTES;
  visitTuples(plan, source, sender, {
    tuple({ bytes, starts, ends }) {
      const start = starts[position]! + hidden; // a position of the tuple
      const end = ends[position]!;
      left -= end - start;
      if (left < 0) throw tooManyBytes();
      return visitor.row(bytes[position]!, start, end);
    },
  });
}

class Distinct implements TupleVisitor {
  readonly #width: number;
  readonly #next: TupleVisitor;
  readonly #seen = new ByteBag();
  readonly #key = new ByteWriter();
  #left = MAX_JOINED_BYTES;
  constructor(width: number, next: TupleVisitor) {
    this.#width = width;
    this.#next = next;
  }
  tuple(tuple: RowTuple, weight: number): boolean {
    this.#key.reset();
    writeTuple(this.#key, tuple, this.#width);
    if (this.#seen.add(this.#key.bytes, 0, this.#key.length, 1) > 0) return true;
    this.#left -= this.#key.length;
    if (this.#left < 0) throw tooManyBytes();
    return this.#next.tuple(tuple, weight);
  }
}

function tooManyBytes(): QueryError {
  const message = `The rows of the join take more than ${MAX_JOINED_BYTES / 1024 / 1024} MiB together. Filter more, or select fewer columns`;
  return new QueryError('QUERY_TOO_LARGE', message);
}

/** Appends the first `width` rows of a tuple. Rows say where they end, so that different tuples have different bytes. */
export function writeTuple(writer: ByteWriter, tuple: RowTuple, width: number): void {
  for (let i = 0; i < width; i++) writer.slice(tuple.bytes[i]!, tuple.starts[i]!, tuple.ends[i]!); // it has them
}
