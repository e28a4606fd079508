import { ByteWriter } from '@lightcone/sats';
import { type CatalogTable, type ViewInstance, hiddenBytes } from '../catalog.ts';
import type { CheckedExpression } from '../check/check-expression.ts';
import type { RowSource, RowVisitor } from '../row-source.ts';
import { conjunction, disjunction } from './conjunction.ts';
import { mentionsSender } from './conjuncts.ts';
import { type IndexKey, chooseIndex, fixedColumns, writeConstantKey } from './index-key.ts';
import type { JoinShape } from './join-path.ts';
import { type Predicate, compilePredicate } from './predicate.ts';

/** Rows of one table: what most subscriptions follow, and what statements that change rows start from. */
export interface TablePlan {
  readonly kind: 'table';
  readonly table: CatalogTable;
  /**
   * Says of any row of the table, one that was read or one that a transaction changed, whether it belongs.
   * Undefined when all do. Takes rows as they are stored.
   */
  readonly matches: Predicate | undefined;
  /** Where the rows are found; a row that is found in two places belongs to the first. Never empty. */
  readonly accesses: readonly TableAccess[];
  /** What it was planned from, an alternative each. */
  readonly shapes: readonly JoinShape[];
  /** The ids of all tables that are read: one. */
  readonly tableIds: readonly number[];
  /** Whether the rows depend on who asks. */
  readonly usesSender: boolean;
  /** Whether rules decided which rows there are: callers who are above them see others. */
  readonly isRestricted: boolean;
  /** What has to be there before the plan is run. */
  readonly views: readonly ViewInstance[];
}

/** One way to rows of a table. */
export interface TableAccess {
  readonly matches: Predicate | undefined;
  /** An index key that all matching rows have. */
  readonly point: IndexPoint | undefined;
}

/** Reading a table through one key of an index. */
export interface IndexPoint {
  readonly index: IndexKey;
  /** The key for a caller: the BSATN of the index's columns. Not to be modified. */
  readonly keyFor: (sender: Uint8Array) => Uint8Array;
}

/**
 * Plans the rows of a table that one of some conjunctions selects. Each is a list of conditions that all hold; an
 * empty one selects every row.
 */
export function planTable(
  table: CatalogTable,
  alternatives: readonly (readonly CheckedExpression[])[],
  isRestricted: boolean,
): TablePlan {
  const conditions = alternatives.map(conjunction);
  const all = conditions.flatMap((condition) => condition ?? []);
  const any = all.length === conditions.length ? disjunction(all) : undefined;
  const matches = any && compilePredicate(any, table.row);
  const accesses = alternatives.map((conjuncts, i): TableAccess => {
    const condition = conditions[i];
    const own = conditions.length === 1 ? matches : condition && compilePredicate(condition, table.row);
    return { matches: own, point: choosePoint(table, conjuncts) };
  });
  return {
    kind: 'table',
    table,
    matches,
    accesses,
    shapes: alternatives.map((conjuncts) => ({ tables: [table], conditions: conjuncts })),
    tableIds: [table.id],
    isRestricted,
    usesSender: table.view?.isPerCaller === true || all.some(mentionsSender),
    views: table.view ? [table.view] : [],
  };
}

/** Reused: planning many queries is mostly small allocations. */
const keyWriter = new ByteWriter(32);

/** The conditions must still be tested: they may say more, or fix one column twice. */
function choosePoint(table: CatalogTable, conjuncts: readonly CheckedExpression[]): IndexPoint | undefined {
  const index = chooseIndex(
    table,
    fixedColumns(conjuncts, 0, () => false),
  );
  if (!index) return undefined;
  const { parts } = index;
  const [first] = parts;
  if (first?.kind === 'constant' && parts.length === 1) {
    const { bytes } = first;
    return { index, keyFor: () => bytes };
  }
  const keyFor = (sender: Uint8Array): Uint8Array => {
    keyWriter.reset();
    writeConstantKey(keyWriter, parts, sender);
    return keyWriter.finish();
  };
  if (parts.some((part) => part.kind === 'sender')) return { index, keyFor };
  const key = keyFor(new Uint8Array());
  return { index, keyFor: () => key };
}

/**
 * Visits the rows that the plan selects, without hidden columns.
 * @param sender the caller's identity, its 32 BSATN bytes
 */
export function visitTable(plan: TablePlan, source: RowSource, sender: Uint8Array, visitor: RowVisitor): void {
  const hidden = hiddenBytes(plan.table);
  visitStoredRows(plan, source, sender, hidden > 0 ? new PrefixRemoval(hidden, visitor) : visitor);
}

/** As `visitTable`, but the rows are as they are stored. */
export function visitStoredRows(plan: TablePlan, source: RowSource, sender: Uint8Array, visitor: RowVisitor): void {
  const { table, accesses } = plan;
  const end = new RememberedEnd(visitor);
  for (let i = 0; i < accesses.length && !end.isReached; i++) {
    const { matches, point } = accesses[i]!; // in range
    const next = accesses.length === 1 ? visitor : end;
    const filter = matches || i > 0 ? new RowFilter(accesses, i, sender, next) : next;
    if (point) {
      const key = point.keyFor(sender);
      source.seek(point.index.indexId, key, 0, key.length, filter);
    } else {
      source.scan(table.id, filter);
    }
  }
}

/** Passes the rows of one access on that belong to none before it. */
class RowFilter implements RowVisitor {
  readonly #accesses: readonly TableAccess[];
  readonly #position: number;
  readonly #matches: Predicate | undefined;
  readonly #sender: Uint8Array;
  readonly #next: RowVisitor;
  constructor(accesses: readonly TableAccess[], position: number, sender: Uint8Array, next: RowVisitor) {
    this.#accesses = accesses;
    this.#position = position;
    this.#matches = accesses[position]?.matches;
    this.#sender = sender;
    this.#next = next;
  }
  row(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#matches !== undefined && !this.#matches(bytes, start, this.#sender)) return true;
    for (let i = 0; i < this.#position; i++) {
      const { matches } = this.#accesses[i]!; // in range
      if (matches === undefined || matches(bytes, start, this.#sender)) return true;
    }
    return this.#next.row(bytes, start, end);
  }
}

class RememberedEnd implements RowVisitor {
  isReached = false;
  readonly #next: RowVisitor;
  constructor(next: RowVisitor) {
    this.#next = next;
  }
  row(bytes: Uint8Array, start: number, end: number): boolean {
    const wantsMore = this.#next.row(bytes, start, end);
    if (!wantsMore) this.isReached = true;
    return wantsMore;
  }
}

class PrefixRemoval implements RowVisitor {
  readonly #bytes: number;
  readonly #next: RowVisitor;
  constructor(bytes: number, next: RowVisitor) {
    this.#bytes = bytes;
    this.#next = next;
  }
  row(bytes: Uint8Array, start: number, end: number): boolean {
    return this.#next.row(bytes, start + this.#bytes, end);
  }
}
