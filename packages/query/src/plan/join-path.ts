import { type KeyType, compileKey } from '@lightcone/sats';
import type { CatalogTable } from '../catalog.ts';
import type { CheckedExpression } from '../check/check-expression.ts';
import { conjunction } from './conjunction.ts';
import { collectTables } from './conjuncts.ts';
import { JoinKey, type KeyPart, chooseIndex, fixedColumns } from './index-key.ts';
import { type Predicate, type TuplePredicate, compilePredicate, compileTuplePredicate } from './predicate.ts';

/** The tables of a join and what their rows must satisfy together. */
export interface JoinShape {
  readonly tables: readonly CatalogTable[];
  /** All of them hold. */
  readonly conditions: readonly CheckedExpression[];
}

/** In which order a join finds its rows, one table after the other, and how. */
export type JoinPath = readonly JoinStep[];

export interface JoinStep {
  readonly position: number;
  readonly table: CatalogTable;
  readonly access: JoinAccess;
  /** What the row must satisfy by itself. */
  readonly matches: Predicate | undefined;
  /** What it must satisfy together with the rows of earlier steps. */
  readonly joins: TuplePredicate | undefined;
  /** What `matches` and `joins` were made of. */
  readonly conditions: readonly CheckedExpression[];
}

/** How the rows of a step are found. */
export type JoinAccess =
  /** They are handed in: those that a transaction changed. */
  | { readonly kind: 'given' }
  | { readonly kind: 'scan' }
  /** Through an index. `isJoined`: an equality ties the row to those of earlier steps, whether the key has it or not. */
  | {
      readonly kind: 'seek';
      readonly indexId: number;
      /** Of the key. */
      readonly columns: readonly number[];
      readonly keyType: KeyType;
      readonly key: JoinKey;
      readonly isJoined: boolean;
      /** How many columns of the key are constants. */
      readonly constants: number;
    }
  /** As by an index, but there is none: one is made of the whole table for the length of the query. */
  | { readonly kind: 'hash'; readonly columns: readonly number[]; readonly keyType: KeyType; readonly key: JoinKey };

/**
 * How good an access is: the fewer rows it is likely to yield for its price, the lower. A point beside rows that are
 * known already, which may be many rows for each of them, comes after what is joined: other tables may join it by then.
 */
const COST = { point: 1, seek: 2, pointBeside: 3, hash: 4, filteredScan: 5, scan: 6 } as const;
/** In joins of more tables only one order is looked at. */
const MAX_TABLES_TO_TRY = 6;

interface Choice {
  readonly position: number;
  readonly cost: number;
  readonly kind: 'scan' | 'seek' | 'hash';
  readonly indexId: number;
  readonly parts: readonly KeyPart[];
  /** The columns that `parts` fix. */
  readonly columns: readonly number[];
  readonly isJoined: boolean;
}

/** Makes the paths of one join. */
export class JoinPlanner {
  readonly shape: JoinShape;
  /** For each condition the tables that it mentions. */
  readonly #mentions: readonly ReadonlySet<number>[];
  readonly #ownPredicates: (Predicate | undefined)[];

