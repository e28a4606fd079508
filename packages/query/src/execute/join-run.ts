import { ByteWriter, type KeyType } from '@lightcone/sats';
import { QueryError } from '../errors.ts';
import type { JoinPath, JoinStep } from '../plan/join-path.ts';
import type { RowChanges, RowSource, RowVisitor } from '../row-source.ts';
import { RowTuple } from '../row-tuple.ts';
import { RowIndex } from './row-index.ts';

/** Takes the tuples that a join yields. */
export interface TupleVisitor {
  /**
   * @param weight how often the tuple counts: 1, or -1 where it is taken back
   * @returns whether more tuples are wanted
   */
  tuple(tuple: RowTuple, weight: number): boolean;
}

/** The state before a transaction, of some of the tables of a join. */
export interface StateBefore {
  readonly changes: RowChanges;
  /** Tables at positions above this one are read as they were; the others as they are. */
  readonly above: number;
}

/**
 * What one run may visit. A join of a table with itself on a column with few values multiplies its rows, with each
 * table anew, and everybody waits for it.
 */
const MAX_VISITED_ROWS = 2 ** 26;

/**
 * One run of a join along its path: nested loops, an index look-up or a scan for each step.
 *
 * A table "as it was" is read as the rows it has, less those that the transaction added, and those that it removed.
 * Less means weight -1: what a row yields is counted and taken back, so nothing has to be found and left out.
 */
export class JoinRun {
  readonly tuple: RowTuple;
  readonly source: RowSource;
  readonly sender: Uint8Array;
  readonly before: StateBefore | undefined;
  readonly visitor: TupleVisitor;
  /** Of the tuple that is being put together. */
  weight = 1;
  hasEnough = false;
  /** Rows that its steps have looked at. */
  visitedRows = 0;
  readonly #first: StepRun;

  constructor(
    path: JoinPath,
    source: RowSource,
    sender: Uint8Array,
    visitor: TupleVisitor,
    before: StateBefore | undefined,
  ) {
    this.tuple = new RowTuple(path.length);
    this.source = source;
    this.sender = sender;
    this.visitor = visitor;
    this.before = before;
    this.#first = path.reduceRight<StepRun | undefined>((next, step) => new StepRun(this, step, next), undefined)!; // a path has steps
  }

  /** Runs a path that starts from nothing. */
  run(): void {
    this.#first.enter();
  }

  /** Completes one row of a path that starts from rows of one table. */
  complete(bytes: Uint8Array, start: number, end: number, weight: number): void {
    this.weight = weight;
    this.#first.row(bytes, start, end);
  }

  /** Completes the rows of a path that starts from rows of several tables, at their positions in `tuple`. */
  completeTuple(tuple: RowTuple, width: number): void {
    this.weight = 1;
    let step: StepRun | undefined = this.#first;
    for (let i = 0; i < width && step !== undefined; i++) {
      const { position } = step.step;
      step = step.take(tuple.bytes[position]!, tuple.starts[position]!, tuple.ends[position]!); // below the width
    }
    step?.enter();
  }
}

/** A table that changed a lot is looked up by key where it would be read again and again. */
const MAX_SCANNED_CHANGES = 16;

class StepRun implements RowVisitor {
  readonly step: JoinStep;
  readonly #run: JoinRun;
  readonly #next: StepRun | undefined;
  readonly #key = new ByteWriter(32);
  /** For hash joins: the table by its key. */
  #hashed: RowIndex | undefined;
  /** For tables that changed a lot: the changed rows by the key of the index that is read. */
  readonly #changed: { inserts: RowIndex | undefined; deletes: RowIndex | undefined } = {
    inserts: undefined,
    deletes: undefined,
  };

  constructor(run: JoinRun, step: JoinStep, next: StepRun | undefined) {
    this.#run = run;
    this.step = step;
    this.#next = next;
  }

  /** Visits the rows that can go with those of the earlier steps. */
  enter(): void {
    const run = this.#run;
    this.#visitNow();
    const { before } = run;
    if (run.hasEnough) return;
    if (before === undefined || this.step.position <= before.above) return;
    const { table } = this.step;
    if (before.changes.count(table.id) === 0) return;
    const { weight } = run;
    run.weight = -weight;
    this.#visitChanges(before.changes, 'inserts');
    run.weight = weight;
    this.#visitChanges(before.changes, 'deletes');
  }

  row(bytes: Uint8Array, start: number, end: number): boolean {
    this.take(bytes, start, end)?.enter();
    return !this.#run.hasEnough;
  }

  /** Takes a row into the tuple. @returns the step to go on with; undefined if the row does not fit or is the last */
  take(bytes: Uint8Array, start: number, end: number): StepRun | undefined {
    const run = this.#run;
    if (++run.visitedRows > MAX_VISITED_ROWS) throw tooManyRows();
    const { matches, joins, position } = this.step;
    if (matches !== undefined && !matches(bytes, start, run.sender)) return undefined;
    run.tuple.set(position, bytes, start, end);
    if (joins !== undefined && !joins(run.tuple, run.sender)) return undefined;
    if (this.#next === undefined && !run.visitor.tuple(run.tuple, run.weight)) run.hasEnough = true;
    return this.#next;
  }

  #visitChanges(changes: RowChanges, kind: 'inserts' | 'deletes'): void {
    const { access, table } = this.step;
    const visit = (visitor: RowVisitor): void => {
      if (kind === 'inserts') changes.visitInserts(table.id, visitor);
      else changes.visitDeletes(table.id, visitor);
    };
    if (access.kind !== 'seek' || changes.count(table.id) <= MAX_SCANNED_CHANGES) {
      visit(this);
      return;
    }
    // The key of the look-up just made is still there.
    (this.#changed[kind] ??= indexRows(access.keyType, visit)).seek(this.#key.bytes, 0, this);
  }

  #visitNow(): void {
    const { access, table } = this.step;
    const { source, tuple, sender } = this.#run;
    switch (access.kind) {
      case 'scan':
        source.scan(table.id, this);
        break;
      case 'seek':
        this.#key.reset();
        access.key.write(this.#key, tuple, sender);
        source.seek(access.indexId, this.#key.bytes, 0, this.#key.length, this);
        break;
      case 'hash': {
        this.#hashed ??= indexRows(access.keyType, (visitor) => source.scan(table.id, visitor));
        this.#key.reset();
        access.key.write(this.#key, tuple, sender);
        this.#hashed.seek(this.#key.bytes, 0, this);
        break;
      }
      case 'given':
        throw new Error('a step that is given its rows cannot look for them');
    }
  }
}

function tooManyRows(): QueryError {
  const message = `The join looks at more than ${MAX_VISITED_ROWS} rows. Join on columns with more different values, or filter more`;
  return new QueryError('QUERY_TOO_LARGE', message);
}

function indexRows(keyType: KeyType, visit: (visitor: RowVisitor) => void): RowIndex {
  const index = new RowIndex(keyType);
  visit({
    row(bytes, start, end) {
      index.add(bytes, start, end);
      return true;
    },
  });
  return index;
}
