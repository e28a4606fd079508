import { ERRNO } from '@lightcone/host';
import { type ModelIndex, type ModelRow, type ModelTable, TABLES, modelRow } from './tables.ts';
import { type Value, compareValues } from './values.ts';

export interface Bound {
  readonly kind: 'included' | 'excluded' | 'unbounded';
  readonly value: Value;
}

/** What a write answers: 0 and the values that sequences gave, or an errno. */
export interface WriteResult {
  readonly code: number;
  readonly generated: readonly { readonly column: number; readonly value: bigint }[];
}

/** Everything that a restart must bring back. */
export interface Snapshot {
  readonly rows: readonly ReadonlyMap<string, ModelRow>[];
  readonly committedNext: ReadonlyMap<string, bigint>;
}

/**
 * What the engine should do, done in the most obvious way: rows in `Map`s, found by looking at all of them, and a copy of
 * everything to go back to.
 */
export class NaiveDatabase {
  readonly #rows: Map<string, ModelRow>[] = TABLES.map(() => new Map());
  /** What each sequence gives next, by table and column. */
  readonly #next = new Map<string, bigint>();
  /** What it has to give at least after a restart: what committed transactions took is gone. */
  readonly #committedNext = new Map<string, bigint>();
  #before: Map<string, ModelRow>[] = [];

  constructor() {
    for (const [table, { sequences }] of TABLES.entries()) {
      for (const { column, start } of sequences) {
        this.#next.set(key(table, column), start);
        this.#committedNext.set(key(table, column), start);
      }
    }
  }

  begin(): void {
    this.#before = this.#rows.map((rows) => new Map(rows));
  }

  /** @returns the rows of event tables that the transaction leaves behind, by table */
  commit(): ReadonlyMap<number, readonly ModelRow[]> {
    const events = new Map<number, readonly ModelRow[]>();
    for (const [table, { isEvent }] of TABLES.entries()) {
      if (!isEvent) continue;
      events.set(table, this.rows(table));
      this.#rows[table]!.clear();
    }
    for (const [name, next] of this.#next) this.#committedNext.set(name, next);
    return events;
  }

  /** Everything but the sequences is as it was. */
  rollback(): void {
    for (const [table, rows] of this.#before.entries()) this.#rows[table] = rows;
  }

  rows(table: number): ModelRow[] {
    return [...this.#rows[table]!.values()];
  }

  snapshot(): Snapshot {
    return { rows: this.#rows.map((rows) => new Map(rows)), committedNext: new Map(this.#committedNext) };
  }

  restore({ rows, committedNext }: Snapshot): void {
    for (const [table, each] of rows.entries()) this.#rows[table] = new Map(each);
    for (const [name, next] of committedNext) this.#committedNext.set(name, next);
  }

  insert(table: number, given: readonly Value[]): WriteResult {
    const filled = this.#fill(table, given);
    if (filled === undefined) return refused(ERRNO.autoIncrementOverflow);
    const { row, generated } = filled;
    if (this.#rows[table]!.has(row.hex)) return { code: 0, generated };
    if (this.#breaksUniqueness(table, row, undefined)) return refused(ERRNO.uniqueAlreadyExists);
    this.#rows[table]!.set(row.hex, row);
    return { code: 0, generated };
  }

  update(table: number, index: ModelIndex, given: readonly Value[]): WriteResult {
    if (!isUnique(table, index)) return refused(ERRNO.indexNotUnique);
    const filled = this.#fill(table, given);
    if (filled === undefined) return refused(ERRNO.autoIncrementOverflow);
    const { row, generated } = filled;
    const old = this.rows(table).find((candidate) => agree(candidate, row, index.columns));
    if (old === undefined) return refused(ERRNO.noSuchRow);
    if (this.#breaksUniqueness(table, row, old)) return refused(ERRNO.uniqueAlreadyExists);
    this.#rows[table]!.delete(old.hex);
    this.#rows[table]!.set(row.hex, row);
    return { code: 0, generated };
  }

  /** @returns how many there were */
  delete(table: number, rows: readonly ModelRow[]): number {
    return rows.filter(({ hex }) => this.#rows[table]!.delete(hex)).length;
  }

  point(table: number, { columns }: ModelIndex, values: readonly Value[]): ModelRow[] {
    return this.rows(table).filter((row) => columns.every((column, i) => row.values[column] === values[i]));
  }

  range(table: number, { columns }: ModelIndex, prefix: readonly Value[], lower: Bound, upper: Bound): ModelRow[] {
    const column = columns[prefix.length]!; // the caller leaves one
    return this.rows(table).filter(({ values }) => {
      const value = values[column]!;
      return (
        prefix.every((expected, i) => values[columns[i]!] === expected) &&
        (lower.kind === 'unbounded' || isWithin(compareValues(value, lower.value), lower.kind)) &&
        (upper.kind === 'unbounded' || isWithin(compareValues(upper.value, value), upper.kind))
      );
    });
  }

  nextOf(table: number, column: number): bigint {
    return this.#next.get(key(table, column))!;
  }

  committedNextOf(table: number, column: number): bigint {
    return this.#committedNext.get(key(table, column))!;
  }

  /** After a restart a sequence may have skipped values: what it was seen to give comes true. */
  sawValue(table: number, column: number, value: bigint): void {
    const sequence = TABLES[table]!.sequences.find((candidate) => candidate.column === column)!;
    this.#next.set(key(table, column), step(sequence, value));
  }

  #fill(
    table: number,
    given: readonly Value[],
  ): { row: ModelRow; generated: { column: number; value: bigint }[] } | undefined {
    const values = [...given];
    const generated: { column: number; value: bigint }[] = [];
    for (const sequence of TABLES[table]!.sequences) {
      const { column, max, goesRound } = sequence;
      if (values[column] !== 0n) continue;
      const value = this.nextOf(table, column);
      if (value > max && !goesRound) return undefined;
      values[column] = value;
      generated.push({ column, value });
      this.#next.set(key(table, column), step(sequence, value));
    }
    return { row: modelRow(TABLES[table]!, values), generated };
  }

  #breaksUniqueness(table: number, row: ModelRow, except: ModelRow | undefined): boolean {
    return this.rows(table).some(
      (other) => other !== except && TABLES[table]!.unique.some((columns) => agree(other, row, columns)),
    );
  }
}

/** Whether some constraint is over the columns of the index, in whatever order. */
export function isUnique(table: number, { columns }: ModelIndex): boolean {
  const sorted = String(columns.toSorted((a, b) => a - b));
  return TABLES[table]!.unique.some((constraint) => String(constraint) === sorted);
}

function agree(a: ModelRow, b: ModelRow, columns: readonly number[]): boolean {
  return columns.every((column) => a.values[column] === b.values[column]);
}

function step({ min, max, goesRound }: ModelTable['sequences'][number], value: bigint): bigint {
  return value === max && goesRound ? min : value + 1n;
}

function isWithin(order: number, kind: 'included' | 'excluded'): boolean {
  return kind === 'included' ? order >= 0 : order > 0;
}

function refused(code: number): WriteResult {
  return { code, generated: [] };
}

function key(table: number, column: number): string {
  return `${table}.${column}`;
}