  constructor(shape: JoinShape) {
    this.shape = shape;
    this.#mentions = shape.conditions.map((condition) => {
      const tables = new Set<number>();
      collectTables(condition, tables);
      return tables;
    });
    this.#ownPredicates = shape.tables.map((table, position) => {
      const own = conjunction(this.#conditionsOf(position));
      return own && compilePredicate(own, table.row);
    });
  }

  /** The best path found that starts from rows of the tables at the given positions, if any. */
  path(given: readonly number[]): JoinPath {
    const { tables } = this.shape;
    if (given.length > 0) return this.#toPath(given, this.#complete(new Set(given)));
    const starts = tables.length > MAX_TABLES_TO_TRY ? [this.#bestNext(new Set())] : this.#candidates(new Set());
    const orders = starts.map((start) => [start, ...this.#complete(new Set([start.position]))]);
    return this.#toPath(
      [],
      orders.reduce((a, b) => (totalCost(b) < totalCost(a) ? b : a)),
    );
  }

  /** Whether a table can be looked up by constants alone. */
  isPoint(position: number): boolean {
    return this.#choice(position, new Set()).cost === COST.point;
  }

  /** What follows the known tables, which get to be all. */
  #complete(known: Set<number>): Choice[] {
    const choices: Choice[] = [];
    while (known.size < this.shape.tables.length) {
      const next = this.#bestNext(known);
      choices.push(next);
      known.add(next.position);
    }
    return choices;
  }

  #candidates(known: ReadonlySet<number>): Choice[] {
    return this.shape.tables.flatMap((_, position) => (known.has(position) ? [] : this.#choice(position, known)));
  }

  /** The cheapest next table; of equally cheap ones the first in FROM. */
  #bestNext(known: ReadonlySet<number>): Choice {
    return this.#candidates(known).reduce((a, b) => (b.cost < a.cost ? b : a));
  }

  #choice(position: number, known: ReadonlySet<number>): Choice {
    const table = this.shape.tables[position]!; // a position of the join
    const fixed = fixedColumns(this.shape.conditions, position, (other) => known.has(other));
    const isJoined = this.shape.conditions.some((condition) => isEquiJoin(condition, position, known));
    const index = chooseIndex(table, fixed);
    if (index) {
      const isPoint = index.parts.every((part) => part.kind !== 'column');
      const pointCost = index.isUnique || known.size === 0 ? COST.point : COST.pointBeside;
      return { position, cost: isPoint ? pointCost : COST.seek, kind: 'seek', isJoined, ...index };
    }
    const hashed = [...fixed].filter(([, part]) => part.kind === 'column');
    if (hashed.length > 0) {
      const columns = hashed.map(([column]) => column);
      const parts = hashed.map(([, part]) => part);
      return { position, cost: COST.hash, kind: 'hash', isJoined, indexId: -1, parts, columns };
    }
    const cost = this.#ownPredicates[position] ? COST.filteredScan : COST.scan;
    return { position, cost, kind: 'scan', isJoined, indexId: -1, parts: [], columns: [] };
  }

  #toPath(given: readonly number[], choices: readonly Choice[]): JoinPath {
    const known = new Set<number>();
    return [
      ...given.map((position) => this.#step(position, { kind: 'given' }, known)),
      ...choices.map((choice) => this.#step(choice.position, this.#access(choice), known)),
    ];
  }

  #access({ kind, position, indexId, parts, columns, isJoined }: Choice): JoinAccess {
    if (kind === 'scan') return { kind };
    const { tables } = this.shape;
    const keyType = compileKey(tables[position]!.row, columns); // a position of the join
    const key = new JoinKey(parts, tables);
    if (kind === 'hash') return { kind, columns, keyType, key };
    const constants = parts.filter((part) => part.kind !== 'column').length;
    return { kind, indexId, columns, keyType, key, isJoined, constants };
  }

  /** Makes a step and adds its table to the known ones. */
  #step(position: number, access: JoinAccess, known: Set<number>): JoinStep {
    const { tables, conditions } = this.shape;
    const isFirst = known.size === 0;
    known.add(position);
    const joined = conditions.filter((_, i) => {
      const mentioned = this.#mentions[i]!; // one for each condition
      if (mentioned.size === 0) return isFirst;
      return mentioned.size > 1 && mentioned.has(position) && mentioned.isSubsetOf(known);
    });
    const joins = conjunction(joined);
    const rows = tables.map((table) => table.row);
    return {
      position,
      table: tables[position]!, // a position of the join
      access,
      matches: this.#ownPredicates[position],
      joins: joins && compileTuplePredicate(joins, rows),
      conditions: [...this.#conditionsOf(position), ...joined],
    };
  }

  /** The conditions that mention one table and no other. */
  #conditionsOf(position: number): CheckedExpression[] {
    return this.shape.conditions.filter((_, i) => {
      const mentioned = this.#mentions[i]!; // one for each condition
      return mentioned.size === 1 && mentioned.has(position);
    });
  }
}

function totalCost(choices: readonly Choice[]): number {
  return choices.reduce((total, { cost }) => total + cost, 0);
}

/** Whether a condition equates a column of the table at a position with one of a known table. */
function isEquiJoin(condition: CheckedExpression, position: number, known: ReadonlySet<number>): boolean {
  if (condition.kind !== 'comparison' || condition.operator !== '=') return false;
  const { left, right } = condition;
  if (left.kind !== 'column' || right.kind !== 'column') return false;
  return (left.table === position && known.has(right.table)) || (right.table === position && known.has(left.table));
}
