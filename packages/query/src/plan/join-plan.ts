import type { CatalogTable, ViewInstance } from '../catalog.ts';
import { mentionsSender } from './conjuncts.ts';
import { type JoinPath, JoinPlanner, type JoinShape } from './join-path.ts';

/** Rows of several tables put together, of which the query yields those of one, or columns of all. */
export interface JoinPlan {
  readonly kind: 'join';
  /** The table whose whole rows the query yields; where it yields columns or a count, the first. */
  readonly table: CatalogTable;
  /** Its position among `tables`. */
  readonly position: number;
  /** The tables of the query's FROM. A tuple of the result has a row of each. */
  readonly tables: readonly CatalogTable[];
  /**
   * The result is that of all branches together. A tuple of the result counts once, in however many branches it is and
   * however often (`isDistinct`), or else there is one branch.
   */
  readonly branches: readonly JoinBranch[];
  readonly isDistinct: boolean;
  /** What it was planned from, a branch each. */
  readonly shapes: readonly JoinShape[];
  /** The ids of all tables that are read. */
  readonly tableIds: readonly number[];
  readonly usesSender: boolean;
  /** Whether rules decided which rows there are: callers who are above them see others. */
  readonly isRestricted: boolean;
  readonly views: readonly ViewInstance[];
}

/** One join. Its first tables are those of the plan; the others only decide which tuples there are. */
export class JoinBranch {
  readonly shape: JoinShape;
  readonly full: JoinPath;
  readonly #planner: JoinPlanner;
  readonly #pathsFrom: (JoinPath | undefined)[];
  #pathFromTuple: JoinPath | undefined;

  constructor(shape: JoinShape) {
    this.shape = shape;
    this.#planner = new JoinPlanner(shape);
    this.full = this.#planner.path([]);
    this.#pathsFrom = shape.tables.map(() => undefined);
  }

  /** The path that completes rows of the table at a position. */
  from(position: number): JoinPath {
    return (this.#pathsFrom[position] ??= this.#planner.path([position]));
  }

  /** The path that completes a tuple of the first `width` tables. */
  fromTuple(width: number): JoinPath {
    return (this.#pathFromTuple ??= this.#planner.path(Array.from({ length: width }, (_, position) => position)));
  }

  /** Whether the table at a position can be looked up by constants alone. */
  isPoint(position: number): boolean {
    return this.#planner.isPoint(position);
  }
}

/**
 * @param shapes a branch each; the first `tables.length` tables of all are `tables`
 * @param position of the table whose rows are wanted
 */
export function planJoin(
  tables: readonly CatalogTable[],
  shapes: readonly JoinShape[],
  position: number,
  isRestricted: boolean,
): JoinPlan {
  const branches = shapes.map((shape) => new JoinBranch(shape));
  const read = new Map(shapes.flatMap((shape) => shape.tables.map((table) => [table.id, table])));
  const views = [...read.values()].flatMap(({ view }) => view ?? []);
  return {
    kind: 'join',
    table: tables[position]!, // a position of the query
    position,
    tables,
    branches,
    isDistinct: shapes.length > 1 || shapes.some((shape) => shape.tables.length > tables.length),
    shapes,
    tableIds: [...read.keys()],
    isRestricted,
    usesSender:
      views.some(({ isPerCaller }) => isPerCaller) || shapes.some(({ conditions }) => conditions.some(mentionsSender)),
    views,
  };
}
